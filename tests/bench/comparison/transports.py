"""What is measured of the encrypted transports, and how one server is led through it."""
import base64
import pathlib
import time
from dataclasses import dataclass

from . import question
from .clients import Dnsperf, Doqload, H2load, HeldDoqload, Target, Tlsload
from .phases import SETTLE, busy_seconds
from .processes import Trouble, cpu_seconds, resident_octets
from .resolvers import HTTPS, QUIC, TLS, Encrypted

WARM_CONNECTIONS = 20       # before memory is looked at: what the first connection costs is not each one's cost
MOSTLY = 0.9                # share of answers or connections that must go well, or their cost says nothing
IDLE_SETTLE = 0.5           # seconds, for a server to put away what the last answer needed
PATH = "/dns-query"         # where all of them serve DNS over HTTPS

ANSWERS, CONNECTIONS, MEMORY = "answers", "connections", "memory"


@dataclass(frozen=True)
class Measurement:
    name: str
    scenario: str       # what --only knows it by
    transport: str
    client: object
    kind: str = ANSWERS
    idle: int = 0       # connections that are held, when memory is looked at


def doh(method):
    words = ("-m", "doh", "-c", 10, "-q", 100, "-O", f"doh-uri=https://localhost{PATH}", "-O", f"doh-method={method}")
    return Measurement(f"doh-{method.lower()}", "doh", HTTPS, Dnsperf(*words))


MEASUREMENTS = (
    Measurement("dot", "dot", TLS, Dnsperf("-m", "dot", "-c", 10, "-q", 100)),
    doh("GET"),
    doh("POST"),
    Measurement("doh-h2load", "doh", HTTPS, H2load("-c", 10, "-m", 10)),
    Measurement("doq-single", "doq", QUIC, Doqload("--connections", 100, "--outstanding", 1)),
    Measurement("doq-many", "doq", QUIC, Doqload("--connections", 10, "--outstanding", 20)),
    Measurement("tls-full", "handshakes", TLS, Tlsload(), CONNECTIONS),
    Measurement("tls-resumed", "handshakes", TLS, Tlsload("--resume"), CONNECTIONS),
    Measurement("quic-full", "handshakes", QUIC, Doqload(), CONNECTIONS),
    Measurement("quic-resumed", "handshakes", QUIC, Doqload("--resume"), CONNECTIONS),
    Measurement("tls-idle", "memory", TLS, Tlsload(), MEMORY, idle=1000),
    Measurement("quic-idle", "memory", QUIC, HeldDoqload(), MEMORY, idle=500),
)
SCENARIOS = tuple(dict.fromkeys(one.scenario for one in MEASUREMENTS))


def sittings(measurements):
    """Those that share a process. Memory is measured in a fresh one each: what an earlier load has freed would be used again,
    and seem to cost nothing."""
    together = [one for one in measurements if one.kind != MEMORY]
    return ([together] if together else []) + [[one] for one in measurements if one.kind == MEMORY]


def available(scenarios, resolver, built, left_out):
    """The measurements of these scenarios that this resolver can take part in; left_out(sentence) hears of the others."""
    found, spoken = [], resolver.spoken()
    for one in MEASUREMENTS:
        if one.scenario not in scenarios:
            continue
        if not one.client.program(built):
            left_out(f"{one.scenario} over {one.transport}: {one.client.remedy()}")
        elif one.transport not in spoken:
            left_out(f"{resolver.name} serves no {one.transport}")
        elif one.name in resolver.unmeasurable:
            left_out(f"{resolver.name}, {one.name}: {resolver.unmeasurable[one.name]}")
        else:
            found.append(one)
    return found


def listening(measurements, lab, port):
    """Where these are served: on the ports behind that of UDP."""
    wanted = {one.transport for one in measurements}
    ports = {transport: port + 1 + i for i, transport in enumerate((TLS, HTTPS, QUIC)) if transport in wanted}
    return Encrypted(lab.folder / "tls" / "server.pem", lab.folder / "tls" / "server.key", ports)


class Meeting:
    """One running resolver, with everything cached that will be asked, and the load that is put on it."""

    def __init__(self, load, built, lab, listening, pid, handshakes):
        self.load, self.built, self.lab, self.listening, self.pid, self.handshakes = load, built, lab, listening, pid, handshakes

    def target(self, measurement, connections):
        port = self.listening.port(measurement.transport)
        return Target(port=port, pid=self.pid, questions=self.questions(), names=self.names(), uris=self.uris(port),
                      authority=self.lab.folder / "tls" / "ca.pem", seconds=self.load.seconds, connections=connections)

    def questions(self):
        return pathlib.Path(self.load.questions["secured"])

    def names(self):
        path = self.questions().with_suffix(".names")
        path.write_text("".join(line.split()[0] + "\n" for line in self.questions().read_text().splitlines()))
        return path

    def uris(self, port):
        path = self.questions().with_suffix(".uris")
        queries = (base64.urlsafe_b64encode(question.wire(*line.split())) for line in self.questions().read_text().splitlines())
        path.write_text("".join(f"https://127.0.0.1:{port}{PATH}?dns={query.rstrip(b'=').decode()}\n" for query in queries))
        return path

    def measure(self, measurement):
        time.sleep(SETTLE)
        return self.idle(measurement) if measurement.kind == MEMORY else self.busy(measurement)

    def busy(self, measurement):
        target = self.target(measurement, self.handshakes)
        start, machine, cpu = time.monotonic(), busy_seconds(self.load.server_cpu), cpu_seconds(self.pid)
        counts = measurement.client.run(self.built, self.load.cpu, target)
        spent = cpu_seconds(self.pid) - cpu
        others = busy_seconds(self.load.server_cpu) - machine - spent
        if counts.right < MOSTLY * max(1, counts.asked):
            raise Trouble(f"only {counts.right} of {counts.asked} went as they should: that measures something else")
        server = spent * 1e6 if counts.server_cpu_us is None else counts.server_cpu_us
        return {
            "us": server / counts.answered,
            "qps": counts.answered * 1e6 / counts.elapsed_us,
            "busy": server / counts.elapsed_us,
            "others": max(0.0, others / (time.monotonic() - start)),
            "asked": counts.asked,
            "failures": counts.asked - counts.right,
        }

    def idle(self, measurement):
        measurement.client.run(self.built, self.load.cpu, self.target(measurement, WARM_CONNECTIONS))
        before = resident_octets(self.pid)

        def look():
            time.sleep(IDLE_SETTLE)
            return resident_octets(self.pid)
        target = self.target(measurement, measurement.idle)
        held, closed, after = measurement.client.hold(self.built, self.load.cpu, target, look)
        if held - closed < MOSTLY * target.connections:
            raise Trouble(f"only {held - closed} of {target.connections} connections stayed open")
        return {"octets": (after - before) / (held - closed), "rss": after, "asked": target.connections,
                "failures": target.connections - held + closed}


def describe(measurement, figures):
    """One line about it."""
    failed = f"{figures['failures']} of {figures['asked']} failed"
    if measurement.kind == MEMORY:
        return f"{measurement.name}: {figures['octets'] / 1024:.1f} KiB for each idle connection, {failed}"
    what = "a connection" if measurement.kind == CONNECTIONS else "an answer"
    return f"{measurement.name}: {figures['us']:.2f} us of CPU {what}, {figures['qps']:,.0f} a second, {failed}"
