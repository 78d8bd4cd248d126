#!/usr/bin/env python3
"""Response policy zones on the lab: rules from a file, which changes and breaks while clients are served; rules from a real
primary (NSD) by AXFR and IXFR with TSIG, kept through a restart without it; and that no rule lets bogus data out."""
import argparse
import base64
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import PATIENCE, SKIPPED, Lab, Vouchd, free_port  # noqa: E402

OPTIONS = None
GOOD, OTHER, BOGUS = "www.alg13.nsec.", "www.alg8.nsec.", "www.rrsig-expired.nsec3."
# Refresh in a minute, the least that vouchd makes of it.
HEAD = "$TTL 60\n@ SOA ns.rpz.test. host.rpz.test. {serial} 60 60 86400 30\n  NS ns.rpz.test.\n"


def kdig(vouchd, *words):
    """(status, answers as "TYPE data", the whole text); status None: silence."""
    result = subprocess.run(["kdig", "@127.0.0.1", "-p", str(vouchd.port), "+time=3", "+retry=0", *words],
                            capture_output=True, text=True, timeout=PATIENCE, check=False)
    text = result.stdout
    status = re.search(r"status: (\w+)", text)
    answers = re.findall(r"^\S+\s+\d+\s+IN\s+(\S+)\s+(.*)$", text.partition(";; ANSWER SECTION:")[2].partition("\n\n")[0], re.M)
    return (status and status.group(1)), [f"{kind} {data}" for kind, data in answers], text


class OnTheLab(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="vouch-rpz-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.folder.chmod(0o755)
        self.lab = Lab(OPTIONS.lab, self.folder / "lab")
        self.addCleanup(self.lab.stop)

    def start(self, zone):
        vouchd = Vouchd(OPTIONS.vouchd, self.lab, self.folder, mode="enforce",
                        more=f"policy: {{state_directory: '{self.folder}', rpz: [{{zone: rpz.test, {zone}}}]}}\n")
        self.addCleanup(vouchd.log.close)
        self.addCleanup(lambda: vouchd.is_running() and vouchd.stop())
        return vouchd

    def put(self, name, rules, serial=1):
        path = self.folder / name
        fresh = path.with_suffix(".new")
        fresh.write_text(HEAD.format(serial=serial) + rules, encoding="ascii")
        fresh.rename(path)
        return path

    def until(self, what, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not what():
            self.assertLess(time.monotonic(), end, "it did not happen")
            time.sleep(0.2)

    def test_rules_from_a_file(self):
        file = self.put("rules.zone", "nothing.rules CNAME .\n")
        vouchd = self.start(f"file: '{file}', error: filtered")
        status, real, text = kdig(vouchd, GOOD, "+dnssec")
        self.assertEqual(status, "NOERROR", text)
        self.assertIn(" ad", text)  # the lab's chain of trust holds
        address = next(answer.split()[1] for answer in real if answer.startswith("A "))
        backwards = ".".join(reversed(address.split(".")))

        def say(*rules):
            self.put("rules.zone", "".join(f"{rule}\n" for rule in rules))
            loaded = vouchd.logged().count("event=rpz_zone_loaded")
            self.until(lambda: vouchd.logged().count("event=rpz_zone_loaded") > loaded)
            time.sleep(0.3)  # from the log to the workers

        say(f"{GOOD}rpz.test. CNAME .", f"{BOGUS}rpz.test. CNAME rpz-passthru.", "garden.rules A 192.0.2.80",
            "alias.rules CNAME garden.invalid.", f"bogus-alias.rules CNAME {BOGUS}", "drop.rules CNAME rpz-drop.",
            f"{OTHER}rpz.test. CNAME rpz-tcp-only.", "nodata.rules CNAME *.")
        status, answers, text = kdig(vouchd, GOOD, "+dnssec")
        self.assertEqual((status, answers), ("NXDOMAIN", []), text)
        self.assertNotIn(" ad", text.partition(";; QUESTION")[0])
        self.assertIn("17", re.search(r"EDE: (.*)", text).group(1), text)
        self.assertRegex(text, r"rpz\.test\.\s+30\s+IN\s+SOA")
        self.assertEqual(kdig(vouchd, GOOD, "+cd")[0], "NXDOMAIN")
        self.assertEqual(kdig(vouchd, "garden.rules")[1], ["A 192.0.2.80"])
        self.assertEqual(kdig(vouchd, "nodata.rules")[0:2], ("NOERROR", []))
        self.assertIsNone(kdig(vouchd, "drop.rules")[0])
        self.assertEqual(kdig(vouchd, BOGUS)[0], "SERVFAIL")           # let through is not let off
        self.assertEqual(kdig(vouchd, "bogus-alias.rules")[0], "SERVFAIL")
        self.assertIn(" tc", kdig(vouchd, OTHER, "+ignore")[2].partition(";; QUESTION")[0])
        self.assertEqual(kdig(vouchd, OTHER, "+tcp")[0], "NOERROR")

        say(f"32.{backwards}.rpz-ip CNAME *.")  # cached by now
        self.assertEqual(kdig(vouchd, GOOD)[0:2], ("NOERROR", []))
        say("*.alg13.nsec.rpz-nsdname CNAME .", "*.servers.rpz-nsdname CNAME .", "8.0.0.0.127.rpz-nsip CNAME .")
        self.assertEqual(kdig(vouchd, GOOD)[0], "NXDOMAIN")  # every server of the lab is on loopback
        say("32.1.0.0.127.rpz-client-ip A 192.0.2.99")
        self.assertEqual(kdig(vouchd, OTHER)[1], ["A 192.0.2.99"])

        (self.folder / "rules.new").write_text(HEAD.format(serial=2) + "broken.rules CNAME\n", encoding="ascii")
        (self.folder / "rules.new").rename(file)
        self.assertTrue(vouchd.wait_for_log(r"event=rpz_zone_not_read .*rules\.zone:4: "))
        self.assertEqual(kdig(vouchd, OTHER)[1], ["A 192.0.2.99"])

    def test_a_mistake_ends_the_start_with_its_place(self):
        file = self.put("rules.zone", "broken.rules CNAME\n")
        try:
            vouchd = self.start(f"file: '{file}'")
        except RuntimeError as ended:
            self.assertRegex(str(ended), r"rules\.zone:4: ")
            return
        self.assertNotEqual(vouchd.process.wait(PATIENCE), 0)  # it had bound its sockets already
        self.assertRegex(vouchd.logged(), r"rules\.zone:4: ")

    def nsd(self, port, secret):
        """A primary in the foreground, asked to reread its zones by SIGHUP."""
        (self.folder / "nsd.conf").write_text(f"""
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  pidfile: "{self.folder}/nsd.pid"
  xfrdfile: "{self.folder}/xfrd.state"
  zonelistfile: "{self.folder}/zone.list"
  logfile: "{self.folder}/nsd.log"
  xfrdir: "{self.folder}"
  database: ""
  server-count: 1
remote-control:
  control-enable: no
key:
  name: transfer.
  algorithm: hmac-sha256
  secret: "{secret}"
zone:
  name: rpz.test
  zonefile: primary.zone
  provide-xfr: 127.0.0.1 transfer.
  store-ixfr: yes
  create-ixfr: yes
""", encoding="ascii")
        process = subprocess.Popen(["nsd", "-d", "-c", str(self.folder / "nsd.conf")], stderr=subprocess.DEVNULL)

        def end():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(PATIENCE)
        self.addCleanup(end)
        return process, end

    def test_rules_from_a_primary(self):
        if not shutil.which("nsd"):
            self.skipTest("nsd is not installed")
        secret = base64.b64encode(os.urandom(32)).decode()
        (self.folder / "secret").write_text(secret + "\n", encoding="ascii")
        (self.folder / "secret").chmod(0o600)
        many = "".join(f"n{i}.rules CNAME .\n" for i in range(3000))
        self.put("primary.zone", many + f"{GOOD}rpz.test. CNAME .\n")
        port = free_port()
        primary, end_primary = self.nsd(port, secret)
        zone = f"primaries: ['127.0.0.1@{port}'], tsig_key: transfer, tsig_secret_file: '{self.folder}/secret'"
        vouchd = self.start(zone)
        self.assertTrue(vouchd.wait_for_log(r"event=zone_transferred zone=rpz\.test\. serial=1 .*kind=axfr"), vouchd.logged())
        self.until(lambda: kdig(vouchd, GOOD)[0] == "NXDOMAIN")
        self.assertEqual(kdig(vouchd, "n2999.rules")[0], "NXDOMAIN")
        self.assertEqual(kdig(vouchd, OTHER)[0], "NOERROR")

        self.put("primary.zone", many + f"{OTHER}rpz.test. CNAME .\n", serial=2)
        primary.send_signal(signal.SIGHUP)
        self.assertTrue(vouchd.wait_for_log(r"event=zone_transferred zone=rpz\.test\. serial=2 .*kind=ixfr", 120), vouchd.logged())
        self.until(lambda: kdig(vouchd, OTHER)[0] == "NXDOMAIN")
        self.assertEqual(kdig(vouchd, GOOD)[0], "NOERROR")

        self.assertEqual(vouchd.stop(), 0)
        end_primary()
        vouchd.start()  # from the state directory: at once, and without the primary
        self.assertEqual(kdig(vouchd, OTHER)[0], "NXDOMAIN")
        self.assertEqual(kdig(vouchd, GOOD)[0], "NOERROR")

    def test_a_wrong_key_brings_no_rules(self):
        if not shutil.which("nsd"):
            self.skipTest("nsd is not installed")
        (self.folder / "secret").write_text(base64.b64encode(bytes(32)).decode() + "\n", encoding="ascii")
        (self.folder / "secret").chmod(0o600)
        self.put("primary.zone", f"{GOOD}rpz.test. CNAME .\n")
        port = free_port()
        self.nsd(port, base64.b64encode(os.urandom(32)).decode())
        vouchd = self.start(f"primaries: ['127.0.0.1@{port}'], tsig_key: transfer, tsig_secret_file: '{self.folder}/secret'")
        self.assertTrue(vouchd.wait_for_log(r"event=zone_transfer_failed .*zone=rpz\.test\."), vouchd.logged())
        self.assertEqual(kdig(vouchd, GOOD)[0], "NOERROR")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    OPTIONS, rest = parser.parse_known_args()
    if not shutil.which("kdig"):
        print("skipped: kdig is not installed")
        return SKIPPED
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
