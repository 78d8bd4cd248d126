#!/usr/bin/env python3
"""vouchd on a machine that lets it down: hardly any descriptors, a clock that jumps by years, addresses that go away, and no more
memory than it was promised.

    machine_test.py --vouchd FILE --lab FILE [--seconds N]

--seconds: how long the memory cap is leant on (60). Runs in a network namespace of its own. Exit status 77 when something could
not be tried here, and all the rest went well; what it was is printed.
"""
import argparse
import contextlib
import itertools
import os
import pathlib
import shlex
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"
sys.path.insert(0, str(SYSTEM))

import dns_message  # noqa: E402
from dns_message import question  # noqa: E402
from lab_kit import PATIENCE, enter_namespace  # noqa: E402
from transport_cases import PLAIN_NAME, SECURE_NAME, Case, Skipped, main, server_of  # noqa: E402
import transport_clients as clients  # noqa: E402

FEW_DESCRIPTORS = 64
MIB = 1 << 20
CACHE_MIB, ALLOWANCE_MIB = 16, 64
TORTURE_RATE = 3000   # questions a second for names that nobody has
LEAST_ANSWERED = 0.97  # of a well-behaved client's questions meanwhile: the machine may be busy
FAKETIME = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1")
OPTIONS = argparse.Namespace(seconds=60)


class Machine(Case):
    def start_under(self, command, **how):
        """vouchd behind a command of the shell that ends in `exec`; its own process all the same."""
        wrapper = self.folder / "wrapper"
        wrapper.write_text(f"#!/bin/sh\n{command} {shlex.quote(Case.options.vouchd)} \"$@\"\n", encoding="utf-8")
        wrapper.chmod(0o755)
        plain = Case.options.vouchd
        Case.options.vouchd = str(wrapper)
        try:
            vouchd = self.start_vouchd(**how)
        finally:
            Case.options.vouchd = plain
        vouchd.wait_for_log("event=ready")
        return vouchd

    def resolves(self, vouchd, name, address="127.0.0.1", rcodes=("NOERROR",), seconds=20):
        """Whether the name is answered within so many seconds, asked again and again as clients do."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                reply = dns_message.ask(address, vouchd.port, name, timeout=5)
                if reply is not None and reply.rcode in rcodes:
                    return reply
            self.assertTrue(vouchd.is_running(), vouchd.logged()[-4000:])
            time.sleep(0.1)
        return None


class Descriptors(Machine):
    def test_hardly_any(self):
        vouchd = self.start_under(f"exec prlimit --nofile={FEW_DESCRIPTORS}:{FEW_DESCRIPTORS}", web={})
        self.assertIn(f"descriptors={FEW_DESCRIPTORS}", vouchd.logged())
        self.assertIn("event=descriptors_scarce", vouchd.logged())
        self.assertTrue(self.resolves(vouchd, SECURE_NAME))
        server = server_of(vouchd)
        for transport in self.raw_transports(vouchd):
            reply = clients.ask(server, transport, question(SECURE_NAME))
            self.assertEqual(reply and reply.rcode, "NOERROR", transport)
        with contextlib.ExitStack() as held:  # more connections than there are descriptors, and none says anything
            for _ in range(3 * FEW_DESCRIPTORS):
                with contextlib.suppress(OSError):
                    held.enter_context(socket.create_connection(("127.0.0.1", vouchd.port), 0.2))
            flood = [held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(20)]
            for i, udp in enumerate(flood):
                for j in range(50):
                    udp.sendto(question(f"few{i}x{j}.wild.nsec."), ("127.0.0.1", vouchd.port))
            self.assertTrue(self.resolves(vouchd, SECURE_NAME), "not even a cached name")
            self.assertLessEqual(vouchd.descriptors(), FEW_DESCRIPTORS)
        self.assertTrue(self.resolves(vouchd, "after-the-flood.wild.nsec."))
        reply = clients.ask(server, "tls", question(SECURE_NAME))
        self.assertEqual(reply and reply.rcode, "NOERROR")
        self.check_idle(vouchd)


class Clock(Machine):
    def start_at(self, when, name="vouchd"):
        library = next((path for path in FAKETIME if os.path.exists(path)), None)
        if library is None:
            Skipped.note("libfaketime is not installed")
            self.skipTest("libfaketime is not installed")
        self.file = self.folder / name / "clock"  # where vouchd may read it: it is confined
        self.waiting = self.folder / "clock"
        self.waiting.write_text(when + "\n", encoding="ascii")
        move = f"mv {self.waiting} {self.file} 2>/dev/null"
        return self.start_under(
            f"{move}; exec env LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={self.file} FAKETIME_NO_CACHE=1 "
            "FAKETIME_DONT_FAKE_MONOTONIC=1", name=name, web={})

    def step(self, when):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(when + "\n", encoding="ascii")
        fresh.rename(self.file)

    def test_wrong_from_the_start(self):
        for number, when in enumerate(("@1970-01-02 00:00:00", "@2039-01-01 00:00:00", "@2106-03-01 00:00:00")):
            with self.subTest(when=when):
                vouchd = self.start_at(when, f"vouchd{number}")
                vouchd.ask(SECURE_NAME)
                self.assertEqual(vouchd.ask("localhost.")[0], 0)
                self.assertTrue(self.resolves(vouchd, PLAIN_NAME, rcodes=("NOERROR", "SERVFAIL")))
                self.assertTrue(vouchd.is_running())
                self.check_idle(vouchd)
                self.assertEqual(vouchd.stop(), 0)

    def end(self, vouchd):
        if vouchd.process.poll() == 0:
            vouchd.log.close()
        else:
            super().end(vouchd)

    def test_steps_while_it_serves(self):
        vouchd = self.start_at("+0")
        self.assertTrue(self.resolves(vouchd, SECURE_NAME))
        began = time.monotonic()
        first = vouchd.reply(SECURE_NAME).answer[0].ttl
        for when in ("+3600s", "-3600s", "+0", "+10y", "-10y", "@1970-01-02 00:00:00", "@2039-01-01 00:00:00", "+0"):
            self.step(when)
            time.sleep(1.2)
            reply = vouchd.reply(SECURE_NAME)
            self.assertIsNotNone(reply, when)
            if reply.rcode == "NOERROR":  # its lifetime is measured by the clock that does not step
                lost = first - reply.answer[0].ttl
                self.assertLessEqual(abs(lost - (time.monotonic() - began)), 3, when)
            self.assertEqual(vouchd.ask("localhost.")[0], 0, when)
            vouchd.ask(f"fresh{abs(hash(when))}.wild.nsec.")
            self.assertTrue(vouchd.is_running(), vouchd.logged()[-3000:])
        self.assertTrue(self.resolves(vouchd, "when-all-is-over.wild.nsec."), vouchd.logged()[-3000:])
        self.check_idle(vouchd)


class Addresses(Machine):
    """An IPv6 address that goes away, or all of IPv4: the other family is used, and both when both are back."""

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True)

    def fresh(self):
        return f"a{next(self.numbers)}.dual.nsec."

    def setUp(self):
        super().setUp()
        self.numbers = itertools.count()

    def test_ipv6_goes_and_comes(self):
        vouchd = self.start_vouchd()
        if not vouchd.ipv6:
            Skipped.note("no IPv6 here")
            self.skipTest("no IPv6")
        known = ("NOERROR", "NXDOMAIN")
        self.assertTrue(self.resolves(vouchd, self.fresh(), rcodes=known))
        took = {}
        self.ip("-6", "addr", "del", "::1/128", "dev", "lo")
        try:
            for _ in range(3):
                began = time.monotonic()
                self.assertTrue(self.resolves(vouchd, self.fresh(), rcodes=known), "IPv4 is still there")
                took["without ::1"] = max(took.get("without ::1", 0), time.monotonic() - began)
        finally:
            self.ip("-6", "addr", "add", "::1/128", "dev", "lo")
        began = time.monotonic()
        self.assertTrue(self.resolves(vouchd, SECURE_NAME, "::1", known), "its IPv6 clients are served again")
        self.assertTrue(self.resolves(vouchd, "www.v6only.nsec.", "::1", known), "and IPv6 servers asked")
        took["::1 is back"] = time.monotonic() - began
        print("longest wait, in s: " + ", ".join(f"{what} {seconds:.2f}" for what, seconds in took.items()), flush=True)
        self.check_idle(vouchd)

    def test_ipv4_goes_and_comes(self):
        vouchd = self.start_vouchd()
        if not vouchd.ipv6:
            self.skipTest("no IPv6")
        known = ("NOERROR", "NXDOMAIN")
        self.assertTrue(self.resolves(vouchd, self.fresh(), rcodes=known))
        self.ip("addr", "del", "127.0.0.1/8", "dev", "lo")
        try:
            began = time.monotonic()
            self.assertTrue(self.resolves(vouchd, self.fresh(), "::1", known), "dual.nsec. has an IPv6 server")
            without = time.monotonic() - began
            vouchd.ask(self.fresh(), timeout=0.2)
        finally:
            self.ip("addr", "add", "127.0.0.1/8", "dev", "lo")
        began = time.monotonic()
        self.assertTrue(self.resolves(vouchd, "back.wild.nsec.", rcodes=known))
        print(f"waits, in s: without IPv4 {without:.2f}, IPv4 is back {time.monotonic() - began:.2f}", flush=True)
        self.check_idle(vouchd)


class MemoryCap(Machine):
    def make_group(self, limit):
        """A control group with this limit: its folder, and the file that counts kills."""
        name = f"vouch-test-{os.getpid()}"
        for root, limiting, counting in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"),
                                         ("/sys/fs/cgroup", "memory.max", "memory.events")):
            group = pathlib.Path(root, name)
            try:
                group.mkdir()
            except OSError:
                continue
            self.addCleanup(group.rmdir)
            try:
                (group / limiting).write_text(str(limit), encoding="ascii")
                return group, group / counting
            except OSError:
                continue
        Skipped.note("no control group for memory can be made here")
        self.skipTest("no control groups")

    def kills(self, file):
        lines = dict(line.split() for line in file.read_text(encoding="ascii").splitlines())
        return int(lines.get("oom_kill", 0))

    def test_water_torture_within_it(self):
        group, counter = self.make_group((CACHE_MIB + ALLOWANCE_MIB) * MIB)
        vouchd = self.start_under(f"echo $$ > {group}/cgroup.procs; exec", more=f"cache: {{size: {CACHE_MIB}M}}\n", web={})
        self.assertIn(str(vouchd.process.pid), (group / "cgroup.procs").read_text(encoding="ascii").split())
        self.assertTrue(self.resolves(vouchd, SECURE_NAME))
        over, most = threading.Event(), 0
        torturer = threading.Thread(target=self.torture, args=(vouchd.port, over))
        torturer.start()
        asked = answered = 0
        try:
            until = time.monotonic() + OPTIONS.seconds
            while time.monotonic() < until:
                asked += 1
                answered += vouchd.ask(SECURE_NAME, timeout=2)[0] == 0
                self.assertTrue(vouchd.is_running(), vouchd.logged()[-3000:])
                most = max(most, vouchd.resident_octets())
                time.sleep(0.02)
        finally:
            over.set()
            torturer.join()
        print(f"{OPTIONS.seconds} s of water torture within {CACHE_MIB} + {ALLOWANCE_MIB} MiB: resident {most / MIB:.1f} MiB at most, "
              f"{answered} of {asked} questions of another client answered, {self.kills(counter)} kills", flush=True)
        self.assertEqual(self.kills(counter), 0)
        self.assertGreaterEqual(answered, asked * LEAST_ANSWERED)
        self.assertTrue(self.resolves(vouchd, "when-it-is-over.wild.nsec."))
        self.check_idle(vouchd)

    @staticmethod
    def torture(port, over):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.3", 0))
            zones = ("alg13.nsec.", "wild.nsec3.", "shop.plain.", "dead.nsec.", "dead.plain.")
            for number in itertools.count():
                if over.is_set():
                    return
                for i in range(TORTURE_RATE // 100):
                    udp.sendto(question(f"t{number}x{i}.{zones[i % len(zones)]}", do=True), ("127.0.0.1", port))
                time.sleep(0.01)


if __name__ == "__main__":
    WHY_NOT = enter_namespace("VOUCH_FAULTS_INSIDE")
    if WHY_NOT:
        print(f"skipped: {WHY_NOT}")
        sys.exit(77)
    for at, word in enumerate(sys.argv):
        if word == "--seconds":
            OPTIONS.seconds = int(sys.argv[at + 1])
            del sys.argv[at:at + 2]
            break
    main(__doc__)
