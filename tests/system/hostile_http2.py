"""Attacks on HTTPS: HTTP/2 used against its rules or against its spirit, and what is no HTTP/2 at all."""
import random
import struct
import time

import dns_message
import http2_client as h2
import transport_clients
from hostile_kit import CLOSE_WITHIN, MIB, NAMES, SHARE, WORKERS, Tls, Worse, attack, close_all, dribble, has_been_cut, push
from http2_client import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, PING, PREFACE,
                          PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, frame, hpack, hpack_number, settings)

PER_CONNECTION = MIB  # what a connection may take at most
FRAMES = 100_000
CHUNK = 500           # frames in one go


def query():
    return transport_clients.dns_parameter(dns_message.question(NAMES[0], number=0))


def target():
    return f"{transport_clients.PATH}?dns={query()}"


def head(connection, number, flags=END_HEADERS | END_STREAM, *more, method="GET"):
    return frame(HEADERS, flags, number, hpack(connection.fields(method, target(), *more)))


def drain(connection):
    """Reads what has come."""
    connection.stream.settimeout(CLOSE_WITHIN)
    try:
        while connection.is_readable():
            connection.read_frame()
    except OSError:
        connection.has_ended = True


def flood(victim, frames, opening=b"", codes=(ENHANCE_YOUR_CALM,), reads=True):
    """Sends what frames(connection, number) makes of 0, 1, 2 and so on, until the server has had enough, which it must say
    with one of `codes`."""
    connection = victim.open_http2()
    connection.stream.settimeout(CLOSE_WITHIN)
    connection.send(opening(connection) if callable(opening) else opening)
    sent = 0
    while sent < FRAMES and not connection.has_ended:
        octets = b"".join(frames(connection, number) for number in range(sent, sent + CHUNK))
        sent += CHUNK
        if push(connection.stream, octets) < len(octets):
            break
        if reads:
            drain(connection)
    check_end(connection, codes)


def check_end(connection, codes, must_tell=True):
    if not connection.has_ended and not connection.read_until_end(CLOSE_WITHIN):
        raise Worse("the connection is still open")
    if connection.goaway not in codes and (must_tell or connection.goaway is not None):
        raise Worse(f"it ended with GOAWAY {connection.goaway}, not one of {codes}")
    connection.close()


@attack("https")
def rapid_reset(victim):
    """CVE-2023-44487."""
    flood(victim, lambda connection, number: head(connection, 2 * number + 1) +
          frame(RST_STREAM, 0, 2 * number + 1, struct.pack(">I", 8)))


@attack("https")
def resets_that_the_server_is_made_to_send(victim):
    """CVE-2025-8671: the stream is sound, and then its window grows beyond what may be."""
    flood(victim, lambda connection, number: head(connection, 2 * number + 1, END_HEADERS, method="POST") +
          frame(WINDOW_UPDATE, 0, 2 * number + 1, struct.pack(">I", 0x7fffffff)))


@attack("https")
def windows_that_grow_by_nothing(victim):
    flood(victim, lambda connection, number: head(connection, 2 * number + 1, END_HEADERS, method="POST") +
          frame(WINDOW_UPDATE, 0, 2 * number + 1, struct.pack(">I", 0)), codes=(1, ENHANCE_YOUR_CALM))


@attack("https")
def requests_against_the_rules(victim):
    """Each is refused for its header fields alone."""
    fields = hpack([(":method", "GET"), ("Upper-Case", "x"), (":path", "/")])
    flood(victim, lambda _, number: frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, fields), codes=(1, ENHANCE_YOUR_CALM))


@attack("https")
def endless_continuation(victim):
    """CVE-2024-28182."""
    flood(victim, lambda connection, number: frame(CONTINUATION, 0, 1, hpack([(f"x{number}", "y")])),
          opening=lambda connection: head(connection, 1, 0))


@attack("https")
def endless_empty_continuation(victim):
    flood(victim, lambda connection, number: frame(CONTINUATION, 0, 1), opening=lambda connection: head(connection, 1, 0))


@attack("https")
def settings_flood(victim):
    flood(victim, lambda connection, number: settings(*[(4, 65535 + number % 2)] * 20))


@attack("https")
def acknowledged_settings_flood(victim):
    flood(victim, lambda connection, number: frame(SETTINGS, ACK), codes=(1, ENHANCE_YOUR_CALM))


@attack("https")
def ping_flood(victim):
    flood(victim, lambda connection, number: frame(PING, 0, 0, struct.pack(">Q", number)))


@attack("https")
def ping_flood_whose_answers_nobody_reads(victim):
    flood(victim, lambda connection, number: frame(PING, 0, 0, struct.pack(">Q", number)), reads=False)


@attack("https")
def empty_data_flood(victim):
    flood(victim, lambda connection, number: frame(DATA, 0, 1),
          opening=lambda connection: head(connection, 1, END_HEADERS, method="POST"))


@attack("https")
def padded_data_flood(victim):
    flood(victim, lambda connection, number: frame(DATA, h2.PADDED, 1, b"\xff" + b"\0" * 255),
          opening=lambda connection: head(connection, 1, END_HEADERS, method="POST"), codes=(3, ENHANCE_YOUR_CALM))


@attack("https")
def priority_flood(victim):
    flood(victim, lambda connection, number: frame(PRIORITY, 0, 2 * number + 1, struct.pack(">IB", 2 * number + 3, 7)))


@attack("https")
def window_update_flood(victim):
    flood(victim, lambda connection, number: frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)))


@attack("https")
def flood_of_frames_nobody_knows(victim):
    flood(victim, lambda connection, number: frame(0xfa, 0xff, number, b"x" * 8))


@attack("https")
def resets_of_streams_that_never_were(victim):
    flood(victim, lambda connection, number: frame(RST_STREAM, 0, 2 * number + 1, struct.pack(">I", 8)),
          codes=(1, ENHANCE_YOUR_CALM))


@attack("https", memory=PER_CONNECTION + MIB)
def hpack_bomb(victim):
    """An entry of the table that is long, and thousands of references to it."""
    connection = victim.open_http2()
    connection.stream.settimeout(CLOSE_WITHIN)
    entry = b"\x40" + hpack_number(1, 7) + b"x" + hpack_number(3900, 7) + b"y" * 3900
    bomb = frame(HEADERS, 0, 1, (hpack(connection.fields("GET", target())) + entry)[:16384])
    references = [frame(CONTINUATION, END_HEADERS * (number == 3), 1, b"\xbe" * 16000) for number in range(4)]
    push(connection.stream, bomb + b"".join(references))
    check_end(connection, (ENHANCE_YOUR_CALM, 9, 2), must_tell=False)


@attack("https", memory=PER_CONNECTION + MIB)
def tables_of_the_largest_size(victim):
    """The client's wish is no command: what is remembered for it stays within 4096 octets."""
    connection = victim.open_http2(opening=settings((1, 0xffffffff), (6, 0xffffffff)))
    for _ in range(300):
        number, octets = connection.headers("GET", target(), ("x-" + "n" * 40, str(random.random())))
        connection.send(octets)
        if connection.response(number, CLOSE_WITHIN).status != 200:
            raise Worse("an odd setting, and no answer")
    connection.close()


@attack("https", memory=WORKERS * SHARE * PER_CONNECTION)
def bodies_that_never_end(victim):
    """A hundred streams on each connection, each with almost the largest message, none of them whole."""
    connections = [victim.open_http2() for _ in range(20)]
    for connection in connections:
        connection.stream.settimeout(CLOSE_WITHIN)
        octets = b"".join(head(connection, number, END_HEADERS, ("content-type", "application/dns-message"), method="POST") +
                          frame(DATA, 0, number, b"x" * 1200) for number in range(1, 200, 2))
        octets += b"".join(frame(DATA, 0, number, b"x" * 16384) for number in range(1, 200, 2) for _ in range(3))
        push(connection.stream, octets)
    for connection in connections:
        check_end(connection, (0, 3, ENHANCE_YOUR_CALM), must_tell=False)


@attack("https", memory=PER_CONNECTION + MIB)
def more_streams_than_are_allowed(victim):
    connection = victim.open_http2()
    connection.stream.settimeout(CLOSE_WITHIN)
    push(connection.stream, b"".join(head(connection, number, END_HEADERS, method="POST") for number in range(1, 8001, 2)))
    check_end(connection, (0, 1, ENHANCE_YOUR_CALM), must_tell=False)
    if not 1 <= connection.told.get(h2.MAX_CONCURRENT_STREAMS, 1 << 32) <= 100:
        raise Worse(f"it allows {connection.told.get(h2.MAX_CONCURRENT_STREAMS)} streams at once")


@attack("https", memory=2 * PER_CONNECTION + MIB)
def windows_that_stay_shut(victim):
    """Requests without number, and not one octet of their answers is let through."""
    connection = victim.open_http2(opening=settings((h2.INITIAL_WINDOW_SIZE, 0)))
    connection.stream.settimeout(CLOSE_WITHIN)
    push(connection.stream, b"".join(head(connection, number) for number in range(1, 20001, 2)))
    check_end(connection, (0, 1, ENHANCE_YOUR_CALM), must_tell=False)


@attack("https", memory=2 * PER_CONNECTION + MIB)
def windows_that_open_an_octet_at_a_time(victim):
    connection = victim.open_http2(opening=settings((h2.INITIAL_WINDOW_SIZE, 0)))
    connection.stream.settimeout(CLOSE_WITHIN)
    numbers = range(1, 200, 2)
    began = time.monotonic()
    connection.send(*[head(connection, number) for number in numbers])
    while not connection.has_ended:
        push(connection.stream, b"".join(frame(WINDOW_UPDATE, 0, number, struct.pack(">I", 1)) for number in numbers[:5]))
        drain(connection)
        time.sleep(0.1)
        if time.monotonic() - began > CLOSE_WITHIN:
            raise Worse("it may hold back answers for as long as it likes")
    connection.close()


@attack("https", memory=2 * MIB + MIB)
def answers_nobody_reads(victim):
    """The windows are open, the socket's buffer is full."""
    connection = victim.open_http2(opening=settings((h2.INITIAL_WINDOW_SIZE, 0x7fffffff)) +
                                   frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7fff0000 - 65535)))
    dns = transport_clients.dns_parameter(dns_message.question("text.large.nsec.", "TXT", do=True))
    fields = hpack(connection.fields("GET", f"{transport_clients.PATH}?dns={dns}"))
    push(connection.stream, b"".join(frame(HEADERS, END_HEADERS | END_STREAM, number, fields) for number in range(1, 40001, 2)))
    began = time.monotonic()
    while not has_been_cut(connection.stream):
        if time.monotonic() - began > CLOSE_WITHIN:
            raise Worse("a client that reads nothing is still connected")
        time.sleep(0.05)
    connection.close()


# -- slow --

def slow(victim, octets_of):
    """Sends what octets_of(connection) tells an octet at a time, each in a record of its own."""
    streams = []
    for _ in range(4):
        tls = Tls(victim.server, victim.connect("https"), "h2").shake_hands()
        streams.append(tls)
    fields = hpack([(":method", "POST"), (":scheme", "https"), (":authority", "dns.lab"), (":path", transport_clients.PATH),
                    ("content-type", "application/dns-message"), ("content-length", "300")])
    first, rest = octets_of(fields)
    octets = {}
    for tls in streams:
        tls.plain.sendall(tls.record(first) if first else b"")
        octets[tls] = [tls.record(bytes([octet])) for octet in rest]
    began = time.monotonic()
    waiting = list(streams)
    for number in range(len(rest)):
        for tls in list(waiting):
            try:
                tls.plain.send(octets[tls][number])
            except OSError:
                waiting.remove(tls)
        time.sleep(0.2)
        if not waiting:
            break
        if time.monotonic() - began > CLOSE_WITHIN:
            raise Worse(f"{len(waiting)} are still open after {CLOSE_WITHIN} s")
    close_all(tls.plain for tls in streams)


@attack("https")
def one_octet_of_the_preface_at_a_time(victim):
    slow(victim, lambda fields: (b"", PREFACE + settings() * 20))


@attack("https")
def one_octet_of_headers_at_a_time(victim):
    slow(victim, lambda fields: (PREFACE + settings(), frame(HEADERS, END_HEADERS, 1, fields)))


@attack("https")
def one_octet_of_a_body_at_a_time(victim):
    slow(victim, lambda fields: (PREFACE + settings() + frame(HEADERS, END_HEADERS, 1, fields),
                                 frame(DATA, END_STREAM, 1, b"x" * 300)))


@attack("https")
def one_octet_of_a_body_to_a_frame(victim):
    slow(victim, lambda fields: (PREFACE + settings() + frame(HEADERS, END_HEADERS, 1, fields), frame(DATA, 0, 1, b"x") * 100))


@attack("https")
def one_octet_of_a_frame_without_a_request_at_a_time(victim):
    slow(victim, lambda fields: (PREFACE + settings(), frame(PING, 0, 0, b"12345678") * 50))


@attack("https")
def a_record_that_never_ends(victim):
    streams = [Tls(victim.server, victim.connect("https"), "h2").shake_hands().plain for _ in range(4)]
    dribble(streams, struct.pack(">BHH", 23, 0x303, 16000) + b"x" * 200)
    close_all(streams)


# -- nonsense --

def spoken(victim, octets, *alpn):
    """What the server says to these octets until it closes."""
    said = b""
    with victim.open_tls("https", *(alpn or ("h2",))) as stream:
        push(stream, octets)
        stream.settimeout(CLOSE_WITHIN)
        try:
            while more := stream.recv(65536):
                said += more
        except TimeoutError:
            raise Worse(f"still open after {octets[:40]!r}") from None
        except OSError:
            pass
    return said


@attack("https")
def other_protocols_on_the_port(victim):
    """They are told so in words that they know; nothing is ever upgraded."""
    upgrade = (b"GET /dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB HTTP/1.1\r\nHost: dns.lab\r\n"
               b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
    for octets, alpn in ((b"GET /dns-query HTTP/1.1\r\nHost: dns.lab\r\n\r\n", "http/1.1"), (upgrade, "http/1.1"), (upgrade, "h2"),
                         (b"POST /dns-query HTTP/1.0\r\nContent-Length: 100000\r\n\r\n", "http/1.1"),
                         (b"\x16\x03\x01\x02\0" * 30, "h2"),
                         (b"\0\x2f" + dns_message.question(NAMES[0]), "h2"), (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", "h2")):
        said = spoken(victim, octets, alpn)
        if not said.startswith(b"HTTP/1.1 400 ") or b"101 Switching" in said:
            raise Worse(f"{octets[:30]!r} was answered with {said[:60]!r}")


@attack("https")
def frames_that_must_not_be(victim):
    """Each ends the connection with an error that says why."""
    post = hpack([(":method", "POST"), (":scheme", "https"), (":authority", "a"), (":path", "/dns-query")])
    for octets in (frame(DATA, 0, 0, b"x"), frame(DATA, 0, 1, b"x"), frame(HEADERS, END_HEADERS, 0, post),
                   frame(HEADERS, END_HEADERS, 2, post), frame(CONTINUATION, END_HEADERS, 1, post),
                   frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + post), frame(SETTINGS, 0, 1),
                   frame(SETTINGS, 0, 0, b"12345"),
                   frame(SETTINGS, ACK, 0, b"123456"), frame(PING, 0, 0, b"1234567"), frame(PING, 0, 1, b"12345678"),
                   frame(GOAWAY, 0, 1, b"\0" * 8), frame(GOAWAY, 0, 0, b"\0" * 7), frame(RST_STREAM, 0, 0, b"\0" * 4),
                   frame(RST_STREAM, 0, 1, b"\0" * 4), frame(RST_STREAM, 0, 1, b"\0" * 3), frame(WINDOW_UPDATE, 0, 0, b"\0" * 4),
                   frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"), frame(HEADERS, END_HEADERS, 1, b"\xff" * 50),
                   frame(HEADERS, END_HEADERS | h2.PADDED, 1, b"\xff" + post), b"\xff\xff\xff" + frame(DATA, 0, 1)[3:],
                   frame(HEADERS, 0, 1, post) + frame(DATA, 0, 1, b"x"), settings((4, 0x80000000)), settings((5, 1)), settings((2, 2))):
        connection = victim.open_http2()
        connection.stream.settimeout(CLOSE_WITHIN)
        push(connection.stream, octets)
        check_end(connection, tuple(range(1, 14)))


@attack("https", memory=6 * MIB)
def frames_at_random(victim):
    """Sound frames with some octets changed, in any order."""
    chance = random.Random(11)
    for _ in range(120):
        connection = victim.open_http2()
        sound = [settings((3, 7)), frame(PING, 0, 0, b"12345678"), frame(RST_STREAM, 0, 3, b"\0\0\0\x08"),
                 frame(GOAWAY, 0, 0, b"\0" * 8)]
        for number in range(1, 11, 2):
            flags, method = chance.choice((END_HEADERS, END_HEADERS | END_STREAM)), chance.choice(("GET", "POST"))
            sound += [head(connection, number, flags, method=method), frame(DATA, chance.choice((0, END_STREAM)), number, b"x" * 100)]
        chance.shuffle(sound)
        octets = bytearray(b"".join(sound))
        for _ in range(chance.randrange(6)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        push(connection.stream, bytes(octets), patience=0.2)
        drain(connection)
        connection.close()
