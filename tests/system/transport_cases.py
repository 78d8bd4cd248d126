"""What tests of vouchd's transports share: a lab for all cases of a program, vouchds that end with their case, and a list of
what could not be tried, so that nothing is passed over in silence."""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import transport_clients as clients
from lab_kit import PATIENCE, SKIPPED, Lab, Vouchd
from transport_clients import RAW, Server, missing, run

PLAIN_NAME, SECURE_NAME = "www.shop.plain.", "www.alg13.nsec."


def server_of(vouchd, address="127.0.0.1", name="dns.lab"):
    return Server(vouchd.ports, vouchd.ca, name, address)


def make_pair(certificate, key, name, days=2, more=()):
    """A certificate that signs itself, and its key."""
    status, said = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        str(key), "-out", str(certificate), "-days", str(days), "-subj", f"/CN={name}", "-addext",
                        f"subjectAltName=DNS:{name}", *more])
    assert status == 0, said


class Skipped:
    """What could not be tried, for the end of the run."""
    said = []

    @classmethod
    def note(cls, what):
        if what not in cls.said:
            cls.said.append(what)
            print(f"SKIP: {what}", file=sys.stderr, flush=True)


class Case(unittest.TestCase):
    """A lab for all; each case with a folder of its own, and vouchds in it that end with it."""
    lab = None
    options = None  # of the command line

    @classmethod
    def setUpClass(cls):
        if Case.lab is None:
            Case.lab_folder = tempfile.TemporaryDirectory(prefix="vouch-transports-")
            pathlib.Path(Case.lab_folder.name).chmod(0o755)  # unbound and stubby may run as others
            Case.lab = Lab(Case.options.lab, Case.lab_folder.name + "/lab")

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vouch-transports-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.folder.chmod(0o755)

    def start_vouchd(self, name="vouchd", **how):
        folder = self.folder / name
        folder.mkdir()
        vouchd = Vouchd(Case.options.vouchd, self.lab, folder, mode="enforce", **{"encrypted": ("tls", "https", "quic"), **how})
        self.addCleanup(self.end, vouchd)
        return vouchd

    def check_idle(self, vouchd):
        self.assertEqual(vouchd.why_not_idle(looks=10), "")

    def end(self, vouchd):
        log = vouchd.logged()
        if vouchd.is_running():
            self.assertEqual(vouchd.stop(), 0, log[-4000:])
        else:
            self.fail("vouchd has ended by itself:\n" + log[-4000:])
        vouchd.log.close()

    def start(self, command, ready, seconds=PATIENCE):
        """Another program, until the case ends; ready() says when it serves."""
        log = open(self.folder / (pathlib.Path(command[0]).name + ".log"), "w+", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.addCleanup(self.end_other, process)
        until = time.monotonic() + seconds
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                self.fail(f"{command[0]} does not serve:\n" + pathlib.Path(log.name).read_text(encoding="utf-8"))
            time.sleep(0.05)
        return process

    @staticmethod
    def end_other(process):
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def need(self, *programs):
        if missing(*programs):
            Skipped.note(f"{self.id().rpartition('.')[2]}: not installed: {' '.join(missing(*programs))}")
            self.skipTest("not installed: " + " ".join(missing(*programs)))

    def need_served(self, vouchd, transport):
        if not self.is_served(vouchd, transport):
            self.skipTest(f"{transport} is not served")

    @staticmethod
    def is_served(vouchd, transport):
        if vouchd.serves(transport.partition("-")[0]):
            return True
        Skipped.note(f"{transport}: this vouchd does not serve it")
        return False

    def raw_transports(self, vouchd):
        for transport in RAW:
            program = clients.NEEDS.get(transport)
            if program and missing(program):
                Skipped.note(f"{transport}: not installed: {program}")
            elif self.is_served(vouchd, transport):
                yield transport

    def transports_of(self, vouchd, client, table):
        if missing(client):
            Skipped.note(f"not installed: {client}")
            return []
        return [transport for transport in table if self.is_served(vouchd, transport)]


def main(description):
    """Runs the program's cases. Status 77 when something could not be tried, and all the rest went well."""
    parser = argparse.ArgumentParser(description=description.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    Case.options, rest = parser.parse_known_args()
    try:
        program = unittest.main(argv=[sys.argv[0], *rest], verbosity=2, exit=False, warnings="ignore")
    finally:
        if Case.lab:
            Case.lab.stop()
            Case.lab_folder.cleanup()
    if not program.result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if Skipped.said or program.result.skipped else 0)
