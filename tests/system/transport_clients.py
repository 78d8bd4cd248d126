"""One question over every transport: by sockets of our own, where octets matter, and by the clients that people use, whose
makers read the RFCs without us. A client that is not installed is told of, never passed over in silence."""
import base64
import dataclasses
import pathlib
import re
import shutil
import ssl
import subprocess
import tempfile

import dns_message
import http2_client
from dns_message import KEEPALIVE_OPTION, PADDING_OPTION

SECONDS = 12  # longer than vouchd takes to give up
ENCRYPTED = ("tls", "https-get", "https-post", "quic", "http3")
MESSAGE = ("content-type", "application/dns-message")
PATH = "/dns-query"


@dataclasses.dataclass
class Server:
    """Where a resolver is, and what its certificate must prove."""
    ports: dict  # by transport: udp, tcp, tls, https, quic, http3
    ca: pathlib.Path
    name: str = "dns.lab"
    address: str = "127.0.0.1"

    def port(self, transport):
        return self.ports[transport.partition("-")[0]]

    def context(self, *alpn):
        context = ssl.create_default_context(cafile=str(self.ca))
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context

    def open_tls(self, port, context, source=None, timeout=SECONDS, session=None):
        plain = dns_message.connect(self.address, port, timeout, source)
        try:
            return context.wrap_socket(plain, server_hostname=self.name, session=session)
        except OSError:
            plain.close()
            raise

    def open_http2(self, source=None, timeout=SECONDS):
        stream = self.open_tls(self.ports["https"], self.context("h2"), source, timeout)
        return http2_client.Connection(stream, f"{self.name}:{self.ports['https']}")


class HttpStatus(Exception):
    """A DNS message was hoped for, and another status than 200 came."""

    def __init__(self, response):
        super().__init__(str(response.status))
        self.response = response


def dns_parameter(message):
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode("ascii")


def get(connection, message, seconds=SECONDS):
    return connection.request("GET", f"{PATH}?dns={dns_parameter(message)}", ("accept", MESSAGE[1]), timeout=seconds)


def post(connection, message, seconds=SECONDS):
    return connection.request("POST", PATH, MESSAGE, ("content-length", str(len(message))), body=message, timeout=seconds)


def _message_of(response):
    if response.reset is not None:
        raise OSError(f"the stream was reset: {response.reset}")
    if response.status != 200:
        raise HttpStatus(response)
    return response.body


def _ask_tls(server, message, source, seconds):
    with server.open_tls(server.ports["tls"], server.context("dot"), source, seconds) as stream:
        return dns_message.ask_on(stream, message)


def _ask_https(how):
    def ask(server, message, source, seconds):
        connection = server.open_http2(source, seconds)
        try:
            return _message_of(how(connection, message, seconds))
        finally:
            connection.close()
    return ask


def _ask_http3(server, message, source, seconds):
    """By gtlsclient (ngtcp2's own), Debian's one client for HTTP/3. It checks no certificate and shows no header fields."""
    if source:
        raise ValueError("gtlsclient chooses its own address")
    with tempfile.TemporaryDirectory(prefix="vouch-http3-") as folder:
        port = server.ports["http3"]
        run(["gtlsclient", "--quiet", "--no-quic-dump", "--no-http-dump", "--exit-on-all-streams-close", f"--timeout={seconds}s",
             f"--download={folder}", server.address, str(port),
             f"https://{server.name}:{port}{PATH}?dns={dns_parameter(message)}&as=/answer"])  # what it names the file by
        bodies = [file.read_bytes() for file in pathlib.Path(folder).iterdir()]
        if len(bodies) != 1 or len(bodies[0]) < 12:
            raise OSError("no answer")
        return bodies[0]


def _ask_plainly(transport, ask):
    return lambda server, message, source, seconds: ask(server.address, server.port(transport), message, seconds, source)


# What can carry any octets: (server, message, own address or None, seconds) -> the reply's octets. OSError: nothing came.
RAW = {
    "udp": _ask_plainly("udp", dns_message.ask_udp),
    "tcp": _ask_plainly("tcp", dns_message.ask_tcp),
    "tls": _ask_tls,
    "https-get": _ask_https(get),
    "https-post": _ask_https(post),
    "http3": _ask_http3,
}
NEEDS = {"http3": "gtlsclient"}


def ask(server, transport, message, source=None, seconds=SECONDS):
    """A dns_message.Reply, or None when nothing (readable) came."""
    try:
        return dns_message.parse(RAW[transport](server, message, source, seconds))
    except (OSError, dns_message.Malformed, HttpStatus):
        return None


def run(command, seconds=3 * SECONDS, **more):
    """(exit status, output with what went to standard error); status None when it took too long."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", timeout=seconds, check=False, **more)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode("utf-8", "replace") if isinstance(late.stdout, bytes) else late.stdout or ""


def missing(*programs):
    """Those that are not installed."""
    return [program for program in programs if not shutil.which(program)]


@dataclasses.dataclass(frozen=True)
class Question:
    name: str
    kind: str = "A"
    do: bool = False
    cd: bool = False
    ad: bool = False
    edns: bool = True

    def __str__(self):
        said = [word for word, is_set in (("DO", self.do), ("CD", self.cd), ("AD", self.ad), ("no EDNS", not self.edns)) if is_set]
        return " ".join([self.name, self.kind, *said])

    def message(self, number=None, options=b""):
        return dns_message.question(self.name, self.kind, number, ad=self.ad, cd=self.cd, do=self.do,
                                    edns_size=1232 if self.edns else None, options=options)


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a client made of a reply, as far as it must not depend on the transport."""
    rcode: str
    flags: frozenset
    errors: frozenset  # INFO-CODEs; whether a failure was remembered is not the transport's matter
    data: tuple


CACHED_ERROR = 13
FLAGS = {0x0400: "aa", 0x0200: "tc", 0x0100: "rd", 0x0080: "ra", 0x0020: "ad", 0x0010: "cd"}


def seen_by_us(reply):
    return Seen(reply.rcode, frozenset(word for bit, word in FLAGS.items() if reply.flags & bit),
                frozenset(code for code, _ in reply.ede) - {CACHED_ERROR},
                tuple(sorted((section, each.owner, each.type, each.text)
                             for section, records in (("answer", reply.answer), ("authority", reply.authority))
                             for each in records)))


class Text:
    """What kdig and dig print of a reply. Both print alike, but for the details."""

    def __init__(self, text):
        self.text = text
        status = re.search(r"opcode: \w+[;,] status: (\w+)", text)
        self.rcode = status.group(1) if status else None
        self.number = int(found.group(1)) if (found := re.search(r"\bid: (\d+)", text)) else None
        size = re.search(r"(?:;; Received (\d+) B|MSG SIZE +rcvd: (\d+))", text)
        self.size = int(size.group(1) or size.group(2)) if size else 0
        self.is_padded = bool(re.search(r"^;+ *PAD(?:DING)?:", text, re.MULTILINE))

    def seen(self):
        flags = re.search(r"^;; [Ff]lags:? ?([a-z ]*);", self.text, re.MULTILINE).group(1)
        errors = re.findall(r"^;+ EDE: (\d+)", self.text, re.MULTILINE)
        records = [tuple(line.split()) for line in self.text.splitlines() if line and not line.startswith(";")]
        without_ttl = sorted(record[:1] + record[2:] for record in records)
        return Seen(self.rcode, frozenset(flags.split()) - {"qr"}, frozenset(map(int, errors)) - {CACHED_ERROR},
                    tuple(without_ttl))


KDIG = {"udp": ["+notcp", "+ignore"], "tcp": ["+tcp"], "tls": ["+tls"], "https-post": ["+https"],
        "https-get": ["+https", "+https-get"], "quic": ["+quic"]}
DIG = {"udp": ["+notcp", "+ignore"], "tcp": ["+tcp"], "tls": ["+tls"], "https-post": ["+https"], "https-get": ["+https-get"]}


def _words(question, flag):
    """flag: how the client spells a bit that is set or not."""
    bits = {"dnssec": question.do, "cdflag": question.cd, "adflag": question.ad}
    return [flag(word, is_set) for word, is_set in bits.items()] + ["-q", question.name, "-t", question.kind]


def ask_with_kdig(server, transport, question, source=None, trust=None, more=()):
    """A Text. trust: what +tls-... says in place of the right authority and name."""
    if trust is None:
        trust = [f"+tls-ca={server.ca}", f"+tls-hostname={server.name}"]
    return Text(run(["kdig", f"@{server.address}", "-p", str(server.port(transport)),
                     *(trust if transport in ENCRYPTED else []), *KDIG[transport],  # in this order, or kdig 3.2 crashes on +quic
                     *(["-b", source] if source else []), "+retry=0",
                     f"+timeout={SECONDS}", "+edns" if question.edns else "+noedns",
                     *_words(question, lambda word, is_set: f"+{'' if is_set else 'no'}{word}"), *more])[1])


def ask_with_dig(server, transport, question, more=()):
    trust = [f"+tls-ca={server.ca}", f"+tls-hostname={server.name}"] if transport in ENCRYPTED else []
    return Text(run(["dig", f"@{server.address}", "-p", str(server.port(transport)), *DIG[transport], *trust, "+tries=1",
                     f"+time={SECONDS}", "+nocookie", "+edns" if question.edns else "+noedns",
                     *_words(question, lambda word, is_set: f"+{'' if is_set else 'no'}{word}"), *more])[1])


def keepalive_of(reply):
    """The time that it tells, in units of 100 ms; None: nothing was told."""
    told = [int.from_bytes(value, "big") for code, value in reply.options if code == KEEPALIVE_OPTION and len(value) == 2]
    return told[0] if told else None


def is_padded(reply):
    return any(code == PADDING_OPTION for code, _ in reply.options)
