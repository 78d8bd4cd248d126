"""The lab and a vouchd on it, for tests: started, told things, asked, ended. Nothing leaves loopback."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import dns_message

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ports import free_port, has_ipv6  # noqa: E402

SKIPPED = 77   # the exit status that says: cannot be tried here
IDLE_LOAD = 0.1  # of a core, when nobody asks
PATIENCE = 60  # seconds until what must happen is given up on; sanitizer builds on busy machines are slow


class Skip(Exception):
    """A sentence that says why something cannot be tried here."""


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


def run_in_folder(prefix, work):
    """The exit status of work(folder, processes): its own, or what became of it. The folder is new and goes away, the
    processes end; what was in the way is printed."""
    from comparison.processes import Processes, Trouble, end_on_signals  # of tests/bench, which not all users of the kit need
    end_on_signals()
    with tempfile.TemporaryDirectory(prefix=prefix) as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # some resolvers give up their rights and still read there
        try:
            with Processes() as processes:
                return work(folder, processes)
        except Skip as why:
            print(f"skipped: {why}")
            return SKIPPED
        except Trouble as met:
            print(met, file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130


def run_beside_peers(inside, prefix, vouchd, work):
    """run_in_folder() in a network namespace of its own, see enter_namespace(); ends the program. `vouchd`: the program, where
    it takes part; one that does not validate cannot be compared."""
    why_not = enter_namespace(inside)

    def work_if_possible(folder, processes):
        if why_not:
            raise Skip(why_not)
        if vouchd and not (vouchd.is_file() and can_validate(vouchd, folder)):
            raise Skip(f"{vouchd} is not there or does not validate")
        return work(folder, processes)
    sys.exit(run_in_folder(prefix, work_if_possible))


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


def flow(value):
    """A value as YAML writes it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def is_sanitized(program):
    """Sanitizer builds are not confined, and keep memory of their own."""
    octets = pathlib.Path(program).read_bytes()
    return b"__asan_init" in octets or b"__tsan_init" in octets


class Vouchd:
    """mode: what dnssec.mode says; None leaves it at its default. more: further lines of configuration. encrypted: which of
    tls, https and quic are served as well, with the lab's certificate, or `pair`, its two files; no pair at all (False): with
    one that vouchd makes for itself. server: further keys of `server`, of `server.tls` and so on within; telemetry: likewise.
    web: its pages are served, at `web_port`; further keys of `web` if it has some. resolver, dnssec: further keys of those."""

    def __init__(self, program, lab, folder, mode=None, more="", encrypted=(), pair=None, server=None, telemetry=None,
                 web=None, resolver=None, dnssec=None):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.ports = {"udp": self.port, "tcp": self.port}
        self.web_port = free_port() if web is not None else None
        self.ipv6 = has_ipv6()
        self.file = pathlib.Path(folder, "vouch.yaml")
        self.control = pathlib.Path(folder, "control.sock")
        self.certificate, self.key = pair or (lab.folder / "tls/server.pem", lab.folder / "tls/server.key")
        self.ca = lab.folder / "tls/ca.pem"
        serve = {"listen": self._everywhere(self.port), "workers": 2}
        serve.update(self._serve_encrypted(encrypted, with_pair=pair is not False))
        for key, value in (server or {}).items():
            serve[key] = {**serve.get(key, {}), **value} if isinstance(value, dict) else value
        find = {"root_hints_file": f"{lab.folder}/root.hints", **(resolver or {})}
        judge = {**({"mode": mode} if mode else {}), "trust_anchors_file": f"{lab.folder}/root.anchors",
                 "builtin_root_anchor": False,
                 "state_directory": folder,  # not where this machine's own vouchd keeps what it learnt
                 **(dnssec or {})}
        self.file.write_text(
            f"server: {flow(serve)}\n"
            f"resolver: {flow(find)}\n"
            f"dnssec: {flow(judge)}\n"
            f"outgoing: {{port: {lab.port}, ask_loopback: true, ipv6: {str(self.ipv6).lower()}}}\n"
            f"control: {{socket: '{self.control}'}}\n"
            f"telemetry: {flow({'state_directory': folder, **(telemetry or {})})}\n"
            f"web: {flow({'listen': [f'127.0.0.1@{self.web_port}'] if web is not None else [], **(web or {})})}\n{more}", encoding="utf-8")
        self.log = open(pathlib.Path(folder, "log"), "w+", encoding="utf-8")
        self.start()

    def _everywhere(self, *ports):
        return [f"{address}@{port}" for port in ports for address in ("127.0.0.1", "::1") if self.ipv6 or address != "::1"]

    def _serve_encrypted(self, kinds, with_pair):
        """QUIC shares its ports with TLS and HTTPS: DoQ is where DoT is, DoH3 where DoH is."""
        if not kinds:
            return {}
        secure, web = free_port(), free_port()
        serve = {"tls": {"state_directory": self.folder}}
        if with_pair:
            serve["tls"] |= {"certificate_file": self.certificate, "key_file": self.key}
        for kind, key, ports in (("tls", "tls", {"tls": secure}), ("https", "https", {"https": web}),
                                 ("quic", "quic", {"quic": secure, "http3": web})):
            if kind in kinds:
                serve.setdefault(key, {})["listen"] = self._everywhere(*ports.values())
                self.ports |= ports
        return serve

    def serves(self, transport):
        """Whether it listens there: one that was built without QUIC says so in its log and goes on without."""
        port = self.ports.get(transport)
        table = {"udp": "udp", "quic": "udp", "http3": "udp"}.get(transport, "tcp")
        lines = pathlib.Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
        state = "0A" if table == "tcp" else "07"  # LISTEN; bound and not connected
        return port is not None and any(
            line.split()[3] == state and int(line.split()[1].split(":")[1], 16) == port for line in lines)

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
        self.log.close()
        raise RuntimeError("vouchd did not start: " + self.logged())

    def logged(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf-8")

    def wait_for_log(self, pattern, seconds=PATIENCE, since=0):
        """The match of a pattern in the log, as soon as it is there; None after `seconds`. since: where in the log to begin."""
        until = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.logged()[since:])
            if found or time.monotonic() > until:
                return found
            time.sleep(0.02)

    def statistics(self):
        """Its counters as of now."""
        before = self.logged().count("event=statistics")
        self.process.send_signal(signal.SIGUSR1)
        until = time.monotonic() + PATIENCE
        while self.logged().count("event=statistics") == before:
            if time.monotonic() > until:
                raise RuntimeError("vouchd told no statistics")
            time.sleep(0.02)
        line = re.findall(r"event=statistics (.*)\n", self.logged())[-1]
        return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}

    # What it takes of the machine, from /proc.
    def resident_octets(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        resident = re.search(r"VmRSS:\s*(\d+) kB", status)
        if resident is None:
            raise OSError("vouchd has ended")
        return int(resident.group(1)) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def why_not_idle(self, looks):
        """Empty, as soon as it takes less than IDLE_LOAD for a second; else what it took in each look. A loop that spins shows in
        every look; other work on the machine blurs one."""
        loads = []
        for _ in range(looks):
            before, began = self.processor_seconds(), time.monotonic()
            time.sleep(1)
            loads.append((self.processor_seconds() - before) / (time.monotonic() - began))
            if loads[-1] < IDLE_LOAD:
                return ""
        return f"it works although nobody asks, in shares of a core: {loads}"

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
