"""A vouchd that serves on loopback, and the one root server that it knows: a socket of the test's."""
import os
import pathlib
import socket
import struct
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ports import free_port  # noqa: E402,F401: tests take it from here

PROGRAM = []  # the vouchd under test, alone
PATIENCE = 30  # seconds until something that must happen is given up on: a sanitizer build on a busy machine is slow


def run(*words):
    return subprocess.run([*PROGRAM, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)


def udp_socket():
    mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mine.bind(("127.0.0.1", 0))
    return mine


def query(name, number=4711):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)


class SilentRoot:
    """A root server that hears everything and answers nothing."""

    def __init__(self, folder):
        self.socket = udp_socket()
        self.socket.settimeout(PATIENCE)
        self.port = self.socket.getsockname()[1]
        self.hints = pathlib.Path(folder, "hints")
        self.hints.write_text(". NS root.test.\nroot.test. A 127.0.0.1\n", encoding="ascii")

    def configuration(self, port, more="", telling="telemetry: {state_directory: ''}\nweb: {listen: []}\n", control=""):
        """`telling`: what is said of telemetry and pages; nothing is written or served without. `control`: the path of its
        socket."""
        return (f"server: {{listen: ['127.0.0.1:{port}'], workers: 2}}\n"
                f"resolver: {{root_hints_file: {self.hints}}}\n"
                f"outgoing: {{port: {self.port}, ask_loopback: true, ipv6: false}}\n"
                f"control: {{socket: '{control}'}}\n"
                f"{telling}{more}")


class Vouchd:
    """A running vouchd; what it logs is in `lines`."""

    def __init__(self, config, environment=None, folder=None):
        self.lines = []
        self.process = subprocess.Popen([*PROGRAM, "--config", str(config)], stderr=subprocess.PIPE, text=True, cwd=folder,
                                        env={**os.environ, **(environment or {})})

    def wait_for(self, text):
        """Reads the log up to a line with this text."""
        patience = threading.Timer(PATIENCE, self.process.kill)  # or a line that never comes would be waited for
        patience.start()
        try:
            while line := self.process.stderr.readline():
                self.lines.append(line.rstrip("\n"))
                if text in line:
                    return line
        finally:
            patience.cancel()
        raise AssertionError(f"no {text!r} in the log: {self.lines}")

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.lines += self.process.stderr.read().splitlines()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        self.process.stderr.close()


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = SilentRoot(self.folder.name)
        self.addCleanup(self.root.socket.close)

    def write(self, text, name="vouch.yaml"):
        path = pathlib.Path(self.folder.name, name)
        path.write_text(text, encoding="utf-8")
        return str(path)
