#!/usr/bin/env python3
"""vouchd without memory: every allocation may fail, at the start and while it serves. At the start it may end, if it says so; from
then on it never ends, and when there is memory again it serves as before.

    allocation_test.py --vouchd FILE --lab FILE
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"
sys.path[:0] = [str(SYSTEM), str(pathlib.Path(__file__).resolve().parent)]

import transport_clients as clients  # noqa: E402
from dns_message import question  # noqa: E402
from fault_kit import Faults  # noqa: E402
from lab_kit import PATIENCE  # noqa: E402
from transport_cases import SECURE_NAME, Case, main, server_of  # noqa: E402

LIBRARY = os.environ.get("VOUCH_FAILING_MALLOC", "")
START_ALL, START_MOST = 1000, 1150   # each of the first allocations of a start, and so many in all
AFTER_START = 300                 # each of the first allocations after a start
ONE_BY_ONE = 300                  # allocations under load that fail alone, one in each round
STORM_SECONDS = 4                 # for each pace of the storms
PACES = (3, 17, 101, 1009)        # every so manieth allocation fails
# Libraries that end the process themselves: ldns reads a record's text into memory that it does not check to have got, at the
# start and when a new configuration or zone is read; OpenSSL takes locks that it could not make, when it is used for the first
# time; GnuTLS, which QUIC has its certificate from, reads it likewise, and GMP below it has no way to say no. Known by the
# frames that failing_malloc.cc tells. What we call wrongly for want of memory shows elsewhere.
SIGNAL_FRAMES = ("libfailing_malloc.so", "libc.so")
LIBRARIES = re.compile(r"libldns\S*\(ldns_rr_new_frm_|libcrypto\.so|libgnutls\S*\(gnutls_(?:x509|certificate)_")
# Not /api/: the destructor of nlohmann's json takes memory, and ends the process when it gets none (docs/reliability.md).
PAGES = ("", "operator", "metrics", "check?name=www.alg13.nsec.", "status", "problems")
CLEAN_ENDS = {1, 3}               # cannot start; cannot read the configuration


def is_of_a_library(said):
    """Whether a crash that failing_malloc.cc has told of was in a library that is known for it."""
    frames = [line for line in said.splitlines() if re.search(r"\[0x[0-9a-f]+\]$", line)]
    inside = [line for line in frames if not any(name in line for name in SIGNAL_FRAMES)]
    return bool(inside) and "/vouchd(" not in inside[0] and any(LIBRARIES.search(line) for line in inside)


class Allocation(Case):
    def setUp(self):
        super().setUp()
        self.assertTrue(pathlib.Path(LIBRARY).is_file(), "VOUCH_FAILING_MALLOC names no library")
        self.faults = Faults(self.folder / "faults")
        os.environ |= {"LD_PRELOAD": LIBRARY, "VOUCH_FAULTS": str(self.faults.path)}
        self.addCleanup(lambda: [os.environ.pop(key, None) for key in ("LD_PRELOAD", "VOUCH_FAULTS")])

    def start_vouchd(self, *words, **how):
        vouchd = super().start_vouchd(*words, **how)
        for key in ("LD_PRELOAD", "VOUCH_FAULTS"):
            os.environ.pop(key)  # not for the clients
        vouchd.wait_for_log("event=ready")
        return vouchd

    def start_again(self, vouchd):
        """Since what it has logged; the process may end meanwhile."""
        before = len(vouchd.logged())
        environment = {**os.environ, "LD_PRELOAD": LIBRARY, "VOUCH_FAULTS": str(self.faults.path)}
        vouchd.process = subprocess.Popen([vouchd.program, "--config", str(vouchd.file)], stderr=vouchd.log, env=environment)
        until = time.monotonic() + PATIENCE
        while vouchd.process.poll() is None and "event=ready" not in vouchd.logged()[before:]:
            self.assertLess(time.monotonic(), until, f"stuck: {vouchd.logged()[before:]}")
            time.sleep(0.005)
        return before

    def test_at_the_start(self):
        vouchd = self.start_vouchd(pair=False, web={})
        in_all = self.faults.calls
        self.assertGreater(in_all, 1000, "nothing was counted")
        self.assertEqual(vouchd.stop(), 0)
        points = list(range(1, START_ALL)) + [
            START_ALL + i * (in_all - START_ALL) // (START_MOST - START_ALL) for i in range(START_MOST - START_ALL)]
        ended = served = ended_in_libraries = 0
        for point in points:
            self.faults.arm(point)
            before = self.start_again(vouchd)
            status = vouchd.process.poll()
            if status is None:
                self.faults.disarm()
                self.assertEqual(vouchd.ask("localhost.")[0], 0, point)
                self.assertEqual(vouchd.stop(), 0, point)
                served += 1
            else:
                said = vouchd.logged()[before:]
                if status in (-signal.SIGABRT, -signal.SIGSEGV) and is_of_a_library(said):
                    ended_in_libraries += 1
                    continue
                self.assertIn(status, CLEAN_ENDS, f"allocation {point}: {said}")
                self.assertTrue(said.strip(), f"allocation {point}: ended without a word")
                ended += 1
        print(f"{len(points)} starts of {in_all} allocations each: {ended} ended with a reason, {served} served, "
              f"{ended_in_libraries} ended in libraries", flush=True)
        self.assertGreater(ended, 0)
        vouchd.start()

    def ask_all_over(self, server, names, transports):
        for transport in transports:
            try:
                clients.ask(server, transport, question(next(names)), seconds=0.3)
            except (OSError, clients.HttpStatus, subprocess.SubprocessError, AssertionError, ValueError, EOFError, IndexError):
                pass  # answers are not owed now

    def check_it_serves(self, vouchd, transports):
        self.faults.disarm()
        server = server_of(vouchd)
        for transport in transports:
            until = time.monotonic() + PATIENCE
            while True:
                self.assertTrue(vouchd.is_running(), vouchd.logged()[-6000:])
                try:
                    reply = clients.ask(server, transport, question(SECURE_NAME), seconds=5)
                    if reply and reply.rcode == "NOERROR":
                        break
                except (OSError, clients.HttpStatus):
                    pass
                self.assertLess(time.monotonic(), until, f"nothing over {transport}: {vouchd.logged()[-2000:]}")

    @staticmethod
    def fresh_names():
        number = 0
        while True:
            number += 1
            yield (f"oom{number}.wild.nsec.", f"oom{number}.wild.nsec3.", f"oom{number}.shop.plain.", SECURE_NAME)[number % 4]

    # What a thread makes when it first has a use for it.
    def test_the_first_questions_after_a_start(self):
        vouchd = self.start_vouchd(web={})
        names = self.fresh_names()
        for point in range(1, AFTER_START + 1):
            self.assertEqual(vouchd.stop(), 0)
            self.start_again(vouchd)
            self.faults.arm(point)
            self.ask_all_over(server_of(vouchd), names, ["udp", "udp", ("tls", "tcp", "https-post")[point % 3]])
            self.assertTrue(vouchd.is_running(), f"allocation {point}: {vouchd.logged()[-6000:]}")
            self.faults.disarm()
        self.check_it_serves(vouchd, list(self.raw_transports(vouchd)))

    def test_one_by_one(self):
        vouchd = self.start_vouchd(web={})
        server, names = server_of(vouchd), self.fresh_names()
        cheap = ["udp", "tcp", "tls", "https-post"]
        before = self.faults.failed
        for point in range(1, ONE_BY_ONE + 1):
            self.faults.arm(point)
            self.ask_all_over(server, names, [cheap[point % len(cheap)], "udp"])
            self.assertTrue(vouchd.is_running(), f"allocation {point}: {vouchd.logged()[-6000:]}")
        print(f"{self.faults.failed - before} allocations failed one by one", flush=True)
        self.assertGreater(self.faults.failed - before, ONE_BY_ONE / 2)
        self.check_it_serves(vouchd, list(self.raw_transports(vouchd)))
        self.check_idle(vouchd)

    def test_quic_and_pages_one_by_one(self):
        vouchd = self.start_vouchd(web={})
        server, names = server_of(vouchd), self.fresh_names()
        transports = [each for each in self.raw_transports(vouchd) if each in ("quic", "http3")]
        for point in range(1, 90):
            self.faults.arm(point * 3)
            if transports and point % 6 == 0:
                self.ask_all_over(server, names, [transports[point // 6 % len(transports)]])
            self.read_page(vouchd, PAGES[point % len(PAGES)])
            self.assertTrue(vouchd.is_running(), f"allocation {point}: {vouchd.logged()[-6000:]}")
        self.check_it_serves(vouchd, list(self.raw_transports(vouchd)))
        self.faults.disarm()
        self.assertTrue(self.read_page(vouchd, "operator"))
        self.check_idle(vouchd)

    @staticmethod
    def read_page(vouchd, page):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{vouchd.web_port}/{page}", timeout=2) as reply:
                return bool(reply.read())
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def test_storms(self):
        vouchd = self.start_vouchd(web={})
        server = server_of(vouchd)
        stop = threading.Event()

        def client(transport, number):
            names = (f"storm{number}x{i}.wild.nsec." for i in range(1 << 30))
            while not stop.is_set():
                self.ask_all_over(server, names, [transport])

        def flood():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                number = 0
                while not stop.is_set():
                    for _ in range(20):
                        number += 1
                        udp.sendto(question(f"flood{number}.wild.nsec3."), ("127.0.0.1", vouchd.port))
                    time.sleep(0.02)
        threads = [threading.Thread(target=client, args=(transport, i)) for i, transport in
                   enumerate(("udp", "udp", "tcp", "tls", "https-post", "https-get"))] + [threading.Thread(target=flood)]
        for thread in threads:
            thread.start()
        try:
            for pace in PACES:
                before = self.faults.failed
                self.faults.arm(pace, pace)
                time.sleep(STORM_SECONDS)
                print(f"every {pace}th allocation: {self.faults.failed - before} failed", flush=True)
                self.assertTrue(vouchd.is_running(), f"pace {pace}: {vouchd.logged()[-6000:]}")
                self.faults.disarm()
        finally:
            self.faults.disarm()
            stop.set()
            for thread in threads:
                thread.join()
        self.check_it_serves(vouchd, list(self.raw_transports(vouchd)))
        self.check_idle(vouchd)


if __name__ == "__main__":
    main(__doc__)
