"""Attacks on QUIC by whoever can send datagrams: handshakes that are begun and not gone on with, amplification, and nonsense.
What the server sends back is counted against what it got."""
import os
import random
import select
import socket
import struct
import time

import quic_packets as quic
from hostile_kit import CLOSE_WITHIN, MIB, WORKERS, Worse, attack
from lab_kit import Skip

AMPLIFICATION = 3            # RFC 9000 section 8.1
PER_CONNECTION = 128 * 1024  # what one may take
HALF_OPEN = 2 * WORKERS * 10  # more than retry_above and the share of one address let begin
RESETS_AT_ONCE, RESETS_PER_SECOND = 1000, 100  # of each worker
QUIET = 0.4                  # seconds without a datagram: that was all for now


class Client:
    """A UDP socket that counts."""

    def __init__(self, victim, source="127.0.0.1"):
        if quic.CRYPTO is None:
            raise Skip("no libcrypto to make QUIC's packets with")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", victim.vouchd.ports["quic"]))
        self.sent = self.received = 0
        self.datagrams = []

    def send(self, octets):
        self.sent += len(octets)
        try:
            self.socket.send(octets)
        except OSError:
            pass  # an ICMP message about an earlier one; never here, as the port is served

    def hear(self, quiet=QUIET):
        """Takes in what comes until it is quiet."""
        while select.select([self.socket], [], [], quiet)[0]:
            octets = self.socket.recv(65535)
            self.received += len(octets)
            self.datagrams.append(octets)
        return self.datagrams

    def close(self):
        self.socket.close()


def hear_all(clients, seconds):
    """As Client.hear(), for many and for so long."""
    until, by_socket = time.monotonic() + seconds, {client.socket: client for client in clients}
    while (left := until - time.monotonic()) > 0:
        for ready in select.select(list(by_socket), [], [], left)[0]:
            by_socket[ready].hear(0)


def check_amplification(clients):
    for client in clients:
        if client.received > AMPLIFICATION * client.sent:
            raise Worse(f"{client.received} octets came for {client.sent}")


def sessions_of(victim):
    told = victim.vouchd.statistics()
    return {name: told[name] for name in told if name.startswith(("quic_", "http3_"))}


def headers_of(datagrams):
    found = []
    for octets in datagrams:
        try:
            found.append(quic.LongHeader(octets))
        except (ValueError, IndexError):
            pass
    return found


@attack("quic", memory=HALF_OPEN * PER_CONNECTION + 2 * MIB)
def handshakes_that_are_not_gone_on_with(victim):
    """From two hundred ports: the first are answered, the others must prove where they are; then all are forgotten."""
    clients = [Client(victim) for _ in range(200)]
    for client in clients:
        client.send(quic.first_flight())
    hear_all(clients, 2.5)  # the server asks again and again, and gives up
    check_amplification(clients)
    if not any(client.received for client in clients):
        raise Worse("nobody was answered")
    for client in clients:
        client.close()


@attack("quic", memory=HALF_OPEN * PER_CONNECTION + 2 * MIB)
def initials_without_number(victim):
    """Thousands, from many addresses; hardly any state may come of it."""
    clients = [Client(victim, f"127.30.{number // 200}.{number % 200 + 1}") for number in range(100)]
    for _ in range(30):
        for client in clients:
            client.send(quic.first_flight())
        hear_all(clients, 0.01)
    hear_all(clients, 1)
    check_amplification(clients)
    retries = sum(header.is_retry() for client in clients for header in headers_of(client.datagrams))
    if retries < 100:
        raise Worse(f"of 3000 only {retries} were told to prove where they are")
    for client in clients:
        client.close()


@attack("quic", quic={"retry_above": 0})
def tokens_of_others(victim):
    """A Retry token is good for the address that it was given to, and for nobody else; nor is one that was made up."""
    honest = Client(victim)
    destination, source = os.urandom(8), os.urandom(8)
    honest.send(quic.first_flight(destination, source))
    retries = [header for header in headers_of(honest.hear()) if header.is_retry()]
    if len(retries) != 1 or honest.received > honest.sent:
        raise Worse(f"{len(retries)} Retry packets came, {honest.received} octets")
    retry = retries[0]
    thieves = [Client(victim, "127.0.0.9") for _ in range(3)]
    tokens = (retry.retry_token(), os.urandom(len(retry.retry_token())), retry.retry_token()[:1] + os.urandom(60))
    for thief, token in zip(thieves, tokens):
        thief.send(quic.first_flight(retry.source_id, source, token))
        for header in headers_of(thief.hear()):
            if header.kind == quic.HANDSHAKE and header.version == quic.VERSION_1:
                raise Worse("a handshake went on with another's token")
        if thief.received > thief.sent:
            raise Worse(f"{thief.received} octets for {thief.sent}")
    honest.send(quic.first_flight(retry.source_id, source, retry.retry_token()))
    honest.hear()
    if not any(header.kind in (quic.INITIAL, quic.HANDSHAKE) and header.version for header in headers_of(honest.datagrams)[1:]):
        raise Worse("with its own token the client gets no further, either")
    for client in [honest, *thieves]:
        client.close()


@attack("quic")
def datagrams_too_small_for_a_handshake(victim):
    """RFC 9000 section 14.1: they are dropped, without a word."""
    before = sessions_of(victim)
    client = Client(victim)
    for size in (0, 60, 600, 1100, 1199):
        hello = quic.crypto(quic.client_hello())
        for _ in range(40):
            packet = quic.initial(os.urandom(8), hello, os.urandom(8), size=max(size, len(hello) + 60))
            client.send(packet[:size] if size < len(hello) + 60 else packet)
    client.hear()
    if client.received or sessions_of(victim)["quic_accepted"] != before["quic_accepted"]:
        raise Worse(f"{client.received} octets for datagrams that are none of QUIC's")
    client.close()


@attack("quic")
def versions_that_nobody_speaks(victim):
    client = Client(victim)
    client.send(quic.long_header(quic.INITIAL, b"d" * 8, b"s" * 8, version=0x1a2a3a4a).ljust(1200, b"\0"))
    headers = headers_of(client.hear())
    if len(headers) != 1 or not headers[0].is_version_negotiation() or quic.VERSION_1 not in headers[0].offered_versions():
        raise Worse("no version was offered")
    if (headers[0].destination_id, headers[0].source_id) != (b"s" * 8, b"d" * 8):
        raise Worse("the offer is for another connection")
    small = Client(victim)
    small.send(quic.long_header(quic.INITIAL, b"d" * 8, b"s" * 8, version=0x1a2a3a4a).ljust(600, b"\0"))
    small.send(struct.pack(">BI", 0xc0, 0).ljust(1200, b"\0"))  # an offer to the server: to be ignored
    if small.hear():
        raise Worse("an offer for what is no beginning")
    many = Client(victim)
    for _ in range(2000):
        many.send(quic.long_header(quic.INITIAL, os.urandom(20), os.urandom(20), version=0x2a2a3a4a).ljust(1200, b"\0"))
    many.hear()
    if many.received > many.sent:
        raise Worse("offers amplify")
    for each in (client, small, many):
        each.close()


@attack("quic")
def packets_of_connections_that_are_not(victim):
    """Short headers: a stateless reset is smaller than what it answers, and there are so many of them and no more."""
    client, began = Client(victim), time.monotonic()
    for number in range(6000):
        client.send(bytes([0x40 | number % 64]) + os.urandom(21 + number % 1000))
        if number % 50 == 0:
            client.hear(0)
    answers = len(client.hear())
    allowed = WORKERS * (RESETS_AT_ONCE + RESETS_PER_SECOND * (time.monotonic() - began))
    if not 0 < answers <= allowed:
        raise Worse(f"{answers} answers to 6000 datagrams that say nothing; {allowed:.0f} are allowed")
    if client.received > client.sent:
        raise Worse(f"{client.received} octets for {client.sent}")
    tiny = Client(victim)
    for size in range(1, 22):
        tiny.send(b"\x40" + os.urandom(size - 1))  # too small for an answer smaller than itself
    if tiny.hear():
        raise Worse("an answer to datagrams of at most 21 octets")
    time.sleep(1.2)  # what is given out slowly may be given out again
    for size in (43, 100, 1200):
        one = Client(victim)
        one.send(b"\x40" + os.urandom(size - 1))
        if any(len(datagram) >= size for datagram in one.hear()):
            raise Worse(f"a reset as large as the {size} octets that it answers")
        one.close()
    client.close()
    tiny.close()


@attack("quic", memory=6 * MIB)
def datagrams_at_random(victim):
    chance = random.Random(12)
    client = Client(victim)
    for number in range(4000):
        client.send(chance.randbytes(chance.choice((1, 5, 20, 40, 100, 1200, 1400))))
        if number % 100 == 0:
            client.hear(0)
    for _ in range(600):
        octets = bytearray(quic.first_flight())
        for _ in range(chance.randrange(1, 8)):
            octets[chance.randrange(60 if chance.random() < 0.7 else len(octets))] = chance.randrange(256)
        client.send(bytes(octets))
        client.hear(0)
    client.hear()
    check_amplification([client])
    client.close()


@attack("quic", memory=HALF_OPEN * PER_CONNECTION + 2 * MIB)
def sound_packets_with_unsound_contents(victim):
    """Whoever can begin a connection can put anything into its first packet."""
    hello = quic.client_hello(b"s" * 8)
    contents = {
        "nothing but padding": b"",
        "nothing but pings": bytes([quic.PING]) * 1000,
        "a greeting far away": quic.crypto(hello, offset=1 << 20),
        "a greeting at the end of numbers": quic.crypto(hello[:100], offset=(1 << 62) - 101),
        "a greeting with holes": b"".join(quic.crypto(hello[at:at + 1], offset=at) for at in range(0, len(hello), 2)),
        "the same octet for ever": quic.crypto(hello[:1]) * 250,
        "a greeting of 16 MiB": quic.crypto(b"\x01\xff\xff\xff" + hello[4:]),
        "a greeting that is none": quic.crypto(os.urandom(600)),
        "no protocol": quic.crypto(quic.client_hello(b"s" * 8, protocols=())),
        "another protocol": quic.crypto(quic.client_hello(b"s" * 8, protocols=(b"hq-interop", b"\xff" * 200))),
        "a parameter that lies": quic.crypto(quic.client_hello(b"s" * 8, parameters=b"\x0f\x08" + b"t" * 8)),
        "parameters cut short": quic.crypto(quic.client_hello(b"s" * 8, parameters=b"\x04\xff")),
        "an acknowledgement of what never was": bytes([quic.ACK]) + quic.number(1 << 40) + b"\0\0\0" + quic.crypto(hello),
        "acknowledgements without number": (bytes([quic.ACK]) + quic.number(1) + b"\0" + quic.number(1 << 30) + b"\0") * 100,
        "a frame nobody knows": b"\x40\xff" * 300,
        "a frame of another packet": bytes([0x08]) + b"\0" + b"stream data",
        "a token from a client": bytes([quic.NEW_TOKEN, 4]) + b"abcd",
        "a goodbye": bytes([quic.CONNECTION_CLOSE]) + b"\0\0\0",
        "a frame cut short": bytes([quic.CRYPTO_FRAME]) + quic.number(0) + quic.number(5000) + b"x" * 100,
    }
    clients = []
    for frames in contents.values():
        client = Client(victim, f"127.31.0.{len(clients) + 1}")
        client.send(quic.initial(os.urandom(8), frames[:1150], b"s" * 8))
        clients.append(client)
    hear_all(clients, 1)
    check_amplification(clients)
    for client in clients:
        client.close()


@attack("quic", memory=HALF_OPEN * PER_CONNECTION + 2 * MIB)
def one_beginning_said_again_and_again(victim):
    """The same packet a thousand times, then with rising numbers, and from another address."""
    before = sessions_of(victim)["quic_handshake_failures"]
    destination, source = os.urandom(8), os.urandom(8)
    client, other = Client(victim), Client(victim, "127.0.0.9")
    packet = quic.first_flight(destination, source)
    for _ in range(1000):
        client.send(packet)
        other.send(packet)
    for number in range(1, 300):
        client.send(quic.initial(destination, bytes([quic.PING]), source, packet_number=number))
    client.hear()
    other.hear()
    check_amplification([client, other])
    until = time.monotonic() + CLOSE_WITHIN
    while sessions_of(victim)["quic_handshake_failures"] == before:
        if time.monotonic() > until:
            raise Worse("a handshake that is not gone on with is not given up")
        time.sleep(0.2)
    client.close()
    other.close()


@attack("quic")
def connection_ids_of_every_length(victim):
    client = Client(victim)
    for length in list(range(0, 21)) * 3:
        client.send(quic.first_flight(os.urandom(length), os.urandom(20 - length)))
    for length in (21, 100, 255):  # longer than version 1 allows
        client.send((struct.pack(">BIB", 0xc3, 1, length) + os.urandom(length) + b"\0").ljust(1200, b"\0"))
    client.hear()
    check_amplification([client])
    client.close()
