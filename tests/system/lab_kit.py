"""The lab and a vouchd on it, for tests: started, told things, asked, ended. Nothing leaves loopback."""
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

import dns_message

PATIENCE = 60  # seconds until what must happen is given up on; sanitizer builds on busy machines are slow


def free_port(addresses=("127.0.0.1",)):
    for _ in range(200):
        port = random.randrange(20000, 32000)
        try:
            for address in addresses:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind((address, port))
            return port
        except OSError:
            continue
    raise RuntimeError("no free port")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def enter_namespace(inside):
    """Runs the program again in a network namespace of its own, where port 53 is free: other makes of resolvers ask servers
    on no other port. `inside`: the environment variable that says so. Returns why that cannot be, or nothing inside."""
    if os.environ.get(inside):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return None
    for needed in ("ip", "unshare", "setpriv", "taskset"):
        if not shutil.which(needed):
            return f"{needed} is not installed"
    unshare = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "no network namespaces here"
    os.environ[inside] = "1"
    os.execvp(unshare[0], unshare + [sys.executable, "-B"] + sys.argv)


def rows_of(path):
    """A file of tab-separated columns, without its comments."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def manifest_of(folder):
    """The lab's questions with known answers, each a dictionary of its columns."""
    head, *rows = rows_of(pathlib.Path(folder, "manifest.tsv"))
    return [dict(zip(head, row)) for row in rows]


class Lab:
    def __init__(self, program, folder, *options):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.process = subprocess.Popen([program, "run", "--dir", str(folder), "--port", str(self.port), *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("ready"):
                return
        raise RuntimeError("the lab did not start")

    def tell(self, *commands):
        result = subprocess.run([self.program, "ctl", "--dir", str(self.folder), *commands], capture_output=True,
                                text=True, timeout=PATIENCE, check=True)
        return result.stdout

    def rows(self, name):
        return rows_of(self.folder / name)

    def manifest(self):
        return manifest_of(self.folder)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Vouchd:
    """mode: what dnssec.mode says; None leaves it at its default. more: further lines of configuration."""

    def __init__(self, program, lab, folder, mode=None, more=""):
        self.program = program
        self.port = free_port()
        self.ipv6 = has_ipv6()
        self.file = pathlib.Path(folder, "vouch.yaml")
        listen = f"'127.0.0.1@{self.port}'" + (f", '::1@{self.port}'" if self.ipv6 else "")
        said = f"mode: {mode}, " if mode else ""
        self.file.write_text(
            f"server: {{listen: [{listen}], workers: 2}}\n"
            f"resolver: {{root_hints_file: '{lab.folder}/root.hints'}}\n"
            f"dnssec: {{{said}trust_anchors_file: '{lab.folder}/root.anchors', builtin_root_anchor: false, "
            f"state_directory: '{folder}'}}\n"  # not where this machine's own vouchd keeps what it learnt
            f"outgoing: {{port: {lab.port}, ask_loopback: true, ipv6: {str(self.ipv6).lower()}}}\n{more}", encoding="utf-8")
        self.log = open(pathlib.Path(folder, "log"), "w+", encoding="utf-8")
        self.start()

    def start(self):
        self.process = subprocess.Popen([self.program, "--config", str(self.file)], stderr=self.log)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError("vouchd did not start: " + pathlib.Path(self.log.name).read_text(encoding="utf-8"))

    def ask(self, name, kind="A", timeout=8):
        """(rcode, reply) over UDP as octets; (None, None) when nothing comes."""
        try:
            octets = dns_message.ask_udp("127.0.0.1", self.port, dns_message.question(name, kind), timeout)
            return octets[3] & 15, octets
        except OSError:
            return None, None

    def reply(self, name, kind="A", transport="udp", timeout=12, **how):
        """A dns_message.Reply, or None."""
        return dns_message.ask("127.0.0.1", self.port, name, kind, transport, timeout, **how)

    def is_running(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def can_validate(vouchd_program, folder):
    """Whether this vouchd takes `dnssec.mode: enforce`: a version that cannot validate refuses to pretend."""
    file = pathlib.Path(folder, "can-validate.yaml")
    file.write_text("dnssec: {mode: enforce}\n", encoding="ascii")
    done = subprocess.run([vouchd_program, "--config", str(file), "--check-config"], capture_output=True, timeout=PATIENCE,
                          check=False)
    return done.returncode == 0
