"""What every attack on vouchd needs: a victim with short patience, a good client beside the hostile one, and a look at what the
attack cost while it ran and what is left of it afterwards."""
import contextlib
import pathlib
import resource
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

import dns_message
import http2_client
import transport_clients
from lab_kit import PATIENCE, Vouchd, is_sanitized
from transport_clients import Server

HERE = pathlib.Path(__file__).resolve().parent
CLOSE_WITHIN = 10      # seconds: what hostile clients may hold at most, whatever they do
MOST_LOST = 0.01       # of the good client's questions
LEAST_ASKED = 10       # over each transport, or nothing can be said
LEAST_SECONDS = 1      # of each attack: a shorter one is run again
MIB = 1 << 20
NAMES = [f"good{i}.wild.nsec." for i in range(20)]

# All waits well below CLOSE_WITHIN. Places: 200 for streams in each of two workers, a tenth of them for one address.
SESSIONS, SHARE, WORKERS = 200, 20, 2
LIMITS = {
    "tcp": {"max_sessions": SESSIONS, "max_sessions_per_client": SHARE, "idle_timeout": 1000, "message_timeout": 1000,
            "stall_timeout": 1500},
    "tls": {"max_sessions": SESSIONS, "max_sessions_per_client": SHARE, "idle_timeout": 1000, "handshake_timeout": 1000},
    "quic": {"max_sessions": 100, "max_sessions_per_client": 10, "idle_timeout": 1000, "handshake_timeout": 1000, "retry_above": 4,
             "max_memory": "8M"},
}


class Worse(AssertionError):
    """The attack did more than it may."""


class Ended(Worse):
    """vouchd has gone, or said on its way out that something was wrong: no machine's other work explains that."""


class Victim:
    """A vouchd under attack; a context that ends with the reckoning."""

    def __init__(self, program, lab, folder, **server):
        self.vouchd = Vouchd(program, lab, folder, mode="enforce", encrypted=("tls", "https", "quic"),
                             server={**LIMITS, **{key: {**LIMITS[key], **value} for key, value in server.items()}})
        self.server = Server(self.vouchd.ports, self.vouchd.ca)
        self.is_sanitized = is_sanitized(program)
        self.good = {"udp", "tcp", "tls", "https"}  # what the good client must be served over
        self.most_resident = 0
        self.is_over = threading.Event()

    def serves(self, transport):
        return self.vouchd.serves(transport)

    def __enter__(self):
        self._warm_up()
        self.descriptors = self.vouchd.descriptors()
        self.resident = self.vouchd.resident_octets()
        self.good_client = subprocess.Popen(
            [sys.executable, "-B", str(HERE / "good_client.py"), "--port", str(self.vouchd.port), "--tls-port",
             str(self.vouchd.ports["tls"]), "--ca", str(self.vouchd.ca),
             *(["--https-port", str(self.vouchd.ports["https"])] if self.serves("https") else []), *NAMES],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.good_client.stdout.readline()  # it has begun
        self.sampler = threading.Thread(target=self._sample, daemon=True)
        self.sampler.start()
        return self

    def _warm_up(self):
        """Names into the cache, and each kind of session once, so that their first cost is not the attack's."""
        for name in NAMES:
            if self.vouchd.ask(name, timeout=PATIENCE)[0] != 0:
                raise RuntimeError("the victim does not resolve")
        for transport in ("tcp", "tls", "https-post"):
            for _ in range(8):
                transport_clients.ask(self.server, transport, dns_message.question(NAMES[0]))

    def _sample(self):
        while not self.is_over.wait(0.05):
            try:
                self.most_resident = max(self.most_resident, self.vouchd.resident_octets())
            except OSError:
                return

    def __exit__(self, kind, *_):
        self.is_over.set()
        self.sampler.join()
        said = self.good_client.communicate("", timeout=PATIENCE)[0]
        try:
            if kind is None:
                self.check_alive()
                self._check_good_client(said)
                self._check_nothing_is_left()
        finally:
            self._stop(kind is None)

    def _stop(self, checks):
        status = self.vouchd.stop() if self.vouchd.is_running() else self.vouchd.process.returncode
        self.vouchd.log.close()
        if checks and status != 0:
            raise Ended(f"vouchd ended with status {status}:\n{self.vouchd.logged()[-6000:]}")

    def check_alive(self):
        if not self.vouchd.is_running():
            raise Ended(f"vouchd has ended by itself:\n{self.vouchd.logged()[-6000:]}")

    def _check_good_client(self, said):
        counts = {line.split()[0]: (int(line.split()[1]), int(line.split()[2])) for line in said.splitlines()}
        for transport, (asked, answered) in counts.items():
            if transport not in self.good:
                continue
            if asked < LEAST_ASKED or asked - answered > max(1, asked * MOST_LOST):
                raise Worse(f"the good client over {transport}: {answered} answers to {asked} questions")

    def check_memory(self, most):
        """most: octets beyond what the victim had before."""
        grown = self.most_resident - self.resident
        if not self.is_sanitized and grown > most:
            raise Worse(f"memory grew by {grown / MIB:.1f} MiB, {most / MIB:.1f} are allowed")

    def _check_nothing_is_left(self):
        until = time.monotonic() + PATIENCE
        while self.vouchd.descriptors() > self.descriptors:
            if time.monotonic() > until:
                raise Worse(f"{self.vouchd.descriptors()} descriptors are open, before it were {self.descriptors}")
            time.sleep(0.1)
        busy = self.vouchd.why_not_idle(looks=5)
        if busy:
            raise Worse(busy)

    def endure(self, attack):
        self.good -= attack.spares
        began = time.monotonic()
        while time.monotonic() - began < LEAST_SECONDS:
            attack.run(self)
            self.check_alive()
        self.check_memory(attack.memory)

    def connect(self, transport, source=None):
        """A connection without anything said on it yet."""
        return dns_message.connect("127.0.0.1", self.vouchd.ports[transport], PATIENCE, source)

    def flood(self, transport, source, count):
        """As many connections as the victim lets in; it may break off some before they are made."""
        streams = []
        for _ in range(count):
            with contextlib.suppress(ConnectionError):
                streams.append(self.connect(transport, source))
        return streams

    def open_tls(self, transport="tls", *alpn, source=None):
        context = self.server.context(*(alpn or {"tls": ("dot",), "https": ("h2",)}[transport]))
        return self.server.open_tls(self.vouchd.ports[transport], context, source, PATIENCE)

    def open_http2(self, **how):
        stream = TlsSocket(self.server, self.connect("https"), "h2")
        return http2_client.Connection(stream, f"dns.lab:{self.vouchd.ports['https']}", **how)


class Tls:
    """A TLS client whose octets a test carries itself, to cut them as it likes."""

    def __init__(self, server, plain, *alpn):
        self.plain = plain
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.engine = server.context(*alpn).wrap_bio(self.incoming, self.outgoing, server_hostname=server.name)

    def greeting(self):
        """The first flight of the handshake."""
        try:
            self.engine.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def shake_hands(self):
        flight = self.greeting()
        while True:
            self.plain.sendall(flight)
            try:
                self.engine.do_handshake()
                self.plain.sendall(self.outgoing.read())
                return self
            except ssl.SSLWantReadError:
                flight = self.outgoing.read()
                octets = self.plain.recv(65536) if not flight else b""
                if octets:
                    self.incoming.write(octets)
                elif not flight:
                    raise ConnectionError("closed during the handshake") from None

    def record(self, octets):
        self.engine.write(octets)
        return self.outgoing.read()


class TlsSocket:
    """TLS with a socket's manners. Unlike ssl.SSLSocket it still reads what the server said last when sending has failed."""

    def __init__(self, server, plain, *alpn):
        self.tls, self.unsent = Tls(server, plain, *alpn).shake_hands(), b""
        self.plain = plain
        for name in ("settimeout", "setblocking", "setsockopt", "fileno", "close"):
            setattr(self, name, getattr(plain, name))

    def send(self, octets):
        """How many it took; BlockingIOError while what it took before has not left."""
        if not self.unsent:
            self.unsent = self.tls.record(bytes(octets[:16384]))
            self.taken = min(len(octets), 16384)
        while self.unsent:
            self.unsent = self.unsent[self.plain.send(self.unsent):]
        return self.taken

    def sendall(self, octets):
        at = 0
        while at < len(octets):
            at += self.send(octets[at:])

    def recv(self, most):
        while True:
            try:
                return self.tls.engine.read(most)
            except ssl.SSLWantReadError:
                octets = self.plain.recv(65536)
                if not octets:
                    return b""
                self.tls.incoming.write(octets)

    def pending(self):
        return self.tls.engine.pending() + self.tls.incoming.pending


def dribble(streams, octets, every=0.2):
    """Sends one octet after another to all, until the server has closed them all: how long that took. `octets` must last for
    CLOSE_WITHIN seconds; Worse when any is open then."""
    began, waiting = time.monotonic(), dict.fromkeys(streams, 0)
    while waiting:
        if time.monotonic() - began > CLOSE_WITHIN:
            raise Worse(f"{len(waiting)} of {len(streams)} connections are still open after {CLOSE_WITHIN} s")
        for stream in list(waiting):
            try:
                if waiting[stream] < len(octets):
                    stream.send(octets[waiting[stream]:waiting[stream] + 1])
                    waiting[stream] += 1
            except OSError:
                del waiting[stream]
        until = time.monotonic() + every
        while waiting and time.monotonic() < until:
            for stream in select.select(list(waiting), [], [], max(0, until - time.monotonic()))[0]:
                if is_at_end(stream):
                    del waiting[stream]
    return time.monotonic() - began


def is_at_end(stream):
    """Whether what the server sent is the end. Reads and forgets what else it is; `stream` is a plain socket."""
    stream.setblocking(False)
    try:
        return stream.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def wait_for_end(streams, seconds=CLOSE_WITHIN):
    give_up = time.monotonic() + seconds
    waiting = list(streams)
    while waiting:
        waiting = [stream for stream in waiting if not is_at_end(stream)]
        if waiting and time.monotonic() > give_up:
            raise Worse(f"{len(waiting)} of {len(streams)} connections are still open after {seconds} s")
        time.sleep(0.05)


def has_been_cut(stream):
    """Whether the connection is gone, told without reading from it."""
    watch = select.poll()
    watch.register(stream, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
    return bool(watch.poll(0))


def push(stream, octets, patience=1.0):
    """Sends as long as the server takes anything. How many octets it took; all of them, or it took none for `patience` seconds
    or closed."""
    stream.setblocking(False)
    sent, view, last = 0, memoryview(octets), time.monotonic()
    while sent < len(octets) and time.monotonic() - last < patience:
        try:
            sent += stream.send(view[sent:sent + 16384])
            last = time.monotonic()
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            select.select([], [stream], [], 0.05)
        except OSError:
            break
    return sent


def close_all(streams):
    for stream in streams:
        stream.close()


def limit_descriptors(vouchd, count=None):
    """None: as many as there may be."""
    most = resource.prlimit(vouchd.process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(vouchd.process.pid, resource.RLIMIT_NOFILE, (most if count is None else count, most))


def reset_on_close(stream):
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


class Attack:
    """run(victim) attacks and returns when the attack is over, or raises Worse. needs: the transports without which it is
    nothing. memory: octets that the victim may grow by. spares: the transports that nobody can be served over while it runs.
    server: how the victim is configured for it."""

    def __init__(self, run, needs, memory, spares, server):
        self.run, self.needs, self.memory, self.spares, self.server = run, needs, memory, set(spares), server
        self.name = run.__name__


ATTACKS = []


def attack(*needs, memory=4 * MIB, spares=(), **server):
    """Puts a function into the table of attacks."""
    def put(run):
        ATTACKS.append(Attack(run, needs, memory, spares, server))
        return run
    return put
