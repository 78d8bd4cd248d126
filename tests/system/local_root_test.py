#!/usr/bin/env python3
"""The root zone at home (RFC 8806) on the lab: fetched from an NSD, verified, used in the place of the root servers, kept
through a restart without any source, and not used when one octet of it is wrong. And transfers from that NSD with TSIG.

    local_root_test.py --vouchd FILE --lab FILE --root-maker FILE --zone-fetch FILE

The zone that NSD serves has the lab's delegations and a key of its own, so that whatever vouchd answers with AD came from it:
the lab's own root servers sign with a key that this vouchd trusts only in the tests of the way back to them.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import PATIENCE, Lab, Vouchd, free_port  # noqa: E402

OPTIONS = None
ROOT_SERVERS = ("127.1.0.1", "127.1.0.2")
SECRET = "c2VjcmV0IG9mIHRoZSBsYWIsIDMyIG9jdGV0cyBsb25n"
KEY = f"""key:
  name: transfer.lab.
  algorithm: hmac-sha256
  secret: "{SECRET}"
"""


class Nsd:
    """Serves the zone file as the root, to anybody, and to whoever has the key as `keyed.`."""

    def __init__(self, folder, zone_file):
        self.port = free_port()
        self.log = folder / "nsd.log"
        (folder / "keyed.zone").write_text(
            "keyed. 60 IN SOA ns.keyed. admin.keyed. 7 3600 600 86400 60\nkeyed. 60 IN NS ns.keyed.\n"
            + "".join(f"n{i}.keyed. 60 IN TXT \"{'text ' * 30}\"\n" for i in range(3000)), encoding="ascii")
        config = folder / "nsd.conf"
        config.write_text(
            f"server:\n  ip-address: 127.0.0.1@{self.port}\n  username: \"\"\n  chroot: \"\"\n  database: \"\"\n"
            f"  zonesdir: \"{folder}\"\n  pidfile: \"{folder}/nsd.pid\"\n  xfrdfile: \"{folder}/xfrd.state\"\n"
            f"  zonelistfile: \"{folder}/zone.list\"\n  cookie-secret-file: \"\"\n  xfrdir: \"{folder}\"\n"
            f"remote-control:\n  control-enable: no\n{KEY}"
            f"zone:\n  name: .\n  zonefile: \"{zone_file}\"\n  provide-xfr: 127.0.0.0/8 NOKEY\n"
            f"zone:\n  name: keyed.\n  zonefile: \"{folder}/keyed.zone\"\n  provide-xfr: 127.0.0.0/8 transfer.lab.\n",
            encoding="ascii")
        program = shutil.which("nsd") or "/usr/sbin/nsd"
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen([program, "-d", "-c", str(config)], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while fetch(self.port, ".").returncode != 0:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError("NSD does not serve: " + self.log.read_text(encoding="utf-8"))
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def fetch(port, zone, *key):
    return subprocess.run([OPTIONS.zone_fetch, f"127.0.0.1@{port}", zone, *key], capture_output=True, text=True,
                          timeout=PATIENCE, check=False)


class LocalRoot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-local-root-")
        cls.base = pathlib.Path(cls.folder.name)
        cls.lab = Lab(OPTIONS.lab, cls.base / "lab")
        cls.zone, cls.anchor = cls.base / "root.zone", cls.base / "anchor"
        subprocess.run([OPTIONS.root_maker, "from", cls.lab.folder / "zones/root.zone", cls.zone, cls.anchor, "2026010100"],
                       check=True, timeout=PATIENCE)
        # Both keys, for the way back to the root servers.
        cls.both = cls.base / "both"
        cls.both.write_text(cls.anchor.read_text() + (cls.lab.folder / "root.anchors").read_text(), encoding="ascii")
        # One octet of glue, which nobody signs.
        lines = cls.zone.read_text(encoding="ascii").splitlines(True)
        at = next(i for i, line in enumerate(lines) if " IN A 127.2.1.1" in line)
        lines[at] = lines[at].replace("127.2.1.1", "127.2.1.9")
        cls.forged = cls.base / "forged.zone"
        cls.forged.write_text("".join(lines), encoding="ascii")
        cls.rows = [row for row in cls.lab.manifest() if row["verdict"] in ("secure", "insecure") and row["or"] == "-"
                    and row["transport"] == "udp" and row["rcode"] in ("NOERROR", "NXDOMAIN")][:60]

    @classmethod
    def tearDownClass(cls):
        cls.lab.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(dir=self.base))
        self.vouchd = None

    def tearDown(self):
        if self.vouchd is not None and self.vouchd.is_running():
            self.assertEqual(0, self.vouchd.stop())
        if self.vouchd is not None:
            self.vouchd.log.close()

    def begin(self, port, anchor=None, **local_root):
        # RFC 5011 and RFC 8145 ask the root's servers themselves, by their nature.
        self.vouchd = Vouchd(
            OPTIONS.vouchd, self.lab, self.home, "enforce", web={},
            resolver={"local_root": {"enabled": True, "sources": [f"127.0.0.1@{port}"], **local_root}},
            dnssec={"trust_anchors_file": str(anchor or self.anchor), "rfc5011": False, "rfc8145_signals": False})
        self.lab.tell("reset")

    def status(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.vouchd.web_port}/api/v1/status", timeout=PATIENCE) as reply:
            return json.load(reply)["local_root"]

    def wait_for(self, condition):
        until = time.monotonic() + PATIENCE
        while not condition(self.status()):
            self.assertLess(time.monotonic(), until, self.vouchd.logged())
            time.sleep(0.1)

    def asked_of_root(self):
        """What the root servers have heard. Transfers do not go there."""
        rows = [line.split() for line in self.lab.tell("log .").splitlines()]
        return [row for row in rows if len(row) > 3 and row[1].split("@")[0] in ROOT_SERVERS]

    def answers_are_right(self, secure_as=None):
        for row in self.rows:
            reply = self.vouchd.reply(row["name"], row["type"], do=True)
            self.assertIsNotNone(reply, row)
            told = (reply.rcode, reply.ad)
            self.assertEqual((row["rcode"], row["verdict"] == "secure"), told, row)

    def test_fetched_verified_and_used(self):
        nsd = Nsd(self.home, self.zone)
        try:
            self.begin(nsd.port)
            self.wait_for(lambda status: status["in_use"])
            self.lab.tell("reset")
            self.answers_are_right()
            for name in ("no-such-tld.", "www.nor-this.", "a.b.c.nothing."):
                reply = self.vouchd.reply(name, "A", do=True)
                self.assertEqual(("NXDOMAIN", True), (reply.rcode, reply.ad), name)
            self.assertEqual([], self.asked_of_root())
            self.wait_for(lambda status: status["replies"] > 5)  # figures may be a second old
            status = self.status()
            self.assertEqual((2026010100, f"127.0.0.1@{nsd.port}", ""), (status["serial"], status["source"], status["failure"]))
            with urllib.request.urlopen(f"http://127.0.0.1:{self.vouchd.web_port}/metrics", timeout=PATIENCE) as metrics:
                text = metrics.read().decode()
            self.assertIn("vouch_local_root_in_use 1", text)
            self.assertIn('vouch_local_root_looks_total{outcome="whole"} 1', text)
        finally:
            nsd.stop()
        # Again without any source: what was kept is verified again and used from the first question on.
        self.assertEqual(0, self.vouchd.stop())
        self.lab.tell("reset")
        self.vouchd.start()
        self.assertIsNotNone(self.vouchd.wait_for_log("event=local_root_restored"))
        self.answers_are_right()
        self.assertEqual([], self.asked_of_root())
        # One octet of what is kept is changed.
        self.assertEqual(0, self.vouchd.stop())
        kept = self.home / "root-zone"
        octets = bytearray(kept.read_bytes())
        octets[octets.index(bytes((127, 2, 1, 1))) + 3] = 9
        kept.write_bytes(octets)
        self.vouchd.start()
        self.assertIsNotNone(self.vouchd.wait_for_log(
            "event=local_root_not_restored .*differs from what its ZONEMD record was made of"))
        self.assertFalse(self.status()["in_use"])

    def test_a_changed_octet_is_not_used_and_the_root_servers_are_asked(self):
        nsd = Nsd(self.home, self.forged)
        try:
            self.begin(nsd.port, anchor=self.both)
            self.assertIsNotNone(self.vouchd.wait_for_log("fault=rejected"))
            self.assertFalse((self.home / "root-zone").exists())
            status = self.status()
            self.assertEqual((False, None), (status["in_use"], status["serial"]))
            self.assertIn("differs from what its ZONEMD record was made of", status["failure"])
            self.answers_are_right()
            self.assertNotEqual([], self.asked_of_root())
        finally:
            nsd.stop()

    def test_from_a_file(self):
        self.begin(1, file=str(self.zone))
        self.assertTrue(self.status()["in_use"])
        self.answers_are_right()
        self.assertEqual([], self.asked_of_root())

    def test_without_a_source_the_root_servers_are_asked(self):
        self.begin(free_port(), anchor=self.both)
        self.answers_are_right()
        self.assertIsNotNone(self.vouchd.wait_for_log("fault=unreachable"))

    def test_transfers_with_tsig(self):
        nsd = Nsd(self.home, self.zone)
        try:
            key = f"hmac-sha256:transfer.lab.:{SECRET}"
            came = fetch(nsd.port, "keyed.", key)
            self.assertEqual(0, came.returncode, came.stdout)
            self.assertIn("serial 7 records 3002", came.stdout)
            self.assertGreater(int(came.stdout.split("messages ")[1].split()[0]), 5)
            for wrong, why in ((f"hmac-sha256:transfer.lab.:{'A' * 44}", "BADSIG"), (f"hmac-sha256:other.lab.:{SECRET}", "BADKEY"),
                               # NSD knows the secret, and says so with a signature that holds.
                               (f"hmac-sha512:transfer.lab.:{SECRET}", "refused: the server says REFUSED")):
                refused = fetch(nsd.port, "keyed.", wrong)
                self.assertEqual(1, refused.returncode)
                self.assertIn(why, refused.stdout)
            self.assertEqual(1, fetch(nsd.port, "keyed.").returncode)
        finally:
            nsd.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("vouchd", "lab", "root-maker", "zone-fetch"):
        parser.add_argument(f"--{option}", required=True)
    OPTIONS = parser.parse_args()
    unittest.main(argv=[sys.argv[0]], verbosity=2)
