#!/usr/bin/env python3
"""The pages of a running vouchd, in Chromium, after some trouble on the lab: tests/web/browser_test.mjs looks at
them from all sides, and checks names whose chains are broken. Also that nobody gets in without the token.

    pages_on_the_lab_test.py --vouchd FILE --lab FILE [--screenshots DIR]

Exit status 77 when Chromium, Node.js or the npm packages are not there (tools/web_tests.sh installs them).
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
from lab_kit import SKIPPED, Lab, Vouchd  # noqa: E402

BROWSER_TEST = pathlib.Path(__file__).resolve().parent.parent / "web/browser_test.mjs"
TOKEN = "a-token-for-the-lab-alone"
LONGEST = 840  # seconds, for all sights of all pages on a busy machine
# As hostile clients can ask: markup, quotes, a line end, a right-to-left override, octets that are no UTF-8.
HOSTILE_LABELS = (b"<script>alert(1)</script>", b"\"'`&", b"a\nb\0c", "\u202e".encode(), b"\xff\xfe")


def ask_for_trouble(vouchd):
    for name in ("www.rrsig-expired.nsec3", "www.rrsig-invalid.nsec3", "www.nsec3", "www.ds-mismatch.nsec3"):
        for _ in range(3):
            vouchd.ask(name, "A")
    for label in HOSTILE_LABELS:
        harmless = dns_message.question("x.rrsig-expired.nsec3")
        hostile = harmless.replace(b"\1x\15rrsig", bytes([len(label)]) + label + b"\15rrsig")
        dns_message.ask_udp("127.0.0.1", vouchd.port, hostile, 8)


def status_of(url, token=None):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def problems_with_the_token(url):
    problems = []
    for path in ("/problems", "/operator", "/adoption", "/status", "/metrics", "/api/v1/zones", "/api/v1/check?name=example"):
        for token, expected in ((None, 401), ("x" * 20, 401), (TOKEN, 200)):
            status = status_of(url + path, token)
            if status == 429:  # a few wrong ones are free, then each has to wait
                continue
            if status != expected:
                problems.append(f"{path} with {'the' if token == TOKEN else 'no' if token is None else 'a wrong'} token: {status}")
    for path in ("/", "/check", "/privacy", "/healthz"):
        if status_of(url + path) != 200:
            problems.append(f"{path} is not open")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--screenshots")
    options = parser.parse_args()
    if not shutil.which("node"):
        print("skipped: Node.js is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="vouch-pages-") as folder:
        folder = pathlib.Path(folder)
        token_file = folder / "token"
        token_file.write_text(TOKEN + "\n", encoding="ascii")
        token_file.chmod(0o600)
        own = folder / "vouchd"
        own.mkdir()
        lab = Lab(options.lab, folder / "lab")
        vouchd = Vouchd(options.vouchd, lab, own, web={"token_file": token_file})
        try:
            ask_for_trouble(vouchd)
            url = f"http://127.0.0.1:{vouchd.web_port}"
            command = ["node", str(BROWSER_TEST), "--url", url, "--token", TOKEN]
            if options.screenshots:
                command += ["--screenshots", options.screenshots]
            status = subprocess.run(command, timeout=LONGEST, check=False).returncode
            problems = problems_with_the_token(url)
            for problem in problems:
                print(f"FAILED {problem}")
            return status or (1 if problems else 0)
        finally:
            vouchd.stop()
            vouchd.log.close()
            lab.stop()


if __name__ == "__main__":
    sys.exit(main())
