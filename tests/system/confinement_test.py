#!/usr/bin/env python3
"""What vouchd has given up once it serves, looked at from outside: the kernel's own word on the real process and all its threads,
what its user may write, and that everything still works. And how it gets on with a service manager.

    confinement_test.py --vouchd FILE --lab FILE

Exit status 77 when something could not be tried here, and all the rest went well; what it was is printed.
"""
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import transport_clients as clients  # noqa: E402
from dns_message import question  # noqa: E402
from lab_kit import PATIENCE, is_sanitized  # noqa: E402
from transport_cases import SECURE_NAME, Case, Skipped, main, make_pair, server_of  # noqa: E402

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SERVICE_USER = "nobody"
MOST_EXPOSED = 1.5  # of systemd-analyze, where 10 is an open door

# What the C library and others ask an unknown kernel for and can do without: an audit may name these, and nothing else.
# By number (x86-64, arm64): clone3, set_robust_list, sched_getaffinity, rt_sigaction, mremap, gettid, fchown, geteuid, statx.
OPTIONAL_CALLS = {"x86_64": {435, 273, 204, 13, 25, 186, 93, 107, 332}, "aarch64": {435, 99, 123, 134, 216, 178, 55, 175, 291}}


def statuses(pid):
    """What /proc says of each thread."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text(encoding="ascii").splitlines()
        yield dict(line.split(":\t", 1) for line in lines if ":\t" in line)


class Confined(Case):
    """vouchds that are confined; as the service's user, where the test may become it."""

    def setUp(self):
        super().setUp()
        if is_sanitized(self.options.vouchd):
            self.skipTest("a build with sanitizers is not confined")

    def start_as_service(self, **how):
        user = pwd.getpwnam(SERVICE_USER)
        state = self.folder / "state"
        state.mkdir()
        os.chown(state, user.pw_uid, user.pw_gid)
        vouchd = self.start_vouchd(server={"user": SERVICE_USER, "state_dir": str(state)},
                                   telemetry={"state_directory": str(state)}, **how)
        vouchd.wait_for_log("event=ready")
        return vouchd, state

    def end(self, vouchd):
        if vouchd.process.poll() == 0:  # the case itself has ended it
            vouchd.log.close()
        else:
            super().end(vouchd)

    def need_root(self):
        if os.geteuid() != 0:
            Skipped.note("only root can become the service's user")
            self.skipTest("not root")


class Given(Confined):
    """What is given up, by the kernel's word."""

    def test_the_kernel_says_so_of_every_thread(self):
        self.need_root()
        vouchd, _ = self.start_as_service(web={})
        self.assertEqual(vouchd.ask(SECURE_NAME)[0], 0)
        uid = str(pwd.getpwnam(SERVICE_USER).pw_uid)
        threads = list(statuses(vouchd.process.pid))
        self.assertGreaterEqual(len(threads), 4, "main, two workers, pages")
        names = {thread["Name"] for thread in threads}
        self.assertLessEqual({"vouchd", "vouchd/0", "vouchd/1", "vouchd/pages"}, names)
        for thread in threads:
            self.assertEqual(thread["Uid"].split(), [uid] * 4, thread["Name"])
            for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                self.assertEqual(int(thread[kind], 16), 0, (thread["Name"], kind))
            self.assertEqual((thread["NoNewPrivs"], thread["Seccomp"]), ("1", "2"), thread["Name"])
            self.assertEqual(thread["Groups"].split(), thread["Groups"].split()[:1], "root's groups are gone")

    def test_without_a_user_root_has_no_capabilities_either(self):
        self.need_root()
        vouchd = self.start_vouchd()
        vouchd.wait_for_log("event=ready")
        self.assertIn("event=running_as_root", vouchd.logged())
        for thread in statuses(vouchd.process.pid):
            self.assertEqual([int(thread[kind], 16) for kind in ("CapPrm", "CapEff", "CapBnd", "CapAmb")], [0] * 4)
            self.assertEqual(thread["Seccomp"], "2")

    def test_nothing_but_its_state_can_be_written_by_its_user(self):
        self.need_root()
        vouchd, state = self.start_as_service()
        self.assertEqual(vouchd.ask(SECURE_NAME)[0], 0)
        user = pwd.getpwnam(SERVICE_USER)
        find = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "find", str(self.folder),
                "-writable", "-not", "-type", "l"]
        told = subprocess.run(find, capture_output=True, text=True, timeout=PATIENCE, check=False).stdout.split()
        self.assertIn(str(state), told)
        self.assertEqual([path for path in told if not path.startswith(str(state))], [])

    def test_its_own_user_may_control_it(self):
        """Whom it runs as is asked before it is confined: afterwards nobody is told."""
        self.need_root()
        vouchctl = pathlib.Path(self.options.vouchd).resolve().parents[2] / "vouchctl/vouchctl"  # of the same build
        vouchd, _ = self.start_as_service()
        self.assertEqual(vouchd.stop(), 0)
        user, other = pwd.getpwnam(SERVICE_USER), pwd.getpwnam("daemon")
        os.chown(vouchd.folder, user.pw_uid, user.pw_gid)  # where the socket is made
        vouchd.start()
        self.assertTrue(vouchd.wait_for_log(r"(?s)event=ready.*event=controlled_by.*event=ready"), vouchd.logged())
        for who, may in ((user, True), (other, False)):
            command = ["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", str(vouchctl), "--socket",
                       str(vouchd.control), "status"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(done.returncode == 0, may, (who.pw_name, done.stdout, done.stderr))

    def test_what_it_writes_is_not_written_through_links(self):
        """Somebody who may write to the state folder must not be able to make vouchd write elsewhere."""
        victim = self.folder / "victim"
        victim.write_text("precious", encoding="ascii")
        vouchd = self.start_vouchd(pair=False, web={})
        vouchd.wait_for_log("event=ready")
        self.assertEqual(vouchd.ask(SECURE_NAME)[0], 0)
        self.assertEqual(vouchd.stop(), 0)
        written = [path for path in vouchd.folder.iterdir() if path.name not in ("log", "vouch.yaml")]
        self.assertLessEqual({"trust-anchors", "history.sqlite3", "quic.secret"}, {path.name for path in written})
        for path in written:
            path.unlink()
            path.symlink_to(victim)
        try:
            vouchd.start()
            vouchd.wait_for_log("event=ready")
            self.assertEqual(vouchd.ask(SECURE_NAME)[0], 0)
            self.assertEqual(vouchd.stop(), 0)
        except RuntimeError as refused:  # not to start is an answer, too, if it says why
            self.assertIn("event=cannot_start", str(refused))
            vouchd.process.returncode = 0
            vouchd.log = open(vouchd.log.name, encoding="utf-8")
        self.assertEqual(victim.read_text(encoding="ascii"), "precious")

    def test_the_status_tells(self):
        vouchd = self.start_vouchd(web={})
        vouchd.wait_for_log("event=ready")
        with urllib.request.urlopen(f"http://127.0.0.1:{vouchd.web_port}/api/v1/status", timeout=PATIENCE) as reply:
            told = json.load(reply)["confinement"]
        self.assertRegex(told["text"], r"\Ano capabilities(, files by Landlock \d+)?, \d\d system calls\Z")
        self.assertEqual(told["is_whole"], "Landlock" in told["text"])
        calls = int(re.search(r"(\d+) system calls", told["text"]).group(1))
        self.assertLessEqual(calls, 60)

    def test_off_is_off(self):
        vouchd = self.start_vouchd(server={"confinement": "off"})
        vouchd.wait_for_log("event=ready")
        self.assertEqual({thread["Seccomp"] for thread in statuses(vouchd.process.pid)}, {"0"})
        self.assertIn("event=confined to=off", vouchd.logged())


class StillWorks(Confined):
    """The audit goes through all that a day brings, and no call may turn up that the list does not have."""

    def exercise(self, vouchd):
        server = server_of(vouchd)
        for transport in self.raw_transports(vouchd):
            reply = clients.ask(server, transport, question(SECURE_NAME))
            self.assertEqual(reply and reply.rcode, "NOERROR", transport)
        for page in ("", "operator", "status", "metrics", "api/v1/status", "api/v1/history", "check?name=www.alg13.nsec"):
            with urllib.request.urlopen(f"http://127.0.0.1:{vouchd.web_port}/{page}", timeout=PATIENCE) as reply:
                self.assertEqual(reply.status, 200)
        vouchd.statistics()
        before = vouchd.logged().count("event=certificate ")
        make_pair(vouchd.certificate, vouchd.key, "renewed.lab")
        vouchd.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + PATIENCE
        while vouchd.logged().count("event=certificate ") == before and time.monotonic() < until:
            time.sleep(0.05)
        self.assertIn("renewed.lab", vouchd.logged())
        vouchd.process.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
        vouchd.process.send_signal(signal.SIGCONT)
        self.assertEqual(vouchd.ask(SECURE_NAME)[0], 0)

    def own_pair(self):
        pair = (self.folder / "pair.pem", self.folder / "pair.key")
        make_pair(*pair, "dns.lab")
        return pair

    def test_a_day_under_confinement(self):
        vouchd = self.start_vouchd(web={}, pair=self.own_pair())
        vouchd.ca = vouchd.certificate
        vouchd.wait_for_log("event=ready")
        self.exercise(vouchd)

    def test_a_day_under_audit(self):
        vouchd = self.start_vouchd(web={}, pair=self.own_pair(), server={"confinement": "audit"})
        vouchd.ca = vouchd.certificate
        vouchd.wait_for_log("event=ready")
        self.exercise(vouchd)
        self.assertEqual(vouchd.stop(), 0)
        told = {int(number) for number in re.findall(r"event=confinement_would_refuse system_call=(\d+)", vouchd.logged())}
        self.assertLessEqual(told, OPTIONAL_CALLS[os.uname().machine], vouchd.logged())


class ServiceManager(Confined):
    """The one that the test plays: sd_notify's socket, a watchdog, and who starts again what has died."""

    def listen(self):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(str(self.folder / "notify"))
        notify.settimeout(PATIENCE)
        return notify

    def test_it_is_told_that_all_is_well(self):
        notify = self.listen()
        self.set_environment({"NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": "400000"})
        vouchd = self.start_vouchd()
        self.assertEqual(notify.recv(100), b"READY=1")
        for _ in range(10):
            self.assertEqual(notify.recv(100), b"WATCHDOG=1")
        vouchd.process.send_signal(signal.SIGSTOP)  # nobody turns
        time.sleep(0.3)
        notify.setblocking(False)
        try:
            while notify.recv(100):
                pass
        except BlockingIOError:
            pass
        time.sleep(1)
        self.assertRaises(BlockingIOError, notify.recv, 100)
        vouchd.process.send_signal(signal.SIGCONT)
        notify.settimeout(PATIENCE)
        self.assertEqual(notify.recv(100), b"WATCHDOG=1")
        self.assertEqual(vouchd.stop(), 0)
        said = b""
        while said != b"STOPPING=1":
            said = notify.recv(100)
            self.assertIn(said, (b"WATCHDOG=1", b"STOPPING=1"))

    def set_environment(self, values):
        for key in ("NOTIFY_SOCKET", "WATCHDOG_USEC"):
            os.environ.pop(key, None)
        os.environ.update(values)
        self.addCleanup(lambda: [os.environ.pop(key, None) for key in values])

    def test_killed_it_comes_back(self):
        """A supervisor of a few lines in place of systemd: what is gone is started again. The time it takes goes into
        docs/reliability.md and is no reason to fail: the machine may be busy."""
        vouchd = self.start_vouchd()
        vouchd.wait_for_log("event=ready")
        took = []
        for _ in range(10):
            self.assertEqual(vouchd.ask(SECURE_NAME)[0], 0)
            before = vouchd.logged().count("event=ready")
            began = time.monotonic()
            self.assertEqual(vouchd.stop(signal.SIGKILL), -signal.SIGKILL)
            self.supervise(vouchd, before, began)
            took.append(time.monotonic() - began)
        print(f"from SIGKILL to an answer: {min(took) * 1000:.0f} to {max(took) * 1000:.0f} ms, "
              f"median {sorted(took)[len(took) // 2] * 1000:.0f} ms", flush=True)

    def supervise(self, vouchd, before, began):
        vouchd.process = subprocess.Popen([vouchd.program, "--config", str(vouchd.file)], stderr=vouchd.log)
        while time.monotonic() - began < PATIENCE:
            self.assertTrue(vouchd.is_running(), vouchd.logged()[-2000:])
            if vouchd.logged().count("event=ready") > before and vouchd.ask("localhost.", timeout=0.5)[0] == 0:
                return
        self.fail("it does not come back")


class Unit(unittest.TestCase):
    FILE = PROJECT / "conf/systemd/vouch.service"

    def test_the_outer_wall(self):
        if not shutil.which("systemd-analyze"):
            Skipped.note("systemd-analyze is not installed")
            self.skipTest("systemd-analyze is not installed")
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", str(self.FILE)],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        score = re.search(r"Overall exposure level for vouch.service: (\d+\.\d+)", done.stdout)
        if not score:
            Skipped.note("this systemd-analyze judges no files: " + done.stderr.strip()[:100])
            self.skipTest("no judgement")
        self.assertLessEqual(float(score.group(1)), MOST_EXPOSED)

    def test_systemd_understands_it(self):
        """Whatever it complains of must be what is not installed here."""
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder, "vouch.service")
            text = self.FILE.read_text(encoding="utf-8").replace("/usr/sbin/vouchd", "/bin/true")
            copy.write_text(text.replace("Documentation=man:vouchd(8)\n", ""), encoding="utf-8")
            done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=PATIENCE,
                                  check=False)
        self.assertEqual([line for line in done.stderr.splitlines() if "vouch.service" in line], [])

    def test_it_comes_back_within_a_second(self):
        values = dict(line.split("=", 1) for line in self.FILE.read_text(encoding="utf-8").splitlines()
                      if "=" in line and not line.startswith("#"))
        self.assertEqual(values["Restart"], "always")
        self.assertRegex(values["RestartSec"], r"\A\d{1,3}ms\Z")
        self.assertEqual(values["StartLimitIntervalSec"], "0", "systemd would give up on it")
        self.assertNotIn("StartLimitBurst", values)
        self.assertEqual((values["Type"], values["User"]), ("notify", "vouch"))

    def test_this_start_of_the_machine_is_told(self):
        """/proc does not show it there; without it, no snapshot of the cache has an age."""
        lines = self.FILE.read_text(encoding="utf-8").splitlines()
        self.assertIn("ProcSubset=pid", lines)
        self.assertIn("Environment=VOUCH_BOOT_ID=%b", lines)


if __name__ == "__main__":
    main(__doc__)
