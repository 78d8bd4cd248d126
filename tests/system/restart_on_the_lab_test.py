#!/usr/bin/env python3
"""What survives a restart: vouchd on the lab, ended, damaged in its memory, and started again while no authority answers.
What it says then it can only have from its snapshot. Nothing leaves loopback."""
import argparse
import os
import pathlib
import stat
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import Lab, Vouchd  # noqa: E402

OPTIONS = None
SECURE = "www.alg13.nsec."
UNSIGNED = "www.shop.plain."
MISSING = "nobody-has-this-name.alg13.nsec."
LOADED = r"event=cache_snapshot_loaded rrsets=(\d+) delegations=(\d+) proofs=(\d+) servers=(\d+) unjudged=(\d+)"


class Restarts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-restart-")
        cls.lab = Lab(OPTIONS.lab, cls.folder.name + "/lab")

    @classmethod
    def tearDownClass(cls):
        cls.lab.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory(prefix="vouch-restart-")
        self.file = pathlib.Path(self.own.name, "cache-snapshot")
        snapshot = f"snapshot: {{enabled: true, state_directory: '{self.own.name}'}}"
        self.vouchd = Vouchd(OPTIONS.vouchd, self.lab, self.own.name, mode="enforce", more=f"cache: {{{snapshot}}}\n")

    def tearDown(self):
        self.lab.tell("clear")
        if self.vouchd.is_running():
            self.assertEqual(self.vouchd.stop(), 0)
        self.vouchd.log.close()
        self.own.cleanup()

    def fill(self):
        for name in (SECURE, UNSIGNED):
            self.assertEqual(self.vouchd.reply(name).rcode, "NOERROR", name)
        self.assertEqual(self.vouchd.reply(MISSING).rcode, "NXDOMAIN")

    def restart(self, between=lambda: None):
        """Into a world without authorities. What was logged since."""
        self.assertEqual(self.vouchd.stop(), 0)
        between()
        self.lab.tell("drop=1")
        before = len(self.vouchd.logged())
        self.vouchd.start()
        return before

    def loaded(self, before):
        found = self.vouchd.wait_for_log(LOADED, since=before)
        self.assertIsNotNone(found, self.vouchd.logged()[before:])
        return [int(number) for number in found.groups()]

    def expect_unanswered(self, name):
        rcode, _ = self.vouchd.ask(name, timeout=8)
        self.assertIn(rcode, (2, None), name)

    def expect_discarded(self, before, why):
        self.assertIsNotNone(self.vouchd.wait_for_log(f"event=cache_snapshot_discarded problem=.*{why}"),
                             self.vouchd.logged()[before:])
        self.expect_unanswered(SECURE)

    def test_answers_are_there_at_once_and_as_secure_as_before(self):
        self.fill()
        first = self.vouchd.reply(SECURE, do=True)
        before = self.restart()
        rrsets, delegations, proofs, servers, unjudged = self.loaded(before)
        self.assertGreater(rrsets, 4)
        self.assertGreater(delegations, 1)
        self.assertGreater(proofs, 0)
        self.assertGreater(servers, 1)
        self.assertEqual(unjudged, 0)
        again = self.vouchd.reply(SECURE, do=True)
        self.assertEqual(again.rcode, "NOERROR")
        self.assertTrue(again.ad)
        self.assertEqual(again.data(), first.data())
        self.assertLessEqual(again.answer[0].ttl, first.answer[0].ttl)
        self.assertFalse(self.vouchd.reply(UNSIGNED, do=True).ad)
        gone = self.vouchd.reply(MISSING, do=True)
        self.assertEqual((gone.rcode, gone.ad), ("NXDOMAIN", True))
        # Nobody has asked for this one: that it is not there follows from a proof that was kept (RFC 8198).
        self.assertEqual(self.vouchd.reply("nobody-has-this-namf.alg13.nsec.").rcode, "NXDOMAIN")

    def test_the_file_is_for_our_eyes_alone_and_nothing_lies_beside_it(self):
        self.fill()
        self.vouchd.stop()
        mode = stat.S_IMODE(self.file.stat().st_mode)
        self.assertEqual(mode, 0o600)
        self.assertFalse(pathlib.Path(str(self.file) + ".new").exists())

    def test_with_another_anchor_everything_is_judged_anew(self):
        self.fill()
        text = self.vouchd.file.read_text(encoding="utf-8")
        changed = text.replace("dnssec: {", "dnssec: {negative_trust_anchors: ['other.nsec.'], ")
        self.assertNotEqual(changed, text)
        before = self.restart(lambda: self.vouchd.file.write_text(changed, encoding="utf-8"))
        rrsets, _, proofs, _, unjudged = self.loaded(before)
        self.assertGreater(rrsets, 4)
        self.assertGreater(unjudged, 2)
        self.assertEqual(proofs, 0)
        # Keys and signatures lie beside the data: no server need be asked to judge it.
        again = self.vouchd.reply(SECURE, do=True)
        self.assertEqual((again.rcode, again.ad), ("NOERROR", True))

    def test_with_other_servers_configured_nothing_is_believed(self):
        self.fill()
        with open(self.vouchd.file, "a", encoding="utf-8") as file:
            file.write("forward: {zones: [{zone: elsewhere.test., servers: ['127.9.9.9']}]}\n")
        self.expect_discarded(self.restart(), "root hints, stub or forward zones")

    def test_a_damaged_file_ends_where_the_damage_is(self):
        self.fill()

        def damage():
            octets = bytearray(self.file.read_bytes())
            octets[-10] ^= 1
            self.file.write_bytes(octets)
        before = self.restart(damage)
        self.loaded(before)
        self.assertIsNotNone(self.vouchd.wait_for_log("event=cache_snapshot_damaged"))
        self.assertTrue(self.vouchd.is_running())

    def test_a_file_that_is_none_is_discarded(self):
        self.fill()
        self.expect_discarded(self.restart(lambda: self.file.write_bytes(b"no snapshot" * 100)), "not a snapshot")

    def test_what_others_could_have_written_is_not_read(self):
        self.fill()
        self.expect_discarded(self.restart(lambda: self.file.chmod(0o620)), "may be written to by others")

    def test_a_link_is_not_followed(self):
        self.fill()

        def link():
            elsewhere = pathlib.Path(self.own.name, "elsewhere")
            self.file.rename(elsewhere)
            self.file.symlink_to(elsewhere)
        self.expect_discarded(self.restart(link), "cache-snapshot: ")

    def test_a_folder_that_others_write_to_is_not_used(self):
        self.fill()
        before = self.restart(lambda: os.chmod(self.own.name, 0o777))
        self.expect_discarded(before, "may be written to by others")
        self.vouchd.stop()
        self.assertIn("event=cache_snapshot_not_saved", self.vouchd.logged())

    def test_nothing_is_written_unless_it_was_asked_for(self):
        text = self.vouchd.file.read_text(encoding="utf-8")
        self.vouchd.stop()
        self.file.unlink()
        self.vouchd.file.write_text(text.replace("enabled: true", "enabled: false"), encoding="utf-8")
        self.vouchd.start()
        self.fill()
        self.vouchd.stop()
        self.assertFalse(self.file.exists())

    def test_a_restart_that_comes_at_once_does_not_lose_what_is_on_the_disk(self):
        self.fill()
        self.vouchd.stop()
        size = self.file.stat().st_size
        for _ in range(5):  # it may end before it has taken up anything
            self.vouchd.start()
            self.vouchd.stop()
            self.assertGreaterEqual(self.file.stat().st_size, size * 9 // 10)

    def test_ended_data_bridges_an_outage_over_a_restart(self):
        """Serve-stale with a snapshot: the age of data goes on counting while vouchd is not running."""
        self.vouchd.stop()
        text = self.vouchd.file.read_text(encoding="utf-8")
        self.vouchd.file.write_text(text.replace("cache: {", "cache: {ttl_max: 1, serve_stale: {enabled: true, "
                                                             "max_stale: 3600}, "), encoding="utf-8")
        self.vouchd.start()
        self.fill()
        before = self.restart(lambda: time.sleep(2))
        self.loaded(before)
        stale = self.vouchd.reply(SECURE, do=True)
        self.assertEqual((stale.rcode, stale.ad), ("NOERROR", False))
        self.assertEqual([code for code, _ in stale.ede], [3])
        self.vouchd.stop()
        text = self.vouchd.file.read_text(encoding="utf-8")
        self.vouchd.file.write_text(text.replace("max_stale: 3600", "max_stale: 2"), encoding="utf-8")
        time.sleep(2)
        before = len(self.vouchd.logged())
        self.vouchd.start()
        self.loaded(before)
        self.expect_unanswered(SECURE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vouchd", required=True, type=pathlib.Path)
    parser.add_argument("--lab", required=True, type=pathlib.Path)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
