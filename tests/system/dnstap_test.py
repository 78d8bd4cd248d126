#!/usr/bin/env python3
"""What a dnstap collector of another make (fstrm_capture) is told, and what another decoder (dnstap-read) makes of it: every
message once, with clients' addresses cut to their prefix; that a confined vouchd finds a collector that comes late or again; and
that nobody waits for one that is away, deaf or asleep.

    dnstap_test.py --vouchd FILE --lab FILE
"""
import argparse
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import PATIENCE, Lab, Vouchd, is_sanitized  # noqa: E402

OPTIONS = None
RESOLVER_QUERY, RESOLVER_RESPONSE, CLIENT_QUERY, CLIENT_RESPONSE = 3, 4, 5, 6


def fields(octets):
    """A protobuf message as {field: value}: varints and fixed32 as numbers, the rest as octets."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (octets[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if octets[at - 1] < 0x80:
                return value
    while at < len(octets):
        field, kind = divmod(varint(), 8)
        if kind == 0:
            found[field] = varint()
        elif kind == 5:
            found[field], at = struct.unpack_from("<I", octets, at)[0], at + 4
        elif kind == 2:
            length = varint()
            found[field], at = octets[at:at + length], at + length
        else:
            raise ValueError(f"wire type {kind}")
    return found


def frames(path):
    """The data frames of a Frame Streams file, as far as it is written."""
    octets, at = path.read_bytes() if path.exists() else b"", 0
    while at + 4 <= len(octets):
        length = struct.unpack_from(">I", octets, at)[0]
        at += 4
        if length == 0:  # a control frame follows
            at += 4 + struct.unpack_from(">I", octets, at)[0]
            continue
        if at + length > len(octets):
            return
        yield fields(octets[at:at + length])
        at += length


class Dnstap(unittest.TestCase):
    def setUp(self):
        if shutil.which("fstrm_capture") is None:
            self.skipTest("fstrm_capture is not installed: apt-get install fstrm-bin")
        folder = tempfile.TemporaryDirectory(prefix="vouch-dnstap-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.socket, self.file = self.folder / "tap.sock", self.folder / "tap.fstrm"
        self.lab = Lab(OPTIONS.lab, folder.name + "/lab")
        self.addCleanup(self.lab.stop)

    def collect(self, name="tap.fstrm"):
        """fstrm_capture, which writes each frame to its file at once."""
        self.file = self.folder / name
        collector = subprocess.Popen(["fstrm_capture", "-t", "protobuf:dnstap.Dnstap", "-u", str(self.socket), "-w", str(self.file)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: collector.poll() is None and (collector.kill(), collector.wait()))
        self.wait_until(self.socket.exists, "fstrm_capture does not listen")
        return collector

    def wait_until(self, is_so, why_not):
        until = time.monotonic() + PATIENCE
        while not is_so():
            self.assertLess(time.monotonic(), until, why_not)
            time.sleep(0.02)

    def serve(self, more="", **how):
        vouchd = Vouchd(OPTIONS.vouchd, self.lab, str(self.folder), more=f"dnstap: {{socket: '{self.socket}', identity: here{more}}}\n",
                        **how)
        self.addCleanup(vouchd.log.close)
        self.addCleanup(lambda: vouchd.is_running() and vouchd.stop())
        return vouchd

    def asked(self, vouchd, count=1):
        for _ in range(count):
            self.assertEqual("NOERROR", vouchd.reply("www.alg13.nsec.", "A").rcode)

    def told(self, vouchd, collector):
        """All that was told until vouchd ended."""
        self.assertEqual(0, vouchd.stop())
        collector.terminate()
        collector.wait(PATIENCE)
        return [(frame, fields(frame[14])) for frame in frames(self.file)]

    def lost(self, vouchd):
        counts = vouchd.statistics()
        return counts["dnstap_cut_off"] + counts["dnstap_overflowed"] + counts["dnstap_unheard"]

    def test_every_message_is_told_once(self):
        collector = self.collect()
        vouchd = self.serve(", resolver_queries: true")
        for transport in ("udp", "tcp"):
            self.assertEqual("NOERROR", vouchd.reply("www.alg13.nsec.", "A", transport).rcode)
        told = self.told(vouchd, collector)
        kinds = [message[1] for _, message in told]
        self.assertEqual((2, 2), (kinds.count(CLIENT_QUERY), kinds.count(CLIENT_RESPONSE)))
        self.assertGreater(kinds.count(RESOLVER_QUERY), 2)
        self.assertEqual(kinds.count(RESOLVER_QUERY), kinds.count(RESOLVER_RESPONSE))  # the lab's servers all reply
        self.assertTrue(all(frame[1] == b"here" and frame[2].startswith(b"vouch ") and frame[15] == 1 for frame, _ in told))
        # Two workers have a queue each: the order of what they tell is by time, not by place.
        asked = sorted((message for _, message in told if message[1] == CLIENT_QUERY), key=lambda each: (each[8], each[9]))
        self.assertEqual([1, 2], [message[3] for message in asked])  # UDP, then TCP
        for message in asked:
            self.assertEqual(socket.inet_aton("127.0.0.0"), message[4])  # cut to its /24,
            self.assertNotIn(6, message)  # and without a port
            self.assertEqual((socket.inet_aton("127.0.0.1"), vouchd.port), (message[5], message[7]))
            self.assertIn(b"\3www\5alg13\4nsec\0", message[10])
            self.assertLess(abs(message[8] - time.time()), 60)
        answers = sorted((message for _, message in told if message[1] == CLIENT_RESPONSE), key=lambda each: (each[8], each[9]))
        for question, answer in zip(asked, answers):
            self.assertEqual(question[10][:2], answer[14][:2])  # the same id
            self.assertEqual((question[8], question[9]), (answer[8], answer[9]))  # when it was asked
        self.assertTrue(all(message[7] == self.lab.port for _, message in told if message[1] == RESOLVER_QUERY))

    def test_encrypted_transports_are_told_by_name(self):
        if shutil.which("kdig") is None or shutil.which("dnstap-read") is None:
            self.skipTest("kdig or dnstap-read is not installed: apt-get install knot-dnsutils bind9-dnsutils")
        collector = self.collect()
        vouchd = self.serve(encrypted=("tls", "https", "quic"))
        wanted = []
        for transport, option, name in (("udp", "+notcp", "UDP"), ("tcp", "+tcp", "TCP"), ("tls", "+tls", "DOT"),
                                        ("https", "+https", "DOH"), ("quic", "+quic", "DOQ")):
            if not vouchd.serves(transport):
                continue
            done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(vouchd.ports[transport]), option, "www.alg13.nsec.", "A"],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False)
            if transport == "quic" and "NOERROR" not in done.stdout:
                continue  # kdig of Debian 12 is built without
            self.assertIn("NOERROR", done.stdout, transport)
            wanted.append(name)
        self.assertGreaterEqual(len(wanted), 4)
        told = self.told(vouchd, collector)
        numbers = {"UDP": 1, "TCP": 2, "DOT": 3, "DOH": 4, "DOQ": 7}
        self.assertEqual([numbers[name] for name in wanted],
                         [each[3] for each in sorted((message for _, message in told if message[1] == CLIENT_QUERY),
                                                     key=lambda each: (each[8], each[9]))])
        # BIND's decoder, which knows the schema as well and checks what stands in it.
        read = subprocess.run(["dnstap-read", str(self.file)], capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertEqual("", read.stderr)
        lines = read.stdout.splitlines()
        self.assertEqual(len(told), len(lines))
        for kind in ("CQ", "CR"):
            of_kind = [line for line in lines if f" {kind} " in line]
            self.assertEqual(len(wanted), len(of_kind), lines)
            self.assertTrue(all("127.0.0.0" in line and "www.alg13.nsec/IN/A" in line for line in of_kind), of_kind)
        for name in ("UDP", "TCP"):  # those that every version of it knows
            self.assertTrue(any(" CQ " in line and f" {name} " in line for line in lines), lines)

    def test_whole_addresses_where_the_operator_wants_them(self):
        collector = self.collect()
        vouchd = self.serve(", ipv4_prefix: 32, client_responses: false, resolver_responses: false")
        self.asked(vouchd)
        told = self.told(vouchd, collector)
        self.assertEqual([CLIENT_QUERY], [message[1] for _, message in told])
        self.assertEqual(socket.inet_aton("127.0.0.1"), told[0][1][4])
        self.assertGreater(told[0][1][6], 0)

    def test_a_confined_process_finds_a_collector_that_comes_late_and_again(self):
        vouchd = self.serve(", resolver_responses: false")
        self.asked(vouchd)  # nobody is there yet
        if not is_sanitized(OPTIONS.vouchd):
            self.assertRegex(vouchd.logged(), r"event=confined to=.*system calls")
        threads = {(task / "comm").read_text(encoding="ascii").strip(): (task / "status").read_text(encoding="ascii")
                   for task in pathlib.Path(f"/proc/{vouchd.process.pid}/task").iterdir()}
        self.assertIn("vouchd/dnstap", threads)
        blocked = re.compile(r"SigBlk:\t(\w+)")
        self.assertEqual(blocked.search(threads["vouchd/0"]).group(1), blocked.search(threads["vouchd/dnstap"]).group(1))
        for turn in range(3):
            collector = self.collect(f"{turn}.fstrm")
            self.assertIsNotNone(vouchd.wait_for_log(r"(event=dnstap_connected[^\0]*){%d}" % (turn + 1)))
            self.asked(vouchd, 5)
            before = vouchd.statistics()["dnstap_sent"]
            self.wait_until(lambda: vouchd.statistics()["dnstap_sent"] >= 10 * turn + 10, f"told {before} in all")
            since = len(vouchd.logged())
            if turn < 2:
                collector.kill()
                collector.wait()
                self.socket.unlink()
                self.assertIsNotNone(vouchd.wait_for_log("event=dnstap_disconnected", since=since))
        told = self.told(vouchd, collector)
        self.assertEqual({CLIENT_QUERY, CLIENT_RESPONSE}, {message[1] for _, message in told})
        self.assertGreaterEqual(len(told), 10)

    def flooded(self, vouchd):
        """Thousands of queries, none of which is left without an answer."""
        if shutil.which("dnsperf") is None:
            self.skipTest("dnsperf is not installed: apt-get install dnsperf")
        questions = self.folder / "questions"
        questions.write_text("www.alg13.nsec. A\n", encoding="ascii")
        load = subprocess.run(["dnsperf", "-s", "127.0.0.1", "-p", str(vouchd.port), "-d", str(questions), "-n", "40000", "-Q", "20000"],
                              capture_output=True, text=True, timeout=2 * PATIENCE, check=True)
        lost = re.search(r"Queries lost:\s+(\d+)", load.stdout)
        self.assertEqual("0", lost.group(1), load.stdout)

    def test_a_deaf_collector_costs_messages_and_nothing_else(self):
        with socket.socket(socket.AF_UNIX) as deaf:
            deaf.bind(str(self.socket))
            deaf.listen()  # accepts by the kernel alone, and never says that it is ready
            vouchd = self.serve()
            self.asked(vouchd)
            self.flooded(vouchd)
            self.assertGreater(self.lost(vouchd), 0)
            self.assertEqual(0, vouchd.statistics()["dnstap_sent"])
            self.assertEqual(0, vouchd.stop())

    def test_a_collector_that_falls_asleep_costs_messages_and_nothing_else(self):
        collector = self.collect()
        vouchd = self.serve()
        self.asked(vouchd)
        self.wait_until(lambda: vouchd.statistics()["dnstap_sent"] > 0, "nothing was told")
        before = vouchd.resident_octets()
        collector.send_signal(signal.SIGSTOP)
        self.flooded(vouchd)
        self.assertGreater(vouchd.statistics()["dnstap_overflowed"], 0)
        self.assertLess(vouchd.resident_octets() - before, 32 << 20)  # two workers' queues of 4 MiB, and what a load takes anyhow
        collector.send_signal(signal.SIGCONT)
        sent = vouchd.statistics()["dnstap_sent"]
        self.wait_until(lambda: vouchd.statistics()["dnstap_sent"] > sent, "it is told nothing after it woke")
        collector.send_signal(signal.SIGSTOP)
        self.assertEqual(0, vouchd.stop())  # and keeps no end waiting
        collector.send_signal(signal.SIGCONT)

    def test_nothing_of_it_is_there_when_it_is_off(self):
        vouchd = Vouchd(OPTIONS.vouchd, self.lab, str(self.folder))
        self.addCleanup(vouchd.log.close)
        self.asked(vouchd)
        names = {(task / "comm").read_text(encoding="ascii").strip() for task in pathlib.Path(f"/proc/{vouchd.process.pid}/task").iterdir()}
        self.assertIn("vouchd/0", names)
        self.assertNotIn("vouchd/dnstap", names)
        self.assertEqual(0, self.lost(vouchd))
        self.assertEqual(0, vouchd.stop())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    OPTIONS = parser.parse_args()
    unittest.main(argv=[sys.argv[0]], verbosity=2)
