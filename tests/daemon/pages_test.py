#!/usr/bin/env python3
"""What vouchd tells of itself, from outside: the pages, /metrics, the history; and that none of it is ever in DNS's way.

    pages_test.py VOUCHD
"""
import base64
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from vouchd_kit import PATIENCE, PROGRAM, Folder, Vouchd, free_port, query, run, udp_socket  # noqa: E402

TOKEN = "correct-horse-battery"


class Pages(Folder):
    def setUp(self):
        super().setUp()
        self.port, self.web = free_port(), free_port()
        self.state = pathlib.Path(self.folder.name, "state")
        self.state.mkdir()

    def config(self, web="", telemetry="", more=""):
        telling = (f"telemetry: {{state_directory: '{self.state}'{telemetry}}}\n"
                   f"web: {{listen: ['127.0.0.1@{self.web}']{web}}}\n")
        return self.write(self.root.configuration(self.port, "dnssec: {mode: off}\n" + more, telling))

    def start(self, **options):
        vouchd = Vouchd(self.config(**options))
        self.addCleanup(vouchd.__exit__)
        vouchd.wait_for("event=ready")
        return vouchd

    def get(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=PATIENCE)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8"), dict(response.getheaders())
        finally:
            connection.close()

    def metric(self, line):
        text = self.get("/metrics")[1]
        found = re.search("^" + re.escape(line) + r" (\S+)$", text, re.MULTILINE)
        self.assertIsNotNone(found, line)
        return float(found.group(1))

    def ask(self, name="localhost"):
        with udp_socket() as client:
            client.settimeout(PATIENCE)
            client.sendto(query(name), ("127.0.0.1", self.port))
            return client.recv(65535)

    def history(self, question):
        with sqlite3.connect(f"file:{self.state}/history.sqlite3?mode=ro", uri=True) as file:
            return file.execute(question).fetchall()

    def test_every_page_is_there(self):
        self.start()
        for path in ("/", "/check", "/problems", "/operator", "/adoption", "/status", "/privacy"):
            status, text, headers = self.get(path)
            self.assertEqual(200, status, path)
            self.assertIn("<h1", text)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertIn(f"127.0.0.1@{self.port}", self.get("/status")[1])
        self.assertEqual((200, "ok\n"), self.get("/healthz")[:2])
        self.assertEqual(200, self.get("/readyz")[0])
        self.assertEqual(404, self.get("/nothing")[0])
        self.assertIn('lang="es"', self.get("/?lang=es")[1])

    def test_answers_are_counted_at_once(self):
        self.start()
        for _ in range(3):
            self.ask()
        time.sleep(1.1)  # figures may be a second old
        self.assertEqual(3, self.metric('vouch_client_queries_total{transport="udp",ip="4"}'))
        self.assertEqual(3, self.metric('vouch_special_use_answers_total{category="localhost"}'))

    def test_a_site_that_is_answered_here(self):
        self.start()
        status, text, _ = self.get("/check?name=localhost")
        self.assertEqual(200, status)
        self.assertIn("127.0.0.1", text)

    def test_an_address_that_is_taken_keeps_nobody_from_resolving(self):
        with socket.create_server(("127.0.0.1", self.web)):
            vouchd = self.start()
            self.assertIn("event=no_pages", "\n".join(vouchd.lines))
            self.assertIn("web.listen", "\n".join(vouchd.lines))
            self.assertTrue(self.ask())

    def test_no_pages_at_all(self):
        vouchd = Vouchd(self.write(self.root.configuration(self.port, "", "web: {listen: []}\n")))
        self.addCleanup(vouchd.__exit__)
        vouchd.wait_for("event=ready")
        self.assertTrue(self.ask())
        self.assertEqual(0, vouchd.end())

    # ------------------------------------------------------------------------------------------------------- the token

    def test_with_a_token_the_operators_pages_want_it(self):
        token = pathlib.Path(self.write(TOKEN + "\n", "token"))
        token.chmod(0o600)
        self.start(web=", token_file: token")
        for path in ("/metrics", "/problems", "/api/v1/summary"):
            self.assertEqual(401, self.get(path)[0], path)
            self.assertEqual(200, self.get(path, {"Authorization": f"Bearer {TOKEN}"})[0], path)
            basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
            self.assertEqual(200, self.get(path, {"Authorization": f"Basic {basic}"})[0], path)
        for path in ("/", "/check", "/privacy", "/healthz"):
            self.assertEqual(200, self.get(path)[0], path)

    def test_a_token_that_all_may_read_or_that_is_short_is_refused(self):
        for text, mode, word in ((TOKEN, 0o644, "chmod o-r"), ("short", 0o600, "16 to 256")):
            token = pathlib.Path(self.write(text, "token"))
            token.chmod(mode)
            done = run("--check-config", "--config", self.config(web=", token_file: token"))
            self.assertEqual(3, done.returncode)
            self.assertIn(word, done.stderr)

    def test_beyond_this_machine_only_with_a_token(self):
        path = self.write(self.root.configuration(self.port, "", "web: {listen: ['0.0.0.0@8053']}\n"))
        done = run("--check-config", "--config", path)
        self.assertEqual(3, done.returncode)
        self.assertIn("web.token_file", done.stderr)

    def test_another_host_is_refused(self):
        self.start(web=", host_names: [dns.example.net]")
        self.assertEqual(421, self.get("/", {"Host": "evil.example"})[0])
        self.assertEqual(200, self.get("/", {"Host": "dns.example.net"})[0])

    # ----------------------------------------------------------------------------------------------------- the history

    def test_the_history_is_written_at_stop(self):
        vouchd = self.start()
        for _ in range(5):
            self.ask()
        self.assertEqual(0, vouchd.end())
        file = self.state / "history.sqlite3"
        self.assertEqual(0o600, stat.S_IMODE(file.stat().st_mode))
        rows = self.history("SELECT SUM(value) FROM counters_hourly WHERE name = 'vouch_client_queries_total'")
        self.assertEqual([(5,)], rows)
        vouchd = self.start()  # and goes on from there
        self.ask()
        self.assertEqual(0, vouchd.end())
        rows = self.history("SELECT SUM(value) FROM counters_hourly WHERE name = 'vouch_client_queries_total'")
        self.assertEqual([(6,)], rows)

    def test_killed_it_loses_an_hour_at_most_and_believes_nothing_broken(self):
        vouchd = self.start()
        self.ask()
        self.assertEqual(0, vouchd.end())
        vouchd = self.start()
        self.ask()
        vouchd.process.send_signal(signal.SIGKILL)
        vouchd.process.wait(PATIENCE)
        file = self.state / "history.sqlite3"
        file.write_bytes(file.read_bytes()[:100])
        vouchd = self.start()
        self.ask()
        self.assertEqual(0, vouchd.end())
        self.assertIn("history", "\n".join(vouchd.lines))
        self.assertEqual([("ok",)], self.history("PRAGMA integrity_check"))

    def test_where_nothing_can_be_written_that_is_told_and_nothing_else_happens(self):
        shutil.rmtree(self.state)
        vouchd = self.start()
        self.assertTrue(self.ask())
        until = time.monotonic() + PATIENCE
        while str(self.state) not in self.get("/status")[1] and time.monotonic() < until:
            time.sleep(0.1)
        self.assertIn(str(self.state), self.get("/status")[1])
        self.assertEqual(0, vouchd.end())

    # ------------------------------------------------------------------------------------------------- never in the way

    def test_a_thousand_idle_readers_disturb_nobody(self):
        self.start()
        readers = []
        try:
            for _ in range(500):
                try:
                    readers.append(socket.create_connection(("127.0.0.1", self.web), 2))
                except OSError:
                    break
            for _ in range(20):
                self.assertTrue(self.ask())
        finally:
            for reader in readers:
                reader.close()
        self.assertEqual(200, self.get("/healthz")[0])

    def test_it_speaks_to_nobody_but_servers_and_clients(self):
        """Privacy rule R6: no phone-home, no update check. Of all its sockets none is connected beyond loopback, and over TCP to
        nobody at all."""
        vouchd = self.start()
        self.get("/")
        self.ask()
        process = pathlib.Path("/proc", str(vouchd.process.pid))
        mine = {re.search(r"\d+", os.readlink(file)).group() for file in (process / "fd").iterdir()
                if os.readlink(file).startswith("socket:")}
        self.assertTrue(mine)
        for table in ("tcp", "tcp6", "udp", "udp6"):
            for line in (process / "net" / table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                address, port = fields[2].split(":")
                if fields[9] not in mine or int(port, 16) == 0:
                    continue
                self.assertTrue(address in ("0100007F", "00000000000000000000000001000000"), line)
                self.assertTrue(table.startswith("udp") or int(fields[1].split(":")[1], 16) == self.web, line)

    def test_nothing_of_clients_or_names_is_kept(self):
        """Privacy rule R1, for what needs no zones: canaries in questions and addresses are in no file, log, page or metric."""
        vouchd = self.start()
        self.ask("canary-4711.localhost")
        self.ask("canary-4711.invalid")
        told = "".join(self.get(path)[1] for path in ("/", "/problems", "/operator", "/status", "/metrics",
                                                      "/api/v1/summary", "/api/v1/zones", "/api/v1/tlds"))
        self.assertEqual(0, vouchd.end())
        told += "\n".join(vouchd.lines)
        for file in self.state.iterdir():
            told += file.read_bytes().decode("latin-1")
        self.assertNotIn("canary-4711", told)


if __name__ == "__main__":
    PROGRAM.append(sys.argv.pop(1))
    unittest.main()
