#!/usr/bin/env python3
"""The helpers of ./run and ./check: the table's comparison, and the installing of packages (with a pretended Debian).

    tools_test.py --root DIR
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(sys.argv.index("--root") + 1)).resolve()
sys.argv.remove("--root")
sys.path.insert(0, str(ROOT / "tools"))
import ask_table  # noqa: E402

DIG = """\
;; Truncated, retrying in TCP mode.

; <<>> DiG 9.18 <<>> @127.0.0.1 -p 5300 www.nsec. A
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1
;; flags: qr rd ra ad; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
; EDE: 3 (Stale Answer): (late)
;; QUESTION SECTION:
;www.nsec.\t\t\tIN\tA

;; ANSWER SECTION:
www.nsec.\t\t300\tIN\tCNAME\thost.nsec.
host.nsec.\t\t300\tIN\tA\t192.0.2.1

;; Query time: 1500 usec
;; SERVER: 127.0.0.1#5300(127.0.0.1) (TCP)
"""


class Table(unittest.TestCase):
    def right(self, *columns, dig=DIG):
        row = ask_table.Row(list(columns))
        return ask_table.is_right(row, ask_table.Reply(dig, row.type))

    def test_reads_what_dig_prints(self):
        reply = ask_table.Reply(DIG, "A")
        self.assertEqual("NOERROR", reply.rcode)
        self.assertTrue(reply.ad)
        self.assertTrue(reply.over_tcp)
        self.assertEqual(1.5, reply.time_ms)
        self.assertEqual("3 (Stale Answer): (late)", reply.ede)
        self.assertEqual([("CNAME", "host.nsec."), ("A", "192.0.2.1")], reply.records)

    def test_the_whole_answer_or_the_type_asked_for_may_be_expected(self):
        self.assertTrue(self.right("www.nsec.", "A", "udp", "NOERROR", "192.0.2.1"))
        self.assertTrue(self.right("www.nsec.", "A", "udp", "NOERROR", "192.0.2.1 | host.nsec."))
        self.assertTrue(self.right("www.nsec.", "A", "udp", "NOERROR", "*"))

    def test_a_validating_resolvers_verdict_shows_in_ad_and_ede(self):
        start = ("www.nsec.", "A", "udp", "NOERROR", "192.0.2.1", "remark")
        self.assertTrue(self.right(*start, "secure", ""))
        self.assertFalse(self.right(*start, "insecure", ""))  # although AD is set
        self.assertFalse(self.right(*start, "secure", "", dig=DIG.replace(" ad;", ";")))
        refused = DIG.replace("NOERROR", "SERVFAIL").replace(" ad;", ";").split(";; ANSWER")[0]
        refused = refused.replace("EDE: 3 (Stale Answer): (late)", "EDE: 7 (Signature Expired): (rrsig_expired zone=nsec. key=1)")
        self.assertTrue(self.right("www.nsec.", "A", "udp", "SERVFAIL", "", "", "bogus", "rrsig_expired zone=nsec.", dig=refused))
        self.assertFalse(self.right("www.nsec.", "A", "udp", "SERVFAIL", "", "", "bogus", "rrsig_missing zone=nsec.", dig=refused))
        row = ask_table.Row(["www.nsec.", "A", "udp", "SERVFAIL", "", "", "bogus", "rrsig_expired zone=nsec."])
        reply = ask_table.Reply(refused, "A")
        self.assertEqual("bogus", ask_table.dnssec_cell(row, reply))
        self.assertEqual("EDE: 7 (Signature Expired): (rrsig_expired zone=nsec. key=1)", ask_table.shown_answer(reply))

    def test_anything_else_is_wrong(self):
        self.assertFalse(self.right("www.nsec.", "A", "udp", "NOERROR", "192.0.2.2"))
        self.assertFalse(self.right("www.nsec.", "A", "udp", "NOERROR", ""))
        self.assertFalse(self.right("www.nsec.", "A", "udp", "NOERROR", "192.0.2.1 | 192.0.2.2"))
        self.assertFalse(self.right("www.nsec.", "A", "udp", "NXDOMAIN", "192.0.2.1"))
        self.assertFalse(self.right("www.nsec.", "A", "udp", "NOERROR", "*", dig=""))

    def test_any_answer_is_not_no_answer(self):
        empty = DIG.split(";; ANSWER")[0]
        self.assertFalse(self.right("www.nsec.", "A", "udp", "NOERROR", "*", dig=empty))
        self.assertTrue(self.right("www.nsec.", "A", "udp", "NOERROR", "", dig=empty))

    def test_forms_of_the_same_rdata(self):
        self.assertEqual(ask_table.normal("\\# 4 0A0B 0C0D", "TYPE65400"), ask_table.normal("\\# 4 0a0b0c0d", "TYPE65400"))
        self.assertEqual(ask_table.normal('1 . alpn="h2,h3"', "HTTPS"), ask_table.normal("1 .  alpn=h2,h3", "HTTPS"))
        self.assertNotEqual(ask_table.normal('"a"', "TXT"), ask_table.normal('"A"', "TXT"))

    def test_a_resolver_that_is_not_there_fails_every_row(self):
        with tempfile.TemporaryDirectory() as folder:
            questions = pathlib.Path(folder) / "q.tsv"
            questions.write_text("name\ttype\ttransport\trcode\tanswer\tremark\nwww.nsec.\tA\tudp\tNOERROR\t192.0.2.1\tx\n")
            done = subprocess.run([sys.executable, "-B", ROOT / "tools/ask_table.py", "--port", "1", questions],
                                  capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("0 of 1 names answered as expected", done.stdout)

    def test_the_project_s_own_questions_can_be_read(self):
        self.assertGreater(len(ask_table.read_rows(ROOT / "tools/internet.tsv")), 5)


class Packages(unittest.TestCase):
    """packages.sh among pretended dpkg-query, apt-get, sudo and apt_install.sh."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        shutil.copy(ROOT / "tools/packages.sh", self.path)
        (self.path / "bin").mkdir()
        self.pretend("bin/dpkg-query", 'case " $MISSING " in *" $3 "*) exit 1 ;; esac; echo installed')
        self.pretend("bin/apt-get", 'echo "apt-get itself must not be called here"; exit 9')
        self.pretend("bin/sudo", 'echo "$@" >>"$(dirname "$0")/../sudo.log"; [ "$SUDO" = yes ] || exit 1; shift; exec "$@"')
        self.pretend("apt_install.sh", 'echo "$@" >"$(dirname "$0")/installed.log"; exit "${APT_STATUS:-0}"')

    def pretend(self, name, body):
        script = self.path / name
        script.write_text("#!/bin/sh\n" + body + "\n")
        script.chmod(0o755)

    def install(self, missing, sudo="yes", apt_status="0"):
        environment = dict(os.environ, PATH=f"{self.path}/bin:{os.environ['PATH']}", MISSING=missing, SUDO=sudo,
                           APT_STATUS=apt_status)
        return subprocess.run(["bash", self.path / "packages.sh", "install", "release"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, env=environment, check=False)

    def installed(self):
        log = self.path / "installed.log"
        return log.read_text().split() if log.exists() else []

    def test_nothing_missing_nothing_said(self):
        done = self.install("")
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
        self.assertEqual([], self.installed())

    def test_what_is_missing_is_named_and_installed_without_a_question(self):
        done = self.install("nsd cmake")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("real authoritative servers for the lab", done.stdout)
        self.assertEqual(["cmake", "nsd"], self.installed())

    def test_a_compiler_that_this_preset_does_not_use_is_not_wanted(self):
        self.assertEqual(0, self.install("g++-14 libclang-rt-19-dev").returncode)
        self.assertEqual([], self.installed())

    def test_what_only_the_browser_tests_use_is_not_wanted(self):
        self.assertEqual(0, self.install("chromium nodejs npm").returncode)
        self.assertEqual([], self.installed())

    def prepare_web_tests(self, apt_status="0"):
        shutil.copy(ROOT / "tools/web_tests.sh", self.path)
        shutil.copytree(ROOT / "tests/web", self.path / "tests/web", ignore=shutil.ignore_patterns("node_modules"))
        self.pretend("bin/npm", 'echo "no network" >&2; exit 1')
        environment = dict(os.environ, PATH=f"{self.path}/bin:{os.environ['PATH']}", MISSING="chromium", SUDO="yes",
                           APT_STATUS=apt_status)
        return subprocess.run(["bash", "-c", 'source "$1" && WEB_ROOT=$2 && prepare_web_tests', "-",
                               self.path / "web_tests.sh", self.path],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env=environment, check=False)

    def test_without_a_browser_the_rest_goes_on(self):
        done = self.prepare_web_tests(apt_status="100")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("The pages will not be tried in a browser.", done.stderr)

    def test_without_npm_the_rest_goes_on(self):
        done = self.prepare_web_tests()
        self.assertEqual((0, ["chromium"]), (done.returncode, self.installed()), done.stderr)
        self.assertIn("npm could not install its packages", done.stderr)

    def test_apt_fails(self):
        done = self.install("nsd", apt_status="100")
        self.assertEqual(1, done.returncode)
        self.assertIn("apt-get install -y --no-install-recommends nsd", done.stderr)

    @unittest.skipIf(os.geteuid() == 0, "root needs no sudo")
    def test_no_password_and_no_terminal(self):
        done = self.install("nsd", sudo="no")
        self.assertEqual(1, done.returncode)
        self.assertIn("sudo apt-get install -y --no-install-recommends nsd", done.stderr)
        self.assertEqual([], self.installed())


if __name__ == "__main__":
    unittest.main()
