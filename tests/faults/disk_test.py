#!/usr/bin/env python3
"""vouchd on a disk that is full, at every write: each call that makes, writes, cuts, flushes or renames a file in the state
folder fails in its turn, alone or with all that follow. It starts, serves and ends as ever; what it said was saved is there
afterwards, and what is there was whole.

    disk_test.py --vouchd FILE --lab FILE
"""
import os
import pathlib
import re
import shutil
import sys
import time

sys.dont_write_bytecode = True
SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"
sys.path[:0] = [str(SYSTEM), str(pathlib.Path(__file__).resolve().parent)]

from control_kit import ask_control  # noqa: E402
from fault_kit import Faults  # noqa: E402
from lab_kit import PATIENCE  # noqa: E402
from transport_cases import SECURE_NAME, Case, main  # noqa: E402

LIBRARY = os.environ.get("VOUCH_FAILING_DISK", "")
EXCEPTED = "other.nsec."                      # gets a negative anchor in each session
ALONE, FROM_THEN_ON = 0, 1                    # how a call fails: Faults.arm(again)
# What a session writes; one that begins with an empty folder, its own certificate and key as well.
KEPT = {"cache-snapshot", "negative-anchors", "trust-anchors", "history.sqlite3"}
MADE_FIRST = {"certificate.pem", "key.pem"}
COMPLAINTS = re.compile(r"event=\w*(?:damaged|discarded|unreadable)\w* .*")


class Disk(Case):
    def setUp(self):
        super().setUp()
        self.assertTrue(pathlib.Path(LIBRARY).is_file(), "VOUCH_FAILING_DISK names no library")
        self.faults = Faults(self.folder / "faults")
        self.told = self.folder / "told"
        self.told.touch()
        self.state = self.folder / "state"
        self.state.mkdir(mode=0o700)
        self.good = self.folder / "good"  # a state folder after a session in which nothing failed
        self.preload = {"LD_PRELOAD": LIBRARY, "VOUCH_FAULTS": str(self.faults.path), "VOUCH_DISK": f"{self.state}/",
                        "VOUCH_DISK_TOLD": str(self.told)}
        self.addCleanup(lambda: [os.environ.pop(key, None) for key in self.preload])
        state = {"state_directory": str(self.state)}
        self.vouchd = self.start_vouchd(
            encrypted=("tls",), pair=False, server={"tls": state}, dnssec=state, telemetry=state, web={},
            more=f"cache: {{snapshot: {{enabled: true, state_directory: '{self.state}'}}}}\n")
        self.assertEqual(self.vouchd.stop(), 0)
        self.begin_with(None)

    def begin_with(self, folder):
        shutil.rmtree(self.state)
        if folder is None:
            self.state.mkdir(mode=0o700)
        else:
            shutil.copytree(folder, self.state)

    def command(self, word, **arguments):
        return ask_control(self.vouchd.control, word, **arguments)

    def expect_service(self):
        self.assertTrue(self.vouchd.is_running(), self.vouchd.logged()[-4000:])
        reply = self.vouchd.reply(SECURE_NAME, do=True)
        self.assertIsNotNone(reply, self.vouchd.logged()[-4000:])
        self.assertEqual((reply.rcode, reply.ad), ("NOERROR", True), self.vouchd.logged()[-4000:])

    def session(self, faulty, anchors=True):
        """Starts, does all that is written down, and ends. Whether it said that the negative anchor is saved."""
        if faulty:
            os.environ |= self.preload
        self.vouchd.start()
        for key in self.preload:
            os.environ.pop(key, None)
        self.expect_service()
        if anchors:  # the memory of trust anchors is written when the root's keys have been looked at
            until = time.monotonic() + PATIENCE
            while not (self.state / "trust-anchors").exists() and not self.faults.failed and time.monotonic() < until:
                time.sleep(0.01)
        added = self.command("nta add", zone=EXCEPTED, **{"for": "7d", "reason": "a test", "stays": True})[1]
        self.assertTrue(added["ok"], added)
        written = self.command("snapshot")[1]
        self.assertTrue(written["ok"] or self.faults.failed, written)
        self.expect_service()
        self.assertEqual(self.vouchd.stop(), 0, self.vouchd.logged()[-4000:])
        return added["saved"]

    def look_after(self, saved, where):
        """A session with a disk as it should be: nothing of what lies there is damaged, and what was said to be saved is there."""
        before = len(self.vouchd.logged())
        self.vouchd.start()
        self.expect_service()
        listed = [line.get("zone") for line in self.command("nta list")[0]]
        self.assertTrue(not saved or EXCEPTED in listed, f"{where}: {listed}")
        self.assertEqual(self.vouchd.stop(), 0, where)
        self.assertEqual(COMPLAINTS.findall(self.vouchd.logged()[before:]), [], where)

    def sweep(self, name, state, how):
        point, unsaved = 0, 0
        while True:
            point += 1
            self.begin_with(state)
            self.faults.arm(point, how)
            failed = self.faults.failed
            told = self.told.stat().st_size
            saved = self.session(faulty=True, anchors=state is None and how == ALONE)
            self.faults.disarm()
            if self.faults.failed == failed:
                break
            unsaved += not saved
            self.look_after(saved, f"{name}, call {point}: {self.told.read_text(encoding='utf-8')[told:]}")
        print(f"{name}: {point - 1} calls failed in their turn; {unsaved} times a negative anchor was said not to be saved",
              flush=True)
        self.assertGreater(unsaved, 0)
        return point - 1

    def files_told(self):
        names = {pathlib.Path(line.split(" ", 1)[1]).name for line in self.told.read_text(encoding="utf-8").splitlines()}
        return {re.sub(r"\.new$|-wal$|-shm$|-journal$", "", name) for name in names}

    def test_every_write(self):
        self.session(faulty=False)
        shutil.copytree(self.state, self.good)
        self.assertEqual(KEPT - {path.name for path in self.good.iterdir()}, set())
        for name, state, how in (("one call", self.good, ALONE), ("all from one on", self.good, FROM_THEN_ON),
                                 ("one call of a first start", None, ALONE),
                                 ("all from one on, of a first start", None, FROM_THEN_ON)):
            self.assertGreater(self.sweep(name, state, how), 10)
        self.assertEqual((KEPT | MADE_FIRST) - self.files_told(), set())
        self.vouchd.start()  # Case expects to end it


if __name__ == "__main__":
    main(__doc__)
