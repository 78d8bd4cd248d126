"""Attacks on TCP and TLS: clients that are slow, deaf, idle, many, or make no sense."""
import contextlib
import os
import random
import socket
import ssl
import statistics
import struct
import time

import dns_message
from lab_kit import Skip
from hostile_kit import (CLOSE_WITHIN, MIB, NAMES, SHARE, WORKERS, Tls, Worse, attack, close_all, dribble, has_been_cut, is_at_end,
                         limit_descriptors, push, reset_on_close, wait_for_end)

IDLE_TCP, IDLE_TLS = 8 * 1024, 40 * 1024  # octets that an idle connection may take
SLACK = MIB                               # what an allocator does not give back at once
AT_ONCE = 10
PIPELINED = 100_000


def framed(message):
    return struct.pack(">H", len(message)) + message


def tls_streams(victim, transport, count):
    alpn = {"tls": "dot", "https": "h2"}[transport]
    return [Tls(victim.server, victim.connect(transport), alpn).shake_hands() for _ in range(count)]


# -- slow --

@attack()
def one_octet_of_a_message_at_a_time(victim):
    streams = [victim.connect("tcp") for _ in range(AT_ONCE)]
    dribble(streams, framed(dns_message.question(NAMES[0]) + b"\0" * 200))
    close_all(streams)


@attack()
def half_a_length_and_nothing_more(victim):
    streams = [victim.connect("tcp") for _ in range(AT_ONCE)]
    for stream in streams:
        stream.send(b"\0")
    wait_for_end(streams)
    close_all(streams)


@attack("tls")
def one_octet_of_a_handshake_at_a_time(victim):
    streams = [victim.connect("tls") for _ in range(AT_ONCE)]
    dribble(streams, Tls(victim.server, streams[0], "dot").greeting())
    close_all(streams)


@attack("tls")
def half_handshakes(victim):
    """Nothing at all, half a greeting, a whole one and no answer to what the server says."""
    streams = [victim.connect("tls") for _ in range(3 * 6)]
    for number, stream in enumerate(streams):
        greeting = Tls(victim.server, stream, "dot").greeting()
        stream.send((b"", greeting[:len(greeting) // 2], greeting)[number % 3])
    wait_for_end(streams)
    close_all(streams)


@attack("tls")
def one_octet_of_a_tls_record_at_a_time(victim):
    """A whole query is in it, but the record never ends."""
    tls = tls_streams(victim, "tls", 1)
    record = tls[0].record(framed(dns_message.question(NAMES[0]) + b"\0" * 400))
    dribble([tls[0].plain], record)
    tls += tls_streams(victim, "tls", AT_ONCE)
    dribble([each.plain for each in tls[1:]], struct.pack(">BHH", 23, 0x303, 16000) + b"x" * 200)
    close_all(each.plain for each in tls)


@attack("tls")
def one_octet_of_a_message_to_a_tls_record(victim):
    tls = tls_streams(victim, "tls", AT_ONCE)
    began, octets = time.monotonic(), framed(dns_message.question(NAMES[0]) + b"\0" * 200)
    waiting = list(tls)
    for number in range(len(octets)):
        for each in list(waiting):
            try:
                each.plain.send(each.record(octets[number:number + 1]))
            except OSError:
                waiting.remove(each)
        time.sleep(0.2)
        waiting = [each for each in waiting if not is_at_end(each.plain)]
        if not waiting:
            break
        if time.monotonic() - began > CLOSE_WITHIN:
            raise Worse(f"{len(waiting)} are still open")
    close_all(each.plain for each in tls)


# -- deaf --

def unread(victim, transport):
    stream = victim.connect("tcp") if transport == "tcp" else victim.open_tls(transport)
    queries = framed(dns_message.question("text.large.nsec.", "TXT", do=True)) * PIPELINED
    sent = push(stream, queries)
    began = time.monotonic()
    while not has_been_cut(stream):
        if time.monotonic() - began > CLOSE_WITHIN:
            raise Worse(f"a client that reads nothing is still connected; {sent} octets were taken")
        time.sleep(0.05)
    if sent == len(queries):
        raise Worse("every query was read although no answer was")
    stream.close()


@attack()
def a_pipeline_whose_answers_nobody_reads(victim):
    victim.vouchd.reply("text.large.nsec.", "TXT", do=True)
    unread(victim, "tcp")


@attack("tls")
def a_pipeline_over_tls_whose_answers_nobody_reads(victim):
    victim.vouchd.reply("text.large.nsec.", "TXT", do=True)
    unread(victim, "tls")


@attack(memory=12 * MIB)  # most of it for the answers, in the cache
def slow_questions_whose_asker_reads_nothing(victim):
    """What must be resolved first is held back as well as what is in the cache."""
    stream = victim.connect("tcp")
    push(stream, b"".join(framed(dns_message.question(f"deaf{i}.wild.nsec.")) for i in range(3000)))
    time.sleep(0.5)
    reset_on_close(stream)
    stream.close()


# -- idle and many --

def sources(count):
    return [f"127.20.{number // 250}.{number % 250 + 1}" for number in range(count)]


def check_newcomers(victim):
    """Others connect and are served within a second."""
    taken = []
    for _ in range(7):
        began = time.monotonic()
        reply = dns_message.parse(dns_message.ask_tcp("127.0.0.1", victim.vouchd.port, dns_message.question(NAMES[0]), CLOSE_WITHIN,
                                                      "127.0.0.2"))
        taken.append(time.monotonic() - began)
        if reply.rcode != "NOERROR":
            raise Worse(f"a newcomer is told {reply.rcode}")
    if statistics.median(taken) > 1:
        raise Worse(f"newcomers waited {taken} s")


@attack(memory=WORKERS * SHARE * IDLE_TCP + 2 * SLACK)
def a_thousand_idle_connections_of_one_source(victim):
    streams = victim.flood("tcp", None, 1000)
    check_newcomers(victim)
    still_open = sum(not is_at_end(stream) for stream in streams)
    if still_open > WORKERS * SHARE:
        raise Worse(f"one source holds {still_open} connections")
    wait_for_end(streams)
    close_all(streams)


@attack(memory=2 * 200 * IDLE_TCP + 2 * SLACK)
def idle_connections_of_many_sources(victim):
    """As many as there are places, and more."""
    streams = []
    for source in sources(200):
        streams += victim.flood("tcp", source, 4)
    check_newcomers(victim)
    wait_for_end(streams)
    close_all(streams)


@attack("tls", memory=400 * IDLE_TLS + 2 * SLACK)
def idle_tls_of_many_sources(victim):
    streams = []
    for source in sources(150):
        for _ in range(3):
            with contextlib.suppress(OSError):  # places may run out for a moment
                streams.append(victim.open_tls("tls", source=source))
    if len(streams) < 100:
        raise Worse(f"only {len(streams)} of 450 were let in")
    began = time.monotonic()
    for stream in streams:
        while not ended(stream):
            if time.monotonic() - began > CLOSE_WITHIN:
                raise Worse("an idle TLS session is still there")
            time.sleep(0.05)
    close_all(streams)


def ended(stream):
    """Whether a TLS stream has; what comes is read."""
    stream.setblocking(False)
    try:
        return stream.recv(65536) == b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return False
    except OSError:
        return True


@attack("tls", memory=6 * MIB)
def handshakes_without_pause(victim):
    """Each costs the server some hundred answers."""
    until, count = time.monotonic() + 4, 0
    while time.monotonic() < until and count < 1500:
        victim.open_tls("tls").close()
        count += 1
    if count < 20:
        raise Worse(f"only {count} handshakes came to an end")


@attack("tls", memory=6 * MIB, spares=("tcp", "tls", "https"))
def descriptors_run_out(victim):
    """UDP must be served, nothing may spin, and it must recover by itself."""
    if victim.is_sanitized:  # UBSan opens a pipe to tell whether memory can be read, and takes its failure for an answer
        raise Skip("a sanitizer needs descriptors of its own")
    limit_descriptors(victim.vouchd, victim.vouchd.descriptors() + 12)
    streams = []
    for source in sources(60):
        streams += victim.flood("tcp", source, 1) + victim.flood("tls", source, 1)
    before = victim.vouchd.processor_seconds()
    lost = 0
    for number in range(60):
        try:
            dns_message.ask_udp("127.0.0.1", victim.vouchd.port, dns_message.question(NAMES[number % len(NAMES)]), CLOSE_WITHIN,
                                "127.0.0.2")
        except OSError:
            lost += 1
        time.sleep(0.03)
    spent = victim.vouchd.processor_seconds() - before
    if lost:
        raise Worse(f"{lost} of 60 questions over UDP were lost")
    if spent > 1.2:  # in the two seconds and more that this took
        raise Worse(f"{spent:.2f} s of processor time while there was little to do")
    close_all(streams)
    limit_descriptors(victim.vouchd)
    check_newcomers(victim)


# -- nonsense --

def nonsense(random_source):
    """What a TLS server may be greeted with."""
    junk = random_source.randbytes
    yield b"GET / HTTP/1.1\r\nHost: dns.lab\r\n\r\n"
    yield b"\x80\x2e\x01\x00\x02" + junk(41)                        # SSL 2
    yield b"\x16\x03\x01\xff\xff" + junk(2000)                      # a record longer than any
    yield b"\x16\x03\x01\x00\x00" * 400                             # empty records
    yield b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + junk(16380)     # a greeting of 16 MiB is announced
    yield b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"                   # an empty greeting
    yield b"\x15\x03\x01\x00\x02\x02\x28" * 50                      # alerts
    yield b"\x17\x03\x03\x00\x20" + junk(32)                        # data before a handshake
    yield b"\x14\x03\x03\x00\x01\x01" * 200                         # ChangeCipherSpec
    yield framed(dns_message.question(NAMES[0]))                    # DNS in the clear
    yield junk(random_source.randrange(1, 3000))


@attack("tls")
def nonsense_instead_of_tls(victim):
    chance = random.Random(7)
    for _ in range(25):
        streams = []
        for octets in nonsense(chance):
            stream = victim.connect("tls")
            streams.append(stream)
            push(stream, octets)
        for stream in streams[::3]:
            reset_on_close(stream)
            stream.close()
        wait_for_end([stream for stream in streams if stream.fileno() >= 0])
        close_all(streams)


@attack("tls")
def damaged_greetings(victim):
    """A sound greeting with some octets changed, cut, or sent twice."""
    chance = random.Random(8)
    for turn in range(150):
        stream = victim.connect("tls")
        octets = bytearray(Tls(victim.server, stream, "dot").greeting())
        for _ in range(chance.randrange(1, 6)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        push(stream, bytes(octets[:chance.randrange(1, len(octets))] if turn % 3 == 0 else octets + octets * (turn % 2)))
        if turn % 2:
            reset_on_close(stream)
        stream.close()


@attack("tls")
def nonsense_after_a_handshake(victim):
    chance = random.Random(9)
    streams = []
    for turn in range(30):
        tls = tls_streams(victim, "tls", 1)[0]
        damaged = bytearray(tls.record(framed(dns_message.question(NAMES[0]))))
        damaged[chance.randrange(5, len(damaged))] ^= 1 + chance.randrange(255)
        plain_again = struct.pack(">BHH", 22, 0x303, 100) + chance.randbytes(100)
        push(tls.plain, (bytes(damaged), plain_again, tls.record(b"\0\0" * 500), chance.randbytes(500))[turn % 4])
        streams.append(tls.plain)
        if len(streams) == 10:
            wait_for_end(streams)
            close_all(streams)
            streams = []


@attack()
def connections_that_break_off_anywhere(victim):
    """In the middle of a length, of a message, after many; with FIN, with RST, with half a close, with urgent data."""
    chance, query = random.Random(10), framed(dns_message.question(NAMES[0]))
    for turn in range(600):
        stream = next(iter(victim.flood("tcp", None, 1)), None)
        if stream is None:
            continue  # it holds as many as it may, for the moment
        octets = (query * chance.randrange(1, 60))[:chance.randrange(1, 2000)] if turn % 4 else os.urandom(chance.randrange(1, 999))
        push(stream, octets)
        if turn % 7 == 0:
            with contextlib.suppress(OSError):
                stream.send(b"!", socket.MSG_OOB)
        if turn % 3 == 0:
            reset_on_close(stream)
        elif turn % 3 == 1:
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_WR)
        stream.close()


@attack()
def empty_messages(victim):
    streams = [victim.connect("tcp") for _ in range(AT_ONCE)]
    for stream in streams:
        push(stream, b"\0\0" * 30000)
    wait_for_end(streams)
    close_all(streams)


@attack()
def messages_of_the_largest_length_without_meaning(victim):
    """Each is 64 KiB of questions, options or pointers, to be refused at little cost."""
    head = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 1)
    option_list = b"\0\0\x0c\0\0" * 13000
    messages = [
        struct.pack(">6H", 1, 0x0100, 0xffff, 0, 0, 0) + (b"\xc0\x0c\0\1\0\1" * 10900),
        head + b"\0\0\1\0\1" + b"\0" + struct.pack(">HHIH", 41, 1232, 0, 65000) + option_list[:65000],
        struct.pack(">6H", 1, 0x0100, 1, 0xffff, 0xffff, 0xffff) + b"\0\0\1\0\1" + b"\0" * 65000,
        os.urandom(65535),
    ]
    for stream in victim.flood("tcp", None, 20):
        for message in messages:
            push(stream, framed(message[:65535]))
        stream.close()
