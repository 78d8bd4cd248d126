#!/usr/bin/env python3
"""What goes along with the program: profiles and containers' configurations are good to vouchd, Prometheus takes its own, manual
pages are written as such pages are, and completion knows every option that the help does."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

OPTIONS = None
PATIENCE = 60


def run(*words, **how):
    return subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                          check=False, **how)


class Documents(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def assert_good(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def secrets(self):
        """What docker/steps/secrets.sh makes, where its owners need not exist."""
        if os.geteuid() != 0:
            self.skipTest("only root can give secrets to their owners")
        folder = self.folder / "secrets"
        self.assert_good(run(OPTIONS.project / "docker/steps/secrets.sh", folder))
        return folder

    def test_profiles(self):
        profiles = sorted((OPTIONS.project / "conf/profiles").glob("*.yaml"))
        self.assertEqual([profile.stem for profile in profiles], ["community", "home", "isp"])
        for profile in profiles:
            self.assert_good(run(OPTIONS.vouchd, "--check-config", "--config", profile))

    def test_what_profiles_propose_is_good_too(self):
        """Lines that are there to be taken out of their comment."""
        for profile in sorted((OPTIONS.project / "conf/profiles").glob("*.yaml")):
            text = profile.read_text(encoding="utf-8")
            proposed = re.sub(r"(?m)^( *)# ((?:  )?(?:- )?[a-z_]+:( .*)?)$", r"\1\2", text)
            self.assertNotEqual(proposed, text)
            # A key that stands there with its value already gives way to the one proposed.
            lines = proposed.splitlines()
            kept = [line for number, line in enumerate(lines)
                    if not (line.strip().startswith("listen: [127.0.0.1@8053]") and "listen:" in "".join(lines[number + 1:number + 2]))]
            (self.folder / "vouch.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
            for name in ("certificate.pem", "key.pem"):
                shutil.copy(OPTIONS.project / "tests/bench/identity" / {"certificate.pem": "server.pem", "key.pem": "server.key"}[name],
                            self.folder / name)
            (self.folder / "cookie.secret").write_text("00" * 16)
            (self.folder / "ticket.secret").write_bytes(bytes(range(64)))
            (self.folder / "web.token").write_text("0123456789abcdef0123")
            for name in ("cookie.secret", "ticket.secret", "web.token", "key.pem"):
                (self.folder / name).chmod(0o600)
            self.assert_good(run(OPTIONS.vouchd, "--check-config", "--config", self.folder / "vouch.yaml"))

    def test_configurations_of_containers(self):
        secrets = self.secrets()
        for file in ("vouch.yaml", "monitoring/vouch.yaml", "fleet/vouch.yaml"):
            text = (OPTIONS.project / "docker" / file).read_text(encoding="utf-8").replace("/run/secrets", str(secrets))
            (self.folder / "vouch.yaml").write_text(text, encoding="utf-8")
            self.assert_good(run(OPTIONS.vouchd, "--check-config", "--config", self.folder / "vouch.yaml"))

    def test_secrets_are_made_once(self):
        secrets = self.secrets()
        before = {path.name: path.read_bytes() for path in secrets.iterdir()}
        self.assertEqual(len(before["ticket.secret"]), 64)
        self.assertRegex(before["cookie.secret"], rb"^[0-9a-f]{32}$")
        self.assertEqual(before["web.token"], before["prometheus.token"])
        for path in secrets.iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o400, path.name)
        self.assert_good(run(OPTIONS.project / "docker/steps/secrets.sh", secrets))
        self.assertEqual(before, {path.name: path.read_bytes() for path in secrets.iterdir()})

    def test_prometheus_of_the_container(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        for name in ("rules.yml", "alerts.yml"):
            shutil.copy(OPTIONS.project / "conf/prometheus" / name, self.folder)
        (self.folder / "token").write_text("token")
        text = (OPTIONS.project / "docker/monitoring/prometheus.yml").read_text(encoding="utf-8")
        (self.folder / "prometheus.yml").write_text(text.replace("/run/secrets/prometheus.token", str(self.folder / "token")))
        self.assert_good(run("promtool", "check", "config", self.folder / "prometheus.yml"))

    def test_manual_pages(self):
        pages = sorted(OPTIONS.pages.glob("*.[1-8]")) + sorted((OPTIONS.project / "docs/man").glob("*.[1-8]"))
        self.assertTrue({"vouchd.8", "vouch.yaml.5"} <= {page.name for page in pages})
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")
        for page in pages:
            done = run("mandoc", "-Tlint", "-Wwarning", page)
            self.assertEqual((done.returncode, done.stdout), (0, ""), page.name)

    def test_manual_pages_tell_all(self):
        page = (OPTIONS.pages / "vouch.yaml.5").read_text(encoding="utf-8").replace("\\-", "-")
        document = run(OPTIONS.vouchd, "--print-default-config").stdout
        path, keys = [], []
        for line in document.splitlines():
            entry = re.match(r"^( *)([a-z0-9_]+):(?: (.*))?$", line)
            if entry:
                path = path[:len(entry.group(1)) // 2] + [entry.group(2)]
                keys += [".".join(path)] if entry.group(3) is not None else []
        self.assertGreater(len(keys), 80)
        for key in keys:
            self.assertIn(f"\n.B {key}\n", page)

    def test_completion_knows_every_option(self):
        for program in (OPTIONS.vouchd, OPTIONS.vouchctl):
            options = set(re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", run(program, "--help").stdout))
            self.assertGreater(len(options), 3)
            for shell in ("bash", "zsh"):
                text = (OPTIONS.project / f"packaging/completion/{program.name}.{shell}").read_text(encoding="utf-8")
                self.assertEqual({option for option in options if option not in text}, set(), shell)

    def test_completion_completes(self):
        for program, words, completed in (("vouchd", "--check", "--check-config"), ("vouchctl", "flush bog", "bogus"),
                                          ("vouchctl", "nta add example. --st", "--stays")):
            said = words.split()
            script = 'source "$1"; COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2)); "_$2"; echo "${COMPREPLY[@]}"'
            done = run("bash", "-c", script, "bash", OPTIONS.project / f"packaging/completion/{program}.bash", program, *said)
            self.assertEqual(done.stdout.strip(), completed, words)

    def test_completion_is_what_zsh_reads(self):
        for program in ("vouchd", "vouchctl"):
            script = OPTIONS.project / f"packaging/completion/{program}.zsh"
            self.assertEqual(script.read_text(encoding="utf-8").splitlines()[0], f"#compdef {program}")
            if shutil.which("zsh"):
                self.assert_good(run("zsh", "-n", script))


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vouchd", type=pathlib.Path, required=True)
    parser.add_argument("--vouchctl", type=pathlib.Path, required=True)
    parser.add_argument("--pages", type=pathlib.Path, required=True, help="where the manual pages were made")
    parser.add_argument("--project", type=pathlib.Path, required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
