#!/usr/bin/env python3
"""docs/guide-home.md, walked through literally: every command that stands below `<!-- walked -->` is typed, in its order, in a
Debian of its own with the package, on the lab, in a network namespace where nothing else is. What a reader cannot have there is
laid out beforehand: the machine's address, a certificate for dns.example.net by an authority that the Debian trusts, and, as
there is no systemd, a systemctl that starts the service."""
import argparse
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tests/system"), str(ROOT / "tests/bench"), str(HERE)]

import package_test  # noqa: E402
from lab_kit import SKIPPED, Lab, enter_namespace  # noqa: E402
from package_test import Debian, run  # noqa: E402

INSIDE = "VOUCH_GUIDE_INSIDE"
ADDRESS = "192.168.1.2"  # of the guide's machine
CLIENTS = ("bind9-dnsutils", "knot-dnsutils", "ca-certificates", "sudo")
MARK = "=== status "         # behind each command's output
NAME = "dns.example.net"
# What a command must print, by a part of it.
EXPECTED = {
    "systemctl status": r"active \(running\)",
    "dig @127.0.0.1 localhost": r"(?m)^127\.0\.0\.1$",
    "vouchd --check-config": r"vouch\.yaml: good",
    "kdig @192.168.1.2 localhost": r"(?m)^127\.0\.0\.1$",
}


def commands(text):
    """The lines of all blocks that are to be walked."""
    blocks = re.findall(r"<!-- walked -->\n```sh\n(.*?)```", text, re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def put_on_the_lab(debian, lab):
    """A script within the Debian: where the package's configuration would ask the Internet, it then asks the lab."""
    for name in ("root.hints", "root.anchors"):
        shutil.copy(lab.folder / name, debian.path("/srv"))
    debian.path("/srv/on-the-lab.sh").write_text(f"""set -e
cp /srv/root.hints /srv/root.anchors /etc/vouch/
sed -i 's/^outgoing:$/outgoing:\\n  port: {lab.port}\\n  ask_loopback: true/' /etc/vouch/vouch.yaml
cat >>/etc/vouch/vouch.yaml <<END
resolver: {{root_hints_file: root.hints}}
dnssec: {{trust_anchors_file: root.anchors, builtin_root_anchor: false}}
END
systemctl restart vouch
""", encoding="utf-8")


def make_certificate(debian, folder):
    """What certbot would have brought, by an authority of the test's."""
    live = debian.path(f"/etc/letsencrypt/live/{NAME}")
    live.mkdir(parents=True, exist_ok=True)
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    for command in (
            [*request, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-subj", "/CN=Authority of the test"],
            [*request, "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-keyout", live / "privkey.pem", "-out", live / "cert.pem",
             "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-addext", "basicConstraints=critical,CA:FALSE"]):
        status, said = run(command)
        if status != 0:
            raise RuntimeError(said)
    (live / "fullchain.pem").write_text((live / "cert.pem").read_text() + (folder / "ca.pem").read_text())
    shutil.copy(folder / "ca.pem", debian.path("/usr/local/share/ca-certificates/test.crt"))


def walk(debian, lines):
    """Types the commands, one after another, as one login would; returns what was wrong."""
    def typed_as(line):
        return [f"printf '%s\\n' {shlex.quote('$ ' + line)}", f"sh -c {shlex.quote(line)} 2>&1; echo \"{MARK}$?\""]

    # What the guide says of a reload, and that our systemctl refuses what it does not know: while there is a vouchd.
    more = ["vouchd --check-config && systemctl reload vouch", "! systemctl relaod vouch", "! systemctl restart other"]
    removal = next(i for i, line in enumerate(lines) if re.match(r"sudo apt remove vouch", line))
    lines = [*lines[:removal], *more, *lines[removal:]]
    typed, first = ["cd /srv"], True
    for line in lines:
        typed += typed_as(line)
        if first and re.match(r"sudo apt install \./vouch", line):
            first = False
            typed += ["echo '$ (on the lab)'", f"sh /srv/on-the-lab.sh 2>&1; echo \"{MARK}$?\""]
    typed.append("systemctl stop vouch")
    debian.path("/srv/walk.sh").write_text("\n".join(typed) + "\n", encoding="utf-8")
    _, said = debian.run("sh", "/srv/walk.sh", alone=False)
    print(said, flush=True)
    steps = re.findall(rf"(?ms)^\$ ([^\n]*)\n(.*?){MARK}(\d+)$", said)
    if len(steps) != len(lines) + 1:
        return f"{len(steps)} of {len(lines) + 1} commands were typed"
    for line, output, status in steps:
        if status != "0":
            return f"this failed: {line}"
        for part, expected in EXPECTED.items():
            if part in line and not re.search(expected, output):
                return f"not what the guide says: {line}"
    return ""


def prepare(folder):
    """Outside of the namespace, where mirrors are reached: a Debian with the package's dependencies and some clients."""
    status, said = run([ROOT / "tools/build_deb.sh", "--built", package_test.OPTIONS.build])
    if status != 0:
        sys.exit(said[-3000:])
    deb = pathlib.Path(said.splitlines()[-1])
    debian = Debian(package_test.OPTIONS.debian or folder / "debian")
    for older in debian.path("/srv").glob("vouch_*.deb"):
        older.unlink()
    shutil.copy(deb, debian.path("/srv"))
    debian.run("dpkg", "--purge", "vouch")  # of an earlier time
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *CLIENTS, f"/srv/{deb.name}"],
                    ["dpkg", "--purge", "vouch"]):
        status, said = debian.run(*command, alone=False)
        if status != 0:
            sys.exit(said[-3000:])
    return debian


def inside(folder):
    debian = Debian(pathlib.Path(os.environ[INSIDE + "_DEBIAN"]))
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    shutil.copy(HERE / "systemctl.sh", debian.path("/usr/bin/systemctl"))
    shutil.copy(HERE / "inside.sh", debian.path("/usr/local/lib"))
    debian.path("/etc/apt/apt.conf.d/90answers-yes").write_text('APT::Get::Assume-Yes "true";\n')
    make_certificate(debian, folder)
    debian.run("update-ca-certificates", alone=False)
    lab = Lab(package_test.OPTIONS.lab, folder / "lab")
    try:
        lines = commands((ROOT / "docs/guide-home.md").read_text(encoding="utf-8"))
        if len(lines) < 12:
            return "the guide has too few commands to walk"
        put_on_the_lab(debian, lab)
        return walk(debian, lines)
    finally:
        lab.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--lab", type=pathlib.Path, required=True)
    parser.add_argument("--debian", type=pathlib.Path, help="a Debian that is kept; made when it is not there")
    package_test.OPTIONS = parser.parse_args()
    why = package_test.why_not()
    if why:
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="vouch-guide-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        if not os.environ.get(INSIDE):
            debian = prepare(folder)
            os.environ[INSIDE + "_DEBIAN"] = str(debian.folder)
            sys.exit(subprocess.run(["unshare", "--net", sys.executable, "-B", *sys.argv], env={**os.environ, INSIDE: "1"},
                                    check=False).returncode)
        enter_namespace(INSIDE)
        wrong = inside(folder)
        if wrong:
            sys.exit(wrong)


if __name__ == "__main__":
    main()
