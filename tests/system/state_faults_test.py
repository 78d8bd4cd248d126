#!/usr/bin/env python3
"""The files that vouchd writes, and what goes wrong with them: cut and damaged, a disk that is full or read-only, and kill -9
in the midst of a write. Whatever happens it starts, serves, and believes nothing that is damaged. In a mount namespace of its
own, with a file system of one MiB. Nothing leaves loopback."""
import argparse
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import SKIPPED, Lab, Vouchd  # noqa: E402

OPTIONS = None
INSIDE = "VOUCH_STATE_FAULTS"
NAME = "www.alg13.nsec."
OTHERS = [f"x{number}.wild.nsec." for number in range(40)]
# What lies in the state folder after an orderly end, and what is said of one that is damaged. A history that is none begins
# anew. The identity's pair is there where vouchd made it itself.
STATE_FILES = {"cache-snapshot": "event=cache_snapshot_(damaged|discarded)", "trust-anchors": "event=trust_anchors_unreadable",
               "negative-anchors": "event=negative_anchors_unreadable", "history.sqlite3": None}
KILLS = 200


def enter_mount_namespace():
    """Why that cannot be, or nothing inside."""
    if os.environ.get(INSIDE):
        return None
    if not shutil.which("unshare"):
        return "unshare is not installed"
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        unshare.insert(1, "--map-root-user")
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "no mount namespaces here"
    os.environ[INSIDE] = "1"
    os.execvp(unshare[0], unshare + [sys.executable, "-B"] + sys.argv)


class StateFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-state-")
        cls.lab = Lab(OPTIONS.lab, cls.folder.name + "/lab")

    @classmethod
    def tearDownClass(cls):
        cls.lab.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory(prefix="vouch-state-")  # configuration, log and socket
        self.state = pathlib.Path(self.own.name, "state")
        self.state.mkdir(mode=0o700)
        self.is_mounted = False
        self.vouchd = None

    def tearDown(self):
        if self.vouchd and self.vouchd.is_running():
            self.vouchd.stop()
        if self.vouchd:
            self.vouchd.log.close()
        if self.is_mounted:
            subprocess.run(["umount", self.state], check=True)
        self.own.cleanup()

    def mount(self, *options):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700" + "".join("," + each for each in options),
                        "tmpfs", self.state], check=True)
        self.is_mounted = True

    def begin(self):
        self.vouchd = Vouchd(OPTIONS.vouchd, self.lab, self.own.name, mode="enforce",
                             telemetry={"state_directory": self.state}, web={},
                             more=f"cache: {{snapshot: {{enabled: true, state_directory: '{self.state}'}}}}\n")
        text = self.vouchd.file.read_text(encoding="utf-8")
        moved = text.replace(f"state_directory: '{self.own.name}'", f"state_directory: '{self.state}'")
        self.assertNotEqual(text, moved)
        self.vouchd.stop()
        for name in os.listdir(self.state):
            os.unlink(self.state / name)
        self.vouchd.file.write_text(moved, encoding="utf-8")
        self.vouchd.start()

    def command(self, word, **arguments):
        """The last line of the answer, or None when vouchd does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as mine:
                mine.settimeout(20)
                mine.connect(str(self.vouchd.control))
                mine.sendall(json.dumps({"command": word, **arguments}).encode() + b"\n")
                octets = b""
                while not octets.endswith(b"\n"):
                    more = mine.recv(65536)
                    if not more:
                        return None
                    octets += more
                return json.loads(octets.splitlines()[-1])
        except OSError:
            return None

    def expect_service(self):
        self.assertTrue(self.vouchd.is_running(), self.vouchd.logged())
        reply = self.vouchd.reply(NAME, do=True)
        self.assertEqual((reply.rcode, reply.ad), ("NOERROR", True), self.vouchd.logged()[-2000:])

    def fill(self):
        self.expect_service()
        for name in OTHERS[:10]:
            self.assertEqual(self.vouchd.ask(name)[0], 0)

    def end(self):
        self.assertEqual(self.vouchd.stop(), 0)

    # ---------------------------------------------------------------------------------------------------- damaged files

    def restart_with(self, path, octets):
        path.write_bytes(octets)
        before = len(self.vouchd.logged())
        self.vouchd.start()
        self.expect_service()
        self.end()
        return self.vouchd.logged()[before:]

    def expect_told(self, name, log):
        if STATE_FILES.get(name):
            self.assertRegex(log, STATE_FILES[name])

    def test_cut_and_damaged_files_cost_what_was_in_them_and_nothing_else(self):
        self.begin()
        self.fill()
        added = self.command("nta add", **{"zone": "other.nsec.", "for": "7d", "reason": "a test", "stays": True})
        self.assertTrue(added["ok"] and added["saved"], added)
        deadline = time.monotonic() + 20
        while not (self.state / "trust-anchors").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.end()
        written = {path.name: path.read_bytes() for path in self.state.iterdir() if path.is_file()}
        for name in STATE_FILES:
            self.assertIn(name, sorted(written))
        rnd = random.Random(4)
        for name, whole in sorted(written.items()):
            if name.endswith(("-wal", "-shm")):
                continue
            path = self.state / name
            cuts = [0, 1, len(whole) // 2, len(whole) - 1]
            flips = [rnd.randrange(len(whole)) for _ in range(3)]
            for length in cuts:
                with self.subTest(file=name, cut=length):
                    self.expect_told(name, self.restart_with(path, whole[:length]))
            for at in flips:
                with self.subTest(file=name, flipped=at):
                    octets = bytearray(whole)
                    octets[at] ^= 1 << rnd.randrange(8)
                    self.expect_told(name, self.restart_with(path, bytes(octets)))
            path.write_bytes(whole)

    # ------------------------------------------------------------------------------------------------------------- disk

    def expect_unsaved(self):
        before = self.vouchd.logged().count("event=cache_snapshot_not_saved")
        for _ in range(8):
            answer = self.command("snapshot")
            self.assertFalse(answer["ok"], answer)
            self.expect_service()
        after = self.vouchd.logged().count("event=cache_snapshot_not_saved")
        self.assertEqual(after - before, 1, "one line a minute at most")

    def test_a_full_disk_keeps_the_old_state_and_the_service(self):
        self.mount()
        self.begin()
        self.fill()
        saved = self.command("snapshot")
        self.assertTrue(saved["ok"], saved)
        old = (self.state / "cache-snapshot").read_bytes()
        # Data that makes the next one larger than what is left.
        for name in OTHERS:
            self.vouchd.ask(name)
        filler = self.state / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        self.expect_unsaved()
        self.assertEqual((self.state / "cache-snapshot").read_bytes(), old)
        self.assertFalse((self.state / "cache-snapshot.new").exists())
        self.end()
        self.assertEqual((self.state / "cache-snapshot").read_bytes(), old)
        self.vouchd.start()  # nothing can be written, and it starts
        self.assertIsNotNone(self.vouchd.wait_for_log("event=cache_snapshot_loaded"))
        self.expect_service()
        filler.unlink()
        saved = self.command("snapshot")
        self.assertTrue(saved["ok"], saved)

    def test_a_read_only_folder_keeps_the_old_state_and_the_service(self):
        self.mount()
        self.begin()
        self.fill()
        self.assertTrue(self.command("snapshot")["ok"])
        self.end()  # a file system on which a file is open for writing cannot be made read-only
        old = (self.state / "cache-snapshot").read_bytes()
        subprocess.run(["mount", "-o", "remount,ro", self.state], check=True)
        self.vouchd.start()
        self.assertIsNotNone(self.vouchd.wait_for_log("event=cache_snapshot_loaded"))
        self.expect_unsaved()
        self.end()
        self.assertEqual((self.state / "cache-snapshot").read_bytes(), old)

    # ------------------------------------------------------------------------------------------------------------- kill

    def test_killed_in_the_midst_of_writing_it_starts_with_old_or_new_state(self):
        self.begin()
        self.fill()
        self.assertTrue(self.command("snapshot")["ok"])
        rnd = random.Random(5)
        started = []
        until = time.monotonic() + OPTIONS.seconds
        while len(started) < KILLS and time.monotonic() < until:
            writing = threading.Event()

            def write():
                writing.set()
                while self.command("snapshot"):
                    pass
            writer = threading.Thread(target=write)
            writer.start()
            writing.wait()
            time.sleep(rnd.random() * 0.05)
            self.vouchd.process.kill()
            self.vouchd.process.wait()
            writer.join()
            before = len(self.vouchd.logged())
            start = time.monotonic()
            self.vouchd.start()
            started.append(time.monotonic() - start)
            self.assertIsNotNone(self.vouchd.wait_for_log(r"event=cache_snapshot_loaded rrsets=[1-9]", since=before),
                                 self.vouchd.logged()[before:])
            log = self.vouchd.logged()[before:]
            for told in ("damaged", "discarded", "unreadable"):
                self.assertNotIn(told, log)
        self.expect_service()
        started.sort()
        print(f"\n{len(started)} times killed; serving again after {started[len(started) // 2] * 1000:.0f} ms at the median, "
              f"{started[-1] * 1000:.0f} ms at most")
        self.assertGreater(len(started), 20)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vouchd", required=True, type=pathlib.Path)
    parser.add_argument("--lab", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=120, help="for killing and starting again, at most")
    OPTIONS, rest = parser.parse_known_args()
    why_not = enter_mount_namespace()
    if why_not:
        print(f"skipped: {why_not}")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
