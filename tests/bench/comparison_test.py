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

from comparison import table  # noqa: E402
from comparison.lab import Lab  # noqa: E402
from comparison.phases import PHASES, figures_of  # noqa: E402
from comparison.processes import Processes, Trouble, resident_octets, tree_of, wait_until  # noqa: E402
from comparison.report import NOT_VALIDATING, VALIDATING, Results  # noqa: E402
from comparison.resolvers import PEERS, Vouch  # noqa: E402

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
        for peer in PEERS:
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


def main():
    global VOUCHD
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vouchd")
    known, rest = parser.parse_known_args()
    VOUCHD = known.vouchd
    unittest.main(argv=[sys.argv[0]] + rest)


if __name__ == "__main__":
    main()
