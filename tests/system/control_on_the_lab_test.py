#!/usr/bin/env python3
"""The control channel of a running vouchd and vouchctl, on the lab: every command, those who must not get in, and those who
misbehave while DNS is served.

    control_on_the_lab_test.py --vouchd FILE --vouchctl FILE --lab FILE
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
from lab_kit import PATIENCE, Lab, Vouchd, is_sanitized  # noqa: E402

OPTIONS = None
NOERROR, SERVFAIL = 0, 2
SECURE, BOGUS = "www.alg13.nsec", "www.rrsig-expired.nsec3"
MOST_OCTETS = 32 * 1024  # of a request
NOBODY = 65534
# As hostile clients can ask: a colour, a line end, a right-to-left override, octets that are no UTF-8.
HOSTILE_LABEL = b"\x1b[31m\n\xe2\x80\xae\xff"


class Line:
    """One who speaks to the socket in his own way."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))  # waits in a rush; with a time limit it would fail at once
        self.socket.settimeout(PATIENCE)
        self.read = b""

    def say(self, octets):
        try:
            self.socket.sendall(octets)
        except BrokenPipeError:
            pass  # it has said why, and gone

    def answer(self):
        """The next line, or None when vouchd has hung up."""
        while b"\n" not in self.read:
            try:
                got = self.socket.recv(65536)
            except ConnectionResetError:
                got = b""
            if not got:
                return None
            self.read += got
        line, self.read = self.read.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, **arguments):
        self.say(json.dumps({"command": command, **arguments}).encode() + b"\n")
        return self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class Control(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-control-")
        pathlib.Path(cls.folder.name).chmod(0o755)
        cls.lab = Lab(OPTIONS.lab, cls.folder.name + "/lab")

    @classmethod
    def tearDownClass(cls):
        cls.lab.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory(prefix="vouch-control-")
        pathlib.Path(self.own.name).chmod(0o755)
        self.vouchd = Vouchd(OPTIONS.vouchd, self.lab, self.own.name)
        self.assertIsNotNone(self.vouchd.wait_for_log("event=ready"))

    def tearDown(self):
        if self.vouchd.is_running():
            self.assertEqual(self.vouchd.stop(), 0)
        self.vouchd.log.close()
        self.own.cleanup()

    def vouchctl(self, *words, status=0, **how):
        """What it printed; (standard error) when it is to fail."""
        done = subprocess.run([OPTIONS.vouchctl, "--socket", str(self.vouchd.control), *words], capture_output=True, text=True,
                              timeout=PATIENCE, check=False, **how)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout if status == 0 else done.stderr

    def json_of(self, *words):
        """The lines of --json."""
        return [json.loads(line) for line in self.vouchctl("--json", *words).splitlines()]

    def expect_dns(self):
        rcode, _ = self.vouchd.ask(SECURE)
        self.assertEqual(rcode, NOERROR)

    def upstream_queries(self):
        return self.json_of("stats")[-1]["upstream"]["udp"]


class Commands(Control):
    def test_status_stats_and_anchors_tell_what_is_so(self):
        self.expect_dns()
        self.vouchd.ask(BOGUS)
        status = self.vouchctl("status")
        self.assertRegex(status, r"^vouchd \d+\.\d+\.\d+, running for \d+ s")
        self.assertIn(f"127.0.0.1@{self.vouchd.port}", status)
        self.assertRegex(status, r"failing zones +1 ")
        last = self.json_of("status")[-1]
        self.assertEqual((last["validation"], last["workers"], last["failing_zones"]), ("enforce", 2, 1))
        stats = self.json_of("stats")[-1]
        self.assertEqual(stats["queries"]["udp"], 2)
        self.assertEqual(stats["answers"]["by_verdict"]["secure"], 1)
        self.assertEqual(stats["answers"]["by_rcode"]["servfail"], 1)
        self.assertEqual(stats["validation"]["failures"], {"rrsig_expired": 1})
        self.assertRegex(self.vouchctl("stats"), r"(?m)^queries\n  udp +2$")
        anchors = self.vouchctl("anchors")
        self.assertRegex(anchors, r"(?m)^\. +\d+ +\d+ +(valid|configured)$")
        self.assertNotIn("last held: never", anchors)
        self.assertIn("flush zone", self.vouchctl("commands").splitlines())

    def test_failing_zones_are_told_as_text_and_as_json(self):
        self.assertEqual(self.vouchctl("zones", "--failing"), "No zone fails.\n")
        self.vouchd.ask(BOGUS)
        table = self.vouchctl("zones", "--failing")
        self.assertRegex(table, r"(?m)^rrsig-expired\.nsec3\. +failing +rrsig_expired ")
        zone, last = self.json_of("zones", "--failing")
        self.assertEqual((zone["zone"], zone["causes"][0]["reason"]), ("rrsig-expired.nsec3.", "rrsig_expired"))
        self.assertEqual(last, {"ok": True, "failing": True, "zones": 1})

    def test_lookup_is_what_a_client_would_be_told(self):
        out = self.vouchctl("lookup", SECURE, "+dnssec")
        self.assertIn("status: NOERROR", out)
        self.assertRegex(out, r"flags: qr rd ra ad;")
        self.assertRegex(out, r"(?m)^www\.alg13\.nsec\.\t\d+\tIN\tA\t[\d.]+$")
        self.assertRegex(out, r"(?m)^www\.alg13\.nsec\.\t\d+\tIN\tRRSIG\tA 13 ")
        self.assertRegex(self.vouchctl("lookup", SECURE, "+short"), r"^[\d.]+\n$")
        refused = self.vouchctl("lookup", BOGUS)
        self.assertIn("status: SERVFAIL", refused)
        self.assertIn("; EDE: 7 (Signature Expired): (rrsig_expired zone=rrsig-expired.nsec3.", refused)
        self.assertIn("status: NOERROR", self.vouchctl("lookup", BOGUS, "+cd"))
        self.assertIn("status: REFUSED", self.vouchctl("lookup", SECURE, "+client=203.0.113.9"))
        self.assertIn("is no domain name", self.vouchctl("lookup", "a..b", status=1))
        self.assertIn("is no record type", self.vouchctl("lookup", "a.", "NOTYPE", status=1))

    def test_flush_forgets_in_every_layer(self):
        for _ in range(3):  # so that the finished answer is kept, too
            self.expect_dns()
        before = self.upstream_queries()
        self.expect_dns()
        self.assertEqual(self.upstream_queries(), before)
        self.assertRegex(self.vouchctl("flush", "name", SECURE, "A"), r"^Forgotten: .*1 rrsets")
        self.expect_dns()
        self.assertGreater(self.upstream_queries(), before)
        self.assertEqual(self.vouchctl("flush", "name", "never.asked.nsec", "MX"), "Nothing of it was there.\n")

        removed = self.json_of("flush", "zone", "alg13.nsec")[-1]["removed"]
        self.assertGreater(removed["rrsets"], 0)
        self.assertEqual((removed["delegations"], removed["zones_of_trust"]), (1, 1))
        self.expect_dns()
        self.vouchd.ask(BOGUS)
        removed = self.json_of("flush", "bogus")[-1]["removed"]
        self.assertGreater(removed["failures"], 0)
        self.assertEqual(self.json_of("flush", "bogus")[-1]["total"], 0)
        self.assertGreater(self.json_of("flush", "type", "DNSKEY")[-1]["removed"]["rrsets"], 0)
        self.assertGreater(self.json_of("flush", "all")[-1]["total"], 5)
        self.assertEqual(self.json_of("cache", "dump", "--zone", "alg13.nsec")[-1]["entries"], 0)
        self.expect_dns()
        self.assertRegex(self.vouchd.logged(), r'event=control_command command="flush all" uid=\d+')

    def test_the_cache_is_counted_and_dumped(self):
        self.expect_dns()
        self.vouchd.ask("no-such-name.alg13.nsec")
        self.assertRegex(self.vouchctl("cache", "stats"), r"(?m)^rrset +\d+ +\d+\.\d [KM]iB +\d+\.\d MiB ")
        dump = self.vouchctl("cache", "dump", "--zone", "alg13.nsec")
        self.assertRegex(dump, r"(?m)^www\.alg13\.nsec\. \d+ IN A [\d.]+$")
        self.assertRegex(dump, r"(?m)^; no-such-name\.alg13\.nsec\. \d+ ANY name_error, secure$")
        whole = self.json_of("cache", "dump")
        self.assertEqual(whole[-1]["entries"], len(whole) - 1)
        self.assertGreater(len(whole), 5)
        names = {line["name"] for line in whole[:-1]}
        self.assertIn("www.alg13.nsec.", names)
        self.assertTrue(all(0 < line["ttl"] <= 86400 for line in whole[:-1]))

    def test_trace_shows_answers_as_they_are_given(self):
        command = [OPTIONS.vouchctl, "--socket", str(self.vouchd.control), "--json", "trace", "nsec3", "--count", "2"]
        self.expect_dns()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as trace:
            self.assertIsNotNone(self.vouchd.wait_for_log("command=trace"))
            self.expect_dns()  # another zone
            for _ in range(2):
                self.assertEqual(self.vouchd.ask(BOGUS)[0], SERVFAIL)
            lines = [json.loads(line) for line in trace.communicate(timeout=PATIENCE)[0].splitlines()]
        self.assertEqual(trace.returncode, 0)
        first, second = lines
        self.assertEqual((first["name"], first["type"], first["rcode"]), (BOGUS + ".", "A", "SERVFAIL"))
        self.assertEqual((first["source"], first["verdict"], first["reason"], first["zone"]),
                         ("recursion", "bogus", "rrsig_expired", "rrsig-expired.nsec3."))
        self.assertGreater(first["milliseconds"], 0)
        self.assertEqual((second["source"], second["verdict"]), ("cache", "bogus"))
        self.assertFalse([key for line in lines for key in line if "client" in key or "address" in key])

    def test_top_counts_names_and_zones(self):
        command = [OPTIONS.vouchctl, "--socket", str(self.vouchd.control), "--json", "top", "--once"]
        self.expect_dns()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as top:
            self.assertIsNotNone(self.vouchd.wait_for_log("command=top"))
            for _ in range(7):
                self.expect_dns()
            line = json.loads(top.communicate(timeout=PATIENCE)[0])
        self.assertEqual(line["names"], [{"name": SECURE + ".", "answers": 7}])
        self.assertEqual(line["zones"], [{"name": "alg13.nsec.", "answers": 7}])
        self.assertEqual((line["sources"]["cache"], line["standings"]["secure"]), (7, 7))

    def test_names_from_strangers_do_not_reach_the_terminal_raw(self):
        query = dns_message.question("x.rrsig-expired.nsec3")
        hostile = query.replace(b"\1x\15rrsig", bytes([len(HOSTILE_LABEL)]) + HOSTILE_LABEL + b"\15rrsig")
        self.assertNotEqual(hostile, query)
        command = [OPTIONS.vouchctl, "--socket", str(self.vouchd.control), "trace", "--count", "1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as trace:
            self.assertIsNotNone(self.vouchd.wait_for_log("command=trace"))
            dns_message.ask_udp("127.0.0.1", self.vouchd.port, hostile, PATIENCE)
            traced = trace.communicate(timeout=PATIENCE)[0]
        self.assertIn(rb" \027[31m\010\226\128\174\255.rrsig-expired.nsec3. A ", traced)
        dumped = self.vouchctl("cache", "dump").encode() + self.vouchctl("--json", "cache", "dump").encode()
        for octets in (traced, dumped):
            self.assertFalse([octet for octet in octets if octet != 10 and not 32 <= octet < 127])


class Access(Control):
    def as_nobody(self, *words):
        """The words, run by somebody else."""
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *words]

    def test_the_file_is_its_owners_alone(self):
        mode = os.stat(self.vouchd.control).st_mode & 0o777
        self.assertEqual(mode, 0o600)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "only root can become somebody else")
    def test_somebody_else_is_kept_out_by_the_file_and_by_the_kernel_s_word(self):
        program = pathlib.Path(self.own.name, "vouchctl")  # where nobody can read it
        shutil.copy(OPTIONS.vouchctl, program)
        words = self.as_nobody(str(program), "--socket", str(self.vouchd.control), "status")
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("is for root and for the user that vouchd runs as", done.stderr)
        # And when somebody has opened the file to all, it is still not for them.
        self.vouchd.control.chmod(0o666)
        for words_of_it in (["status"], ["flush", "all"]):
            done = subprocess.run(words[:-1] + words_of_it, capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
            self.assertIn("only root and the user that vouchd runs as", done.stderr)
        self.assertRegex(self.vouchd.logged(), rf"event=control_refused uid={NOBODY} pid=\d+")
        self.assertNotIn("flush all", self.vouchd.logged())
        self.assertEqual(self.json_of("status")[-1]["control"]["refused"], 2)

    def test_without_a_vouchd_it_says_what_to_do(self):
        self.vouchd.process.send_signal(signal.SIGKILL)
        self.vouchd.process.wait(PATIENCE)
        self.assertIn("Start it again", self.vouchctl("status", status=3))
        # What a killed one left behind is in nobody's way.
        self.vouchd.start()
        self.assertIsNotNone(self.vouchd.wait_for_log("event=controlled_by(.|\n)*event=controlled_by"))
        self.assertIn("running for", self.vouchctl("status"))

    def test_a_second_vouchd_does_not_take_the_socket_of_a_living_one(self):
        with tempfile.TemporaryDirectory() as folder:
            second = Vouchd(OPTIONS.vouchd, self.lab, folder)
            second.stop()
            text = second.file.read_text(encoding="utf-8").replace(str(second.control), str(self.vouchd.control))
            second.file.write_text(text, encoding="utf-8")
            second.start()
            self.assertIsNotNone(second.wait_for_log("event=no_control problem=.*another vouchd"))
            self.assertEqual(second.ask(SECURE)[0], NOERROR)  # it resolves all the same
            self.assertEqual(second.stop(), 0)
            second.log.close()
        self.assertIn(f"127.0.0.1@{self.vouchd.port}", self.vouchctl("status"))


class Misbehaviour(Control):
    def test_mistakes_are_told_and_the_line_goes_on(self):
        with Line(self.vouchd.control) as line:
            for octets, code in ((b"{\n", "malformed"), (b"null\n", "malformed"), (b"\xff\xfe\n", "malformed"),
                                 (b'{"command": "stauts"}\n', "no_such_command"),
                                 (b'{"command": "status", "x": 1}\n', "bad_argument"),
                                 (b'{"command": "flush zone"}\n', "bad_argument"),
                                 (b'{"command": "flush zone", "zone": 7}\n', "bad_argument")):
                line.say(octets)
                answer = line.answer()
                self.assertEqual((answer["ok"], answer["code"]), (False, code), octets)
                self.assertIn(" ", answer["error"])
            self.assertTrue(line.ask("status")["ok"])

    def test_deep_and_large_messages_are_refused(self):
        deep = b'{"command": "status", "x": ' + b"[" * 4500 + b"]" * 4500 + b"}\n"
        objects = b'{"a":' * 4500 + b"1" + b"}" * 4500 + b"\n"
        with Line(self.vouchd.control) as line:
            for octets in (deep, objects):
                line.say(octets)
                self.assertEqual(line.answer()["code"], "malformed")
            self.assertTrue(line.ask("status")["ok"])
        fitting = b'{"command": "status", "x": "' + b"x" * MOST_OCTETS
        with Line(self.vouchd.control) as line:
            line.say(fitting[:MOST_OCTETS - 2] + b'"}\n')
            self.assertEqual(line.answer()["code"], "bad_argument")  # read and understood
        with Line(self.vouchd.control) as line:
            line.say(fitting[:MOST_OCTETS + 1])
            self.assertEqual(line.answer()["code"], "too_large")
            self.assertIsNone(line.answer())
        self.expect_dns()

    def test_half_a_line_and_a_hang_up_amid_an_answer_harm_nobody(self):
        for _ in range(50):
            with Line(self.vouchd.control) as line:
                line.say(b'{"command": "cache du')
            with Line(self.vouchd.control) as line:
                line.say(b'{"command": "cache dump"}\n{"command": "trace"}\n')
        self.expect_dns()
        self.assertTrue(self.json_of("status")[-1]["ok"])

    def test_idle_connections_keep_neither_dns_nor_the_operator_waiting(self):
        idle = [Line(self.vouchd.control) for _ in range(100)]
        answered = []

        def ask_on():
            while len(answered) < 300:
                answered.append(self.vouchd.ask(SECURE)[0])
        clients = threading.Thread(target=ask_on)
        clients.start()
        self.assertIn("running for", self.vouchctl("status"))
        clients.join()
        self.assertEqual(set(answered), {NOERROR})
        ended = 0
        for line in idle:  # all of them: evicted at once, or after ten seconds
            ended += line.answer() is None
            line.socket.close()
        self.assertEqual(ended, 100)
        control = self.json_of("status")[-1]["control"]
        self.assertGreaterEqual(control["evicted"] + control["overdue"], 100)

    def test_one_who_dribbles_is_let_go(self):
        with Line(self.vouchd.control) as line:
            until = time.monotonic() + PATIENCE
            line.socket.settimeout(0.5)
            gone = False
            while not gone and time.monotonic() < until:
                try:
                    line.socket.sendall(b" ")
                    gone = line.socket.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    gone = True
            self.assertTrue(gone)

    def test_a_reader_who_does_not_read_holds_nothing_up(self):
        self.vouchd.ask(SECURE)
        before = self.vouchd.resident_octets()
        with Line(self.vouchd.control) as deaf:
            deaf.say(b'{"command": "cache dump"}\n' * 1000)
            for _ in range(20):
                self.assertEqual(self.vouchd.ask(SECURE)[0], NOERROR)
                self.assertIn("running for", self.vouchctl("status"))
            if not is_sanitized(OPTIONS.vouchd):
                self.assertLess(self.vouchd.resident_octets() - before, 16 << 20)


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    for name in ("vouchd", "vouchctl", "lab"):
        parser.add_argument(f"--{name}", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
