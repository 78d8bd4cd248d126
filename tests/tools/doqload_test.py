#!/usr/bin/env python3
"""doqload against quic_echo: nothing is lost, and each way of connecting is the one that was asked for.

    doqload_test.py --doqload PROGRAM --echo PROGRAM
"""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest


def program(option):
    path = sys.argv.pop(sys.argv.index(option) + 1)
    sys.argv.remove(option)
    return pathlib.Path(path).resolve()


DOQLOAD = program("--doqload")
ECHO = program("--echo")
PATIENCE = 60  # seconds; far beyond what anything here takes


class DoqLoad(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.certificate = pathlib.Path(self.folder.name) / "certificate.pem"

    def serve(self, *options):
        server = subprocess.Popen([ECHO, "--certificate", self.certificate, *options], stdout=subprocess.PIPE, text=True)

        def stop():
            server.terminate()
            server.communicate(timeout=PATIENCE)

        self.addCleanup(stop)
        return re.search(r"@(\d+)$", server.stdout.readline().strip()).group(1)

    def load(self, port, *options, status=0):
        done = subprocess.run([DOQLOAD, "--port", port, "--ca", self.certificate, *options], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        numbers = {}
        for number, what in re.findall(r"(\d+) (handshakes|resumed|with early data|after Retry|failed)", done.stdout):
            numbers[what] = int(number)
        for what, number in re.findall(r"(asked|answered|lost) (\d+)", done.stdout):
            numbers[what] = int(number)
        return numbers

    def test_many_queries_on_few_connections(self):
        got = self.load(self.serve(), "--connections", "5", "--outstanding", "20", "--count", "3000")
        self.assertEqual((3000, 3000, 0), (got["asked"], got["answered"], got["lost"]))
        self.assertEqual((5, 0), (got["handshakes"], got["failed"]))

    def test_idle_connections_are_held_until_input_ends(self):
        command = [DOQLOAD, "--port", self.serve(), "--ca", self.certificate, "--connections", "5", "--outstanding", "1",
                   "--count", "5", "--hold", str(PATIENCE)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            self.assertEqual("held 5\n", client.stdout.readline())
            self.assertIsNone(client.poll())
            told, _ = client.communicate(timeout=PATIENCE)  # closes its standard input
        self.assertIn("closed while held: 0\n", told)
        self.assertEqual(0, client.returncode)

    def test_a_connection_for_each_query(self):
        got = self.load(self.serve(), "--connections", "2", "--outstanding", "1", "--per-connection", "1", "--count", "20")
        self.assertEqual(20, got["answered"])
        self.assertGreaterEqual(got["handshakes"], 20)

    def test_resumed(self):
        got = self.load(self.serve(), "--connections", "1", "--outstanding", "1", "--per-connection", "1", "--count", "20",
                        "--resume")
        self.assertEqual(20, got["answered"])
        self.assertEqual(1, got["handshakes"])
        self.assertEqual(0, got["with early data"])

    def test_with_early_data(self):
        got = self.load(self.serve("--early-data"), "--connections", "1", "--outstanding", "1", "--per-connection", "1",
                        "--count", "20", "--early-data")
        self.assertEqual(20, got["answered"])
        self.assertEqual(19, got["with early data"])

    def test_after_retry(self):
        got = self.load(self.serve("--half-open", "0"), "--connections", "3", "--outstanding", "1", "--per-connection", "1",
                        "--count", "9")
        self.assertEqual(9, got["answered"])
        self.assertGreaterEqual(got["after Retry"], 9)

    def test_the_certificate_is_verified(self):
        port = self.serve()
        self.load(port, "--name", "elsewhere.example", "--count", "1", "--connections", "1", status=1)

    def test_it_stays_at_home_and_says_what_it_wants(self):
        for options in (["--server", "192.0.2.1", "--insecure"], ["--port", "1"], ["--what"], ["--port"]):
            done = subprocess.run([DOQLOAD, *options], capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(2, done.returncode)
            self.assertIn("doqload:", done.stderr)
        shown = subprocess.run([DOQLOAD, "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True)
        self.assertIn("--outstanding", shown.stdout)


if __name__ == "__main__":
    unittest.main()
