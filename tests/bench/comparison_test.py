#!/usr/bin/env python3
"""What compare makes of figures, and that nothing it starts outlives it.

    comparison_test.py [--vouchd FILE]    with vouchd, its generated configuration is checked by it
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from unittest import mock

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from comparison import question, table, transports  # noqa: E402
from comparison.clients import Dnsperf, Doqload, H2load, Target, Tlsload  # noqa: E402
from comparison.lab import Lab  # noqa: E402
from comparison.phases import PHASES, SECURED, Load, figures_of  # noqa: E402
from comparison.processes import Processes, Trouble, cpu_seconds, resident_octets, tree_of, wait_until  # noqa: E402
from comparison.report import ENCRYPTED, NOT_VALIDATING, SECURED as SECURED_TABLES, VALIDATING, Results  # noqa: E402
from comparison.resolvers import HTTPS, PEERS, QUIC, TLS, DnsDist, Encrypted, Resolver, Vouch  # noqa: E402

VOUCHD = None
HOT = next(phase for phase in PHASES if phase.name == "hot")
NX = next(phase for phase in PHASES if phase.name == "nx")
PATIENCE = 20  # seconds that a process gets to be gone


def figures(us, name=None, failures=0, busy=1.0, kept=1000):
    found = {"us": us, "qps": 1e6 / us, "busy": busy, "others": 0.0, "asked": 1000, "failures": failures, "rss": 50e6}
    return found | ({"octets_per_name": name, "kept": kept} if name else {})


def counted(**changes):
    return {"sent": 100, "answered": 90, "lost": 6, "unfinished": 4, "strangers": 0, "positive": 80, "authentic": 0,
            "rcodes": [85, 0, 2, 3] + [0] * 12, "octets": 4500, "elapsed_us": 1_000_000, "server_cpu_us": 900, "others": 0.0,
            **changes}


def idle(kib, failures=0):
    return {"octets": kib * 1024, "rss": 50e6, "asked": 1000, "failures": failures}


DNSPERF = """Statistics:

  Queries sent:         176543
  Queries completed:    176533 (99.99%)
  Queries lost:         10 (0.01%)

  Response codes:       SERVFAIL 3 (0.00%), NOERROR 176530 (100.00%)
  Average packet size:  request 33, response 49
  Run time (s):         2.000140
  Queries per second:   88265.321428
"""
H2LOAD = """Main benchmark duration is over for thread #0. Stopping all clients.

finished in 2.01s, 82815.00 req/s, 6.03MB/s
requests: 165630 total, 165730 started, 165630 done, 165600 succeeded, 30 failed, 20 errored, 5 timeout
status codes: 165600 2xx, 0 3xx, 5 4xx, 0 5xx
"""


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


class Figures(unittest.TestCase):
    def test_cpu_is_counted_for_each_answer(self):
        found = figures_of(HOT, counted())
        self.assertEqual((found["us"], found["qps"], found["reply_octets"]), (10, 90, 50))

    def test_all_but_the_right_answers_are_failures(self):
        self.assertEqual(figures_of(HOT, counted())["failures"], 96 - 80)  # those unfinished at the end are not held against it
        self.assertEqual(figures_of(NX, counted())["failures"], 96 - 3)

    def test_silence_is_no_measurement(self):
        with self.assertRaisesRegex(Trouble, "not one answer in the hot phase"):
            figures_of(HOT, counted(answered=0))

    def test_medians_of_rounds_and_sum_of_failures(self):
        found = table.medians([{"hot": figures(us, failures=1)} for us in (9, 2, 4)])
        self.assertEqual((found["hot"]["us"], found["hot"]["failures"], found["hot"]["asked"]), (4, 3, 3000))


class Tables(unittest.TestCase):
    def test_a_row_has_figures_and_ratios(self):
        text = table.cached_table({"unbound": {"hot": figures(6)}, "vouch": {"hot": figures(3, busy=0.5)},
                                   table.FLOOR: {"hot": figures(2)}})
        row = next(line for line in text.splitlines() if "vouch" in line)
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        self.assertEqual(cells, ["vouch", "3.00", "333333+", "1.50", "0.50", "50", "0 of 1000"])

    def test_what_does_not_validate_is_in_brackets(self):
        both = {"unbound": {"cold": figures(100)}, "vouch": {"cold": figures(20)}}
        self.assertIn("(20.0)", table.resolved_table(both, ["vouch"]))
        self.assertNotIn("(", table.resolved_table(both))

    def test_targets(self):
        def lines(hot, floor, unbound, name, theirs, counts=True):
            cached = {"vouch": {"hot": figures(hot)}, table.FLOOR: {"hot": figures(floor)}, "unbound": {"hot": figures(unbound)}}
            memory = {"vouch": {"big": figures(1, name), "cold": figures(75), "nx": figures(76)},
                      "unbound": {"big": figures(1, theirs), "cold": figures(100), "nx": figures(100)}}
            return [line.split("  ")[0].strip() for line in table.targets(cached, memory, counts)]
        self.assertEqual(lines(2.5, 2, 3.75, 399, 800), ["met", "met", "met", "met", "MISSED"])
        self.assertEqual(lines(2.6, 2, 3.75, 400, 800), ["MISSED", "MISSED", "MISSED", "met", "MISSED"])
        self.assertEqual(lines(2.5, 2, 3.75, 399, 800, counts=False)[2:], ["does not count"] * 3)
        self.assertEqual(table.targets({}, {}, True)[0].split("  ")[0], "not measured")

    def report(self, vouch_validates):
        results = Results({"vouch": "1", "unbound": "2"}, ["vouch", "unbound", table.FLOOR])
        for server, validates in (("vouch", vouch_validates), ("unbound", True)):
            results.add(VALIDATING, server, {"hot": figures(3), "big": figures(100, 300)}, validates)
            results.add(NOT_VALIDATING, server, {"big": figures(20, 300)})
        results.add(VALIDATING, table.FLOOR, {"hot": figures(2)})
        return results.text()

    def test_the_report_says_what_does_not_count(self):
        text = self.report(vouch_validates=False)
        self.assertIn("vouch did not validate in this run", text)
        self.assertIn("DO NOT COUNT", text)
        self.assertIn("does not count   memory", text)

    def test_and_stops_saying_so_once_it_validates(self):
        text = self.report(vouch_validates=True)
        self.assertNotIn("DO NOT COUNT", text)
        self.assertIn("MISSED           memory", text)

    def test_a_cache_that_forgets_is_mentioned(self):
        results = Results({}, ["unbound", "vouch"])
        for _ in range(2):
            results.add(VALIDATING, "unbound", {"big": figures(100, 800)}, True)
            results.add(VALIDATING, "vouch", {"big": figures(100, 100, kept=600)}, True)
        text = results.text()
        self.assertIn("vouch, validation on, kept 600 of the names", text)
        self.assertNotIn("unbound, validation on, kept", text)

    def test_the_lab_counts_per_zone(self):
        lab = Lab("vouch-lab", "dir", 53, 3, 5, 7)
        stats = ("127.2.6.1 bench. udp 7 tcp 0\n127.8.1.1 big.bench. udp 40 tcp 2\n127.8.1.2 big.bench. udp 1 tcp 0\n"
                 "127.8.0.1 - udp 3 tcp 0\ntotal - udp 51 tcp 2\n")
        with mock.patch("subprocess.run", return_value=subprocess.CompletedProcess([], 0, stats, "")):
            self.assertEqual(lab.questions_about("big.bench."), 43)

    def test_a_machine_that_was_busy_is_mentioned(self):
        results = Results({}, ["unbound"])
        results.add(VALIDATING, "unbound", {"hot": figures(3) | {"others": 0.4}}, True)
        self.assertIn("the machine was not quiet", results.text())


class Clients(unittest.TestCase):
    """What is read from what clients print, and what they are told."""

    TARGET = Target(port=5701, pid=7, questions="q", names="n", uris="u", authority="ca", seconds=3, connections=500)

    def test_dnsperf(self):
        counts = Dnsperf().counts(DNSPERF)
        self.assertEqual((counts.asked, counts.answered, counts.right), (176543, 176533, 176530))
        self.assertAlmostEqual(counts.elapsed_us, 2_000_140)
        self.assertIsNone(counts.server_cpu_us)

    def test_dnsperf_without_one_answer(self):
        counts = Dnsperf().counts("Queries sent: 100\nQueries completed: 0\nResponse codes:\nRun time (s): 5.0\n")
        self.assertEqual((counts.asked, counts.answered, counts.right), (100, 0, 0))

    def test_h2load(self):
        counts = H2load().counts(H2LOAD)
        self.assertEqual((counts.asked, counts.answered, counts.right), (165630, 165600, 165600))
        self.assertAlmostEqual(counts.elapsed_us, 2_010_000)
        self.assertAlmostEqual(H2load().counts(H2LOAD.replace("2.01s", "850.5ms")).elapsed_us, 850_500)

    def test_h2load_is_stopped_between_headers_and_body(self):
        counts = H2load().counts(H2LOAD.replace("165600 2xx", "165603 2xx").replace("30 failed", "0 failed"))
        self.assertEqual((counts.asked, counts.answered, counts.right), (165600, 165600, 165600))

    def test_a_connection_of_the_wrong_kind_is_not_right(self):
        told = '{"sent": 10, "answered": 9, "resumed": 7, "closed": 0, "elapsed_us": 5, "server_cpu_us": 4}'
        self.assertEqual([Tlsload().counts(told).right, Tlsload("--resume").counts(told).right], [2, 7])
        self.assertEqual(Tlsload().counts(told).server_cpu_us, 4)

    def test_doqload(self):
        told = ("asked 500, answered 499, lost 1 in 1.50 s: 333 answers/s\nconnections: 1 handshakes in full, 498 resumed, "
                "0 with early data, 0 after Retry, 0 failed\nanswers with another RCODE than NOERROR: 9\n")
        load, full, resumed = Doqload("--outstanding", 20), Doqload(), Doqload("--resume")
        self.assertEqual([one.counts(told).right for one in (load, full, resumed)], [490, 1, 490])
        self.assertEqual((load.counts(told).asked, load.counts(told).answered), (500, 499))
        self.assertAlmostEqual(load.counts(told).elapsed_us, 1_500_000)
        with self.assertRaises(ValueError):  # one that does not look at RCODEs would let failures pass for answers
            load.counts(told[:told.index("answers with")])
        self.assertIn("--per-connection", full.command(self.TARGET))
        self.assertNotIn("--per-connection", load.command(self.TARGET))

    def test_what_else_they_print_is_no_measurement(self):
        for client, output in ((Dnsperf, "Error: no"), (H2load, "usage"), (Tlsload, "{}")):
            with self.subTest(client.__name__), mock.patch.object(client, "program", lambda *_: "sh"), \
                    mock.patch.object(client, "command", lambda *_: ["-c", f"echo '{output}'"]), \
                    self.assertRaisesRegex(Trouble, "did not say what it counted"):
                client().run({}, min(os.sched_getaffinity(0)), self.TARGET)

    def test_they_end_in_time_and_well_or_that_is_said(self):
        with mock.patch.object(Dnsperf, "program", lambda *_: "sh"):
            with mock.patch.object(Dnsperf, "command", lambda *_: ["-c", "echo no such host >&2; exit 3"]), \
                    self.assertRaisesRegex(Trouble, "dnsperf ended with status 3: no such host"):
                Dnsperf().run({}, min(os.sched_getaffinity(0)), self.TARGET)
            with mock.patch.object(Dnsperf, "command", lambda *_: ["-c", "exec sleep 300"]), \
                    mock.patch("comparison.clients.PATIENCE", -2.5), self.assertRaisesRegex(Trouble, "did not end in time"):
                Dnsperf().run({}, min(os.sched_getaffinity(0)), self.TARGET)

    def test_absent_ones_and_what_is_not_served_are_named(self):
        class Old(Vouch):
            name = "old"
            def spoken(self):
                return (TLS,)
        said = []
        with mock.patch("shutil.which", lambda name, path=None: None if name == "h2load" else "/usr/bin/" + name):
            found = transports.available(("dot", "doh", "doq"), Old("vouchd"), {}, said.append)
        self.assertEqual([one.name for one in found], ["dot"])
        self.assertIn("old serves no HTTPS", said)
        self.assertIn("doh over HTTPS: h2load is not installed (apt-get install nghttp2-client)", said)
        self.assertTrue(any("doqload is not built (cmake --build" in sentence for sentence in said), said)

    def test_what_a_client_cannot_measure_is_left_out_and_said(self):
        said = []
        with mock.patch.object(DnsDist, "spoken", lambda self: (TLS, HTTPS)), \
                mock.patch("shutil.which", lambda *_, **__: "/usr/bin/x"):
            found = transports.available(("doh",), DnsDist(), {}, said.append)
        self.assertEqual([one.name for one in found], ["doh-h2load"])
        self.assertTrue(any("dnsdist, doh-get" in sentence for sentence in said), said)

    def test_memory_is_measured_in_processes_of_its_own(self):
        together = [[one.name for one in sitting] for sitting in transports.sittings(transports.MEASUREMENTS)]
        self.assertEqual(together[1:], [["tls-idle"], ["quic-idle"]])
        self.assertEqual(len(together[0]), len(transports.MEASUREMENTS) - 2)
        self.assertEqual(transports.sittings([]), [])

    def test_each_measurement_has_its_place_in_a_table(self):
        shown = [name for _, names in SECURED_TABLES for name in names]
        self.assertEqual(sorted(shown), sorted(one.name for one in transports.MEASUREMENTS))

    def test_a_query_for_http_has_no_id(self):
        self.assertEqual(question.wire("www.Example.", "A"), b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x03www\x07Example\0\0\x01\0\x01")


class Meetings(unittest.TestCase):
    """One measurement, with the client pretended."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        home = pathlib.Path(self.folder.name)
        self.lab = Lab("vouch-lab", home, 53, 3, 5, 7)
        self.cpu = min(os.sched_getaffinity(0))
        self.load = Load("udpblast", self.cpu, self.cpu, self.lab.write_questions(home), 1, 5)
        listening = Encrypted("server.pem", "server.key", {TLS: 5701, HTTPS: 5702, QUIC: 5703})
        self.meeting = transports.Meeting(self.load, {"tlsload": "sh"}, self.lab, listening, os.getpid(), 500)

    def measurement(self, name):
        return next(one for one in transports.MEASUREMENTS if one.name == name)

    def pretend(self, client, words):
        patch = mock.patch.multiple(client, program=lambda *_: "sh", command=lambda *_: ["-c", words, "sh"])
        patch.start()
        self.addCleanup(patch.stop)

    def test_cpu_for_each_answer(self):
        self.pretend(Tlsload, """echo '{"sent": 500, "answered": 500, "resumed": 0, "closed": 0, "elapsed_us": 1000000,
                                        "server_cpu_us": 250000}'""")
        found = self.meeting.measure(self.measurement("tls-full"))
        self.assertEqual((found["us"], found["qps"], found["busy"], found["asked"], found["failures"]), (500, 500, 0.25, 500, 0))
        self.assertGreaterEqual(found["others"], 0)

    def test_what_mostly_fails_is_no_measurement(self):
        self.pretend(Dnsperf, "printf 'Queries sent: 100\\nQueries completed: 60\\nResponse codes: NOERROR 60 (100%%)\\n"
                              "Run time (s): 1\\n'")
        with self.assertRaisesRegex(Trouble, "only 60 of 100 went as they should"):
            self.meeting.measure(self.measurement("dot"))

    def hold(self, held, closed):
        told = f'{{"sent": 20, "answered": 20, "resumed": 0, "closed": {closed}, "elapsed_us": 1, "server_cpu_us": 0}}'
        self.pretend(Tlsload, f"""if [ "$1" = --hold ]; then echo held {held}; cat >/dev/null; fi; echo '{told}'""")
        sizes = iter((10_000_000, 10_000_000 + 1000 * 1024 * 16))
        with mock.patch("comparison.transports.resident_octets", lambda _: next(sizes)):
            return self.meeting.measure(self.measurement("tls-idle"))

    def test_memory_for_each_idle_connection(self):
        found = self.hold(1000, 0)
        self.assertEqual((found["octets"], found["asked"], found["failures"]), (16 * 1024, 1000, 0))

    def test_closed_connections_take_no_memory(self):
        self.assertEqual(self.hold(1000, 100)["failures"], 100)

    def test_too_few_connections_are_no_measurement(self):
        with self.assertRaisesRegex(Trouble, "only 800 of 1000 connections stayed open"):
            self.hold(1000, 200)

    def test_uris_ask_what_the_list_asks(self):
        lines = pathlib.Path(self.meeting.uris(5702)).read_text().splitlines()
        names = pathlib.Path(self.load.questions["secured"]).read_text().splitlines()
        self.assertEqual(len(lines), len(names))
        self.assertRegex(lines[0], r"^https://127\.0\.0\.1:5702/dns-query\?dns=AAABAAABAAAAAAAA[A-Za-z0-9_-]+$")

    def test_names_that_cannot_be_had_beforehand_are_trouble(self):
        with mock.patch.object(Load, "run", lambda *_, **__: counted(sent=400, positive=399)), \
                self.assertRaisesRegex(Trouble, "1 of 400 names could not be had"):
            self.load.warm(SECURED, 5700, os.getpid())


class SecuredTables(unittest.TestCase):
    FIGURES = {"vouch": {"dot": figures(3), "doh-get": figures(5, busy=0.5), "doq-single": figures(24), "tls-idle": idle(12),
                         "tls-full": figures(500)},
               "unbound": {"dot": figures(8), "doh-get": figures(10), "tls-idle": idle(22)},
               "named": {"doh-get": figures(9)}}

    def cells(self, name, *phases):
        row = next(line for line in table.secured_table(self.FIGURES, phases).splitlines() if name in line)
        return [cell.strip() for cell in row.strip("|").split("|")]

    def test_rows(self):
        self.assertEqual(self.cells("vouch", "dot", "doh-get"),
                         ["vouch", "3.00", "333333", "0.38", "5.00", "200000+", "0.50", "0 of 2000"])
        self.assertEqual(self.cells("named", "dot", "doh-get"), ["named", "-", "-", "-", "9.00", "111111", "0.90", "0 of 1000"])
        self.assertEqual(self.cells("vouch", "doq-single"), ["vouch", "24.00", "41667", "0 of 1000"])  # Unbound has no QUIC
        self.assertEqual(self.cells("vouch", "tls-idle"), ["vouch", "12.0", "0.55", "0 of 1000"])
        self.assertEqual(self.cells("vouch", "tls-full")[1], "500")

    def test_who_serves_none_of_it_has_no_row(self):
        self.assertNotIn("named", table.secured_table(self.FIGURES, ("dot",)))
        self.assertEqual(table.secured_table(self.FIGURES, ("doq-many",)), "")

    def words(self, found):
        return [line.split("  ")[0].strip() for line in table.secured_targets(found)]

    def test_targets(self):
        self.assertEqual(self.words(self.FIGURES),
                         ["met", "met", "not measured", "not measured", "met", "met", "not measured"])
        worse = {"vouch": {"dot": figures(4.1), "doh-get": figures(5.5), "doq-single": figures(26), "tls-idle": idle(21),
                           "quic-idle": idle(96)}, "unbound": self.FIGURES["unbound"], "named": self.FIGURES["named"]}
        self.assertEqual(self.words(worse), ["MISSED", "MISSED", "not measured", "not measured", "MISSED", "MISSED", "met"])
        self.assertIn("(doh-get), as a share of the best peer's (named): 0.61", table.secured_targets(worse)[1])

    def test_the_report_shows_them_and_says_what_was_left_out(self):
        results = Results({"vouch": "1"}, ["vouch", "unbound", "named"])
        for server, found in self.FIGURES.items():
            results.add(ENCRYPTED, server, found)
        results.add(ENCRYPTED, "vouch", {"quic-idle": idle(90)})  # from another process
        results.left_out.append("named serves no QUIC")
        text = results.text()
        for words in ("### Cached answers over TLS and HTTPS", "### Cached answers over QUIC", "### New connections", "### Idle",
                      "Left out: named serves no QUIC.", "met              memory of an idle connection over QUIC, in KiB: 90.00"):
            self.assertIn(words, text)
        self.assertNotIn("hot answer", text)  # UDP was not measured


class Endings(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = pathlib.Path(self.folder.name) / "log"
        self.cpu = min(os.sched_getaffinity(0))

    def test_all_end_on_the_way_out(self):
        with self.assertRaises(KeyboardInterrupt), Processes() as processes:
            one = processes.start(["sleep", 300], self.cpu, self.log)
            stubborn = processes.start(["sh", "-c", "trap '' TERM; echo ready; sleep 1 & wait; wait"], self.cpu, self.log)
            wait_until(lambda: "ready" in self.log.read_text(), stubborn, self.log, "sh", PATIENCE)
            raise KeyboardInterrupt
        self.assertTrue(is_gone(one.pid) and is_gone(stubborn.pid))

    def test_all_end_even_if_we_are_killed(self):
        story = textwrap.dedent(f"""
            import sys, time
            sys.path.insert(0, {str(HERE)!r})
            from comparison.processes import Processes
            with Processes() as processes:
                print(processes.start(["sleep", 300], {self.cpu}, {str(self.log)!r}).pid, flush=True)
                time.sleep(300)
            """)
        with subprocess.Popen([sys.executable, "-B", "-c", story], stdout=subprocess.PIPE, text=True) as us:
            sleeper = int(us.stdout.readline())
            deadline = time.monotonic() + PATIENCE
            comm = pathlib.Path(f"/proc/{sleeper}/comm")
            while comm.read_text().strip() != "sleep" and time.monotonic() < deadline:
                time.sleep(0.02)  # setpriv has set the signal by the time that it has become sleep
            us.send_signal(signal.SIGKILL)
        while not is_gone(sleeper) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertTrue(is_gone(sleeper))

    def test_a_program_that_cannot_start_shows_its_last_words(self):
        with Processes() as processes:
            process = processes.start(["sh", "-c", "echo no such thing; exit 3"], self.cpu, self.log)
            with self.assertRaisesRegex(Trouble, r"(?s)the thing ended .*status 3.*no such thing"):
                wait_until(lambda: False, process, self.log, "the thing", PATIENCE)

    def test_children_are_counted(self):
        with Processes() as processes:
            parent = processes.start(["sh", "-c", "sleep 300 & echo ready; wait"], self.cpu, self.log)
            wait_until(lambda: "ready" in self.log.read_text(), parent, self.log, "sh", PATIENCE)
            tree = tree_of(parent.pid)
            self.assertEqual(len(tree), 2)
            self.assertGreater(resident_octets(parent.pid), 0)
            self.assertGreaterEqual(cpu_seconds(parent.pid), 0)
            os.kill(tree[1], signal.SIGTERM)


class Configurations(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.home = pathlib.Path(self.folder.name)
        self.lab = Lab("vouch-lab", self.home, 53, 3, 5, 7)
        self.lab.hints.write_text(". 3600000 IN NS a.root-server.\na.root-server. 3600000 IN A 127.1.0.1\n")
        self.lab.anchors.write_text(". 3600 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D084 58E880409BBC683457104237C7F8EC8D\n"
                                    ". 3600 IN DNSKEY 257 3 8 AwEA AaAB\n")

    def test_each_peer_is_told_whether_to_validate(self):
        for peer in (one for one in PEERS if one.resolves):
            with self.subTest(peer.name), mock.patch.object(type(peer), "path", lambda self: "/usr/sbin/" + self.program):
                texts = []
                for validate in (True, False):
                    for old in self.home.glob("*.conf"):
                        old.unlink()
                    command = peer.prepare(self.lab, self.home, 5700, validate)
                    self.assertTrue(str(command[0]).endswith(peer.program))
                    texts.append("".join(path.read_text() for path in sorted(self.home.glob("*.conf"))))
                self.assertIn("5700", texts[0])
                self.assertNotEqual(texts[0], texts[1])

    def test_each_serves_what_it_speaks(self):
        everything = Encrypted("/tls/server.pem", "/tls/server.key", {TLS: 5701, HTTPS: 5702})
        speakers = [peer for peer in PEERS if peer.name != "pdns"]
        for peer in speakers:
            with self.subTest(peer.name), mock.patch.object(type(peer), "path", lambda self: "/usr/sbin/" + self.program):
                for wanted, check in ((everything, self.assertIn), (None, self.assertNotIn)):
                    peer.prepare(self.lab, self.home, 5700, True, wanted)
                    text = "".join(path.read_text() for path in self.home.glob("*.conf"))
                    for word in ("5701", "5702", "/tls/server.pem", "/tls/server.key"):
                        check(word, text)
                    for old in self.home.glob("*.conf"):
                        old.unlink()

    def test_dnsdist_stands_before_another(self):
        with mock.patch.object(Resolver, "path", lambda self: "/usr/sbin/" + self.program):
            self.assertIn("unbound", str(DnsDist().behind(self.lab, self.home, 5700, True)[0]))
            self.assertIn("port: 5704", (self.home / "unbound.conf").read_text())
            DnsDist().prepare(self.lab, self.home, 5700, True)
        self.assertIn("newServer('127.0.0.1:5704')", (self.home / "dnsdist.conf").read_text())

    def test_questions_are_of_names_that_exist_or_do_not(self):
        paths = self.lab.write_questions(self.home)
        lines = {kind: path.read_text().splitlines() for kind, path in paths.items()}
        self.assertEqual(len(set(lines["cold"])), 3 * 50 * 2)
        self.assertEqual(set(lines["hot"]), {line for line in lines["cold"] if line.endswith(" A")})
        self.assertEqual(lines["big"], [f"n{i}.big.bench A" for i in range(5)])
        self.assertEqual(len(set(lines["nx"]) - set(lines["cold"])), 7)

    def test_as_many_names_and_gaps_as_are_spoken_of(self):
        lab = Lab("vouch-lab", self.home, 53, 200, 5, 20_000)
        lines = {kind: path.read_text().splitlines() for kind, path in lab.write_questions(self.home).items()}
        self.assertEqual(len(lines["hot"]), 10_000)
        self.assertEqual(len(set(lines["hot"])), 10_000)
        gaps = {line.split("-")[0] + line.split(".", 1)[1] for line in lines["nx"]}  # what it stands behind, and the zone
        self.assertEqual((len(set(lines["nx"])), len(gaps)), (20_000, 10_000))

    def test_vouchd_takes_its_configuration(self):
        if VOUCHD is None:
            self.skipTest("vouchd is not built")
        self.lab.anchors.write_text(". 3600 IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n")
        command = Vouch(VOUCHD).prepare(self.lab, self.home, 5700, True)
        self.assertEqual(command[1], "--config")
        identity = HERE / "identity"
        secured = Encrypted(identity / "server.pem", identity / "server.key", {TLS: 5701, HTTPS: 5702, QUIC: 5703})
        for ports in ({TLS: 5701}, {QUIC: 5703}, secured.ports):
            Vouch(VOUCHD).prepare(self.lab, self.home, 5700, True, Encrypted(secured.certificate, secured.key, ports))


def main():
    global VOUCHD
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vouchd")
    known, rest = parser.parse_known_args()
    VOUCHD = known.vouchd
    unittest.main(argv=[sys.argv[0]] + rest)


if __name__ == "__main__":
    main()
