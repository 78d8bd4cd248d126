"""The clients that load the encrypted transports: how each is run, and what it says that it counted."""
import json
import re
import shutil
import subprocess
from dataclasses import dataclass

from .processes import Trouble

PATIENCE = 60           # seconds that a client may take beyond its time
IDLE_LIMIT = 60         # seconds after which a client lets go of idle connections although nobody told it to


@dataclass(frozen=True)
class Target:
    """A server, and what it is to be asked."""
    port: int
    pid: int
    questions: str      # file of `name type`
    names: str          # file of the same names alone; all are asked for their A
    uris: str           # file of the same questions as URIs (RFC 8484 section 4.1); their port is this one
    authority: str      # PEM; whom its certificate comes from
    seconds: int        # of a load that is measured by time
    connections: int    # of a load that is measured by their number


@dataclass(frozen=True)
class Counts:
    asked: int          # questions, or connections with one question each, that came to an end
    answered: int
    right: int          # answered as they should be
    elapsed_us: float
    server_cpu_us: float = None     # None: not counted by the client


class Client:
    """A program that is run for a while, and then prints what it counted."""
    package = ""        # of Debian; empty: it is built with Vouch
    name = ""
    fine = (0,)         # exit statuses

    def __init__(self, *words):
        self.words = words

    def program(self, built):
        """Its file, or None when it is not there. built: {name: file} of the programs of the build that are there."""
        return shutil.which(self.name) if self.package else built.get(self.name)

    def remedy(self):
        return (f"{self.name} is not installed (apt-get install {self.package})" if self.package else
                f"{self.name} is not built (cmake --build --preset release --target {self.name})")

    def command(self, target):
        """Its arguments."""
        raise NotImplementedError

    def counts(self, output):
        """Counts from what it printed; raises ValueError, KeyError or TypeError when that is none of its output."""
        raise NotImplementedError

    def run(self, built, cpu, target):
        words = ["taskset", "-c", cpu, self.program(built), *self.command(target)]
        try:
            done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, timeout=target.seconds + PATIENCE)
        except subprocess.TimeoutExpired:
            raise Trouble(f"{self.name} did not end in time") from None
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        if done.returncode not in self.fine:
            raise Trouble(f"{self.name} ended with status {done.returncode}: {' '.join(said)}")
        try:
            return self.counts(done.stdout)
        except (KeyError, TypeError, ValueError):
            raise Trouble(f"{self.name} did not say what it counted: {' '.join(said)}") from None


def number_behind(words, text):
    """The first number behind these words, which must be there."""
    found = re.search(re.escape(words) + r"\s*([0-9.]+)", text)
    if not found:
        raise ValueError(words)
    return float(found.group(1))


class Dnsperf(Client):
    """DNS-OARC's. Over HTTPS it loses answers that share a TLS record, so that a server that coalesces them looks slow."""
    name = package = "dnsperf"

    def command(self, target):
        return ["-s", "127.0.0.1", "-p", target.port, "-d", target.questions, "-l", target.seconds, *self.words]

    def counts(self, output):
        sent, completed = (int(number_behind(word, output)) for word in ("Queries sent:", "Queries completed:"))
        noerror = re.search(r"Response codes:.*\bNOERROR (\d+)", output)
        return Counts(asked=sent, answered=completed, right=int(noerror.group(1)) if noerror else 0,
                      elapsed_us=number_behind("Run time (s):", output) * 1e6)


class H2load(Client):
    """nghttp2's. What is inside an answer it does not look at: success is an HTTP status of 2xx."""
    name, package = "h2load", "nghttp2-client"

    def command(self, target):
        return ["-D", target.seconds, "-i", target.uris, *self.words]

    def counts(self, output):
        found = re.search(r"finished in ([0-9.]+)(us|ms|s|m)\b.*\brequests: .* (\d+) succeeded, (\d+) failed\b"
                          r".*\bstatus codes: (\d+) 2xx", output, re.DOTALL)
        if not found:
            raise ValueError(output)
        took, unit, succeeded, failed, good = found.groups()
        # A status counts when the headers come, success when the body has come as well: at the end some have but the first.
        right = min(int(good), int(succeeded))
        return Counts(asked=int(succeeded) + int(failed), answered=right, right=right,
                      elapsed_us=float(took) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit])


class Holder(Client):
    """One that can also keep its connections open, idle, for as long as its standard input lasts."""

    def hold(self, built, cpu, target, look):
        """(connections that are open and idle, those that the server closed, what look() says while they are held)."""
        words = ["taskset", "-c", cpu, self.program(built), *self.command(target), "--hold", IDLE_LIMIT]
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            line = client.stdout.readline().split()  # it gives up by itself, at the latest after its --seconds
            seen = look() if line[:1] == ["held"] else None
            told, _ = client.communicate(timeout=PATIENCE + IDLE_LIMIT)  # this ends its standard input, and so the holding
        if seen is None:
            raise Trouble(f"{self.name} holds no connections (status {client.returncode})")
        return int(line[1]), self.closed(told), seen

    def closed(self, output):
        """How many connections the server closed while they were held."""
        raise NotImplementedError


class Tlsload(Holder):
    """Our own: connections over TLS, one after another, with one question each."""
    name = "tlsload"

    def command(self, target):
        return ["--port", target.port, "--queries", target.questions, "--connections", target.connections, "--ca",
                target.authority, "--pid", target.pid, "--json", *self.words]

    def counts(self, output):
        told = json.loads(output)
        # Connections that were meant to be resumed and were not, or the other way around, are none of those asked for.
        right = told["resumed"] if "--resume" in self.words else told["answered"] - told["resumed"]
        return Counts(asked=told["sent"], answered=told["answered"], right=right, elapsed_us=told["elapsed_us"],
                      server_cpu_us=told["server_cpu_us"])

    def closed(self, output):
        return json.loads(output)["closed"]


class Doqload(Holder):
    """Our own, for QUIC: so many questions outstanding for a time; or, without --outstanding, connections with one each."""
    name = "doqload"
    fine = (0, 1)   # 1: not every query was answered, which its counts say as well

    def command(self, target):
        base = ["--port", target.port, "--names", target.names, "--ca", target.authority]
        if "--outstanding" in self.words:
            return [*base, "--seconds", target.seconds, *self.words]
        return [*base, "--connections", 1, "--outstanding", 1, "--per-connection", 1, "--count", target.connections, *self.words]

    def counts(self, output):
        found = re.search(r"asked (\d+), answered (\d+), lost (\d+) in ([0-9.]+) s", output)
        kinds = re.search(r"connections: (\d+) handshakes in full, (\d+) resumed", output)
        if not found or not kinds:
            raise ValueError(output)
        asked, answered, full, resumed = (int(word) for word in (*found.groups()[:2], *kinds.groups()))
        right = answered - int(number_behind("answers with another RCODE than NOERROR:", output))
        if "--outstanding" not in self.words:  # of those that shall be resumed the first has no ticket yet
            right = min(right, resumed + 1 if "--resume" in self.words else full)
        return Counts(asked=asked, answered=answered, right=right, elapsed_us=float(found.group(4)) * 1e6)


class HeldDoqload(Doqload):
    """The same with all connections at once, each for one question."""

    def command(self, target):
        return ["--port", target.port, "--names", target.names, "--ca", target.authority, "--connections", target.connections,
                "--outstanding", 1, "--count", target.connections]

    def closed(self, output):
        return int(number_behind("closed while held:", output))
