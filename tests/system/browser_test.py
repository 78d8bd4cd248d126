#!/usr/bin/env python3
"""Chromium with "Use secure DNS" set to vouchd and to nothing else: it sees a page whose name only vouchd knows, and is told
that a name does not resolve whose zone is bogus. Nothing leaves loopback.

    browser_test.py --vouchd FILE --lab FILE

Exit status 77 when Chromium or certutil (libnss3-tools) is not installed.
"""
import argparse
import functools
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import PATIENCE, SKIPPED, Lab, Vouchd  # noqa: E402

OPTIONS = None
PAGE = "<p>seen through vouch</p>"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE.encode("ascii"))

    def log_message(self, *_):
        pass


class Browser:
    """A home of its own, in which the lab's authority is trusted and DNS goes over HTTPS alone."""

    def __init__(self, folder, ca, template):
        self.home = pathlib.Path(folder)
        self.profile = self.home / "profile"
        self.environment = {**os.environ, "HOME": str(self.home)}
        database = self.home / ".pki/nssdb"
        database.mkdir(parents=True)
        self.profile.mkdir()
        certutil = functools.partial(subprocess.run, check=True, capture_output=True, timeout=PATIENCE)
        certutil(["certutil", "-d", f"sql:{database}", "-N", "--empty-password"])
        certutil(["certutil", "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", "lab", "-i", str(ca)])
        settings = {"dns_over_https": {"mode": "secure", "templates": template}, "async_dns": {"enabled": True}}
        (self.profile / "Local State").write_text(json.dumps(settings), encoding="ascii")

    def see(self, address):
        """What it shows, and what it complains about."""
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        done = subprocess.run(
            ["chromium", "--headless", *sandbox, "--disable-gpu", "--disable-component-update", "--disable-background-networking",
             "--no-first-run", "--no-proxy-server", f"--user-data-dir={self.profile}", "--dump-dom", address],
            env=self.environment, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False)
        return done.stdout + done.stderr


class SecureDns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vouch-browser-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        lab = Lab(OPTIONS.lab, self.folder / "lab")
        self.addCleanup(lab.stop)
        own = self.folder / "vouchd"
        own.mkdir()
        self.vouchd = Vouchd(OPTIONS.vouchd, lab, own, encrypted=("https",),
                             more="local_data: {records: ['portal.home.arpa. 60 IN A 127.0.0.1']}\n")
        self.addCleanup(self.vouchd.log.close)
        self.addCleanup(self.vouchd.stop)
        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.addCleanup(self.pages.server_close)
        self.addCleanup(self.pages.shutdown)
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()
        self.browser = Browser(self.folder / "home", lab.folder / "tls/ca.pem",
                               f"https://localhost:{self.vouchd.ports['https']}/dns-query")

    def test_a_page_is_found_and_a_forged_name_is_not(self):
        port = self.pages.server_address[1]
        self.assertIn(PAGE, self.browser.see(f"http://portal.home.arpa:{port}/"))
        self.assertIn("ERR_NAME_NOT_RESOLVED", self.browser.see(f"http://www.rrsig-expired.nsec3:{port}/"))


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    OPTIONS, rest = parser.parse_known_args()
    for program in ("chromium", "certutil"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed")
            return SKIPPED
    unittest.main(argv=[sys.argv[0], *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
