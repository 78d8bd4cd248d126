#!/usr/bin/env python3
"""Good and hostile clients on vouchd for as long as is asked, over every transport, on the lab: does it grow?

    tests/soak/soak.py --vouchd FILE --lab FILE [--minutes N] [--out FILE]

Once a second resident memory and open descriptors are read; after a warm-up (the first third) a straight line is laid through
each by least squares. Printed: its slope in per cent an hour, beside what is left of the noise around it, and what became of the
good clients' questions. Exit status 1: it ended, or it grows (see MOST_*). 77: cannot be run here. --out: the samples, as
tab-separated columns.
"""
import argparse
import collections
import contextlib
import itertools
import pathlib
import random
import signal
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"
sys.path.insert(0, str(SYSTEM))

import transport_clients as clients  # noqa: E402
from dns_message import question  # noqa: E402
from lab_kit import PATIENCE, Lab, Vouchd  # noqa: E402
from transport_clients import RAW, Server, missing  # noqa: E402

MIB = 1 << 20
WARM_UP = 1 / 3        # of the time
# What is clearly off. A cache that still fills grows, and an allocator's pieces settle for hours: a short run cannot see 1 % an
# hour in that noise, so what is asked of it is that what it does see is small against what it has.
MOST_MEMORY_SHARE = 0.05   # of resident memory, from the warm-up to the end, along the line
MOST_DESCRIPTORS = 20      # likewise; sockets towards servers come and go
LEAST_ANSWERED = 0.98
CACHE = "3M"               # full when the warm-up is over: 16M took eleven of fifteen minutes
BENIGN_PAUSE, FLOOD_RATE = 0.02, 500
GOOD_NAMES = ("www.alg13.nsec.", "www.alg8.nsec.", "www.shop.plain.", "localhost.")


class Traffic:
    """Threads that ask, each in a loop until it is over."""

    def __init__(self, vouchd, lab):
        self.vouchd, self.lab = vouchd, lab
        self.server = Server(vouchd.ports, vouchd.ca)
        self.over = threading.Event()
        self.asked, self.answered = collections.Counter(), collections.Counter()
        self.lock = threading.Lock()
        self.threads = []

    def start(self):
        works = [(self.good, each) for each in RAW
                 if not (clients.NEEDS.get(each) and missing(clients.NEEDS[each])) and self.vouchd.serves(each.partition("-")[0])]
        works += [(self.fresh, "udp"), (self.fresh, "tls"), (self.flood, None), (self.garbage, "udp"), (self.garbage, "tcp"),
                  (self.garbage, "tls"), (self.half_open, "tcp"), (self.half_open, "https"), (self.broken_zones, None)]
        for work, transport in works:
            thread = threading.Thread(target=work, args=(transport,), daemon=True)
            thread.start()
            self.threads.append(thread)

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE)

    def count(self, transport, answered):
        with self.lock:
            self.asked[transport] += 1
            self.answered[transport] += bool(answered)

    def good(self, transport):
        for name in itertools.cycle(GOOD_NAMES):
            if self.over.wait(BENIGN_PAUSE):
                return
            reply = None
            with contextlib.suppress(OSError, clients.HttpStatus, ValueError):
                reply = clients.ask(self.server, transport, question(name))
            self.count(transport, reply is not None and reply.rcode == "NOERROR")

    def fresh(self, transport):
        """Names that nobody has asked for yet, in zones of every kind."""
        for number in itertools.count():
            if self.over.wait(BENIGN_PAUSE):
                return
            zone = ("wild.nsec.", "wild.nsec3.", "alg13.nsec.", "shop.plain.", "optout.")[number % 5]
            with contextlib.suppress(OSError, ValueError):
                clients.ask(self.server, transport, question(f"f{number}-{transport}.{zone}", do=True), seconds=5)

    def flood(self, _):
        """Water torture, names of dead zones among it; nobody waits for the answers."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.3", 0))
            for number in itertools.count():
                if self.over.wait(0.02):
                    return
                for i in range(FLOOD_RATE // 50):
                    zone = ("wild.nsec3.", "dead.nsec.", "dead.plain.", "alg13.nsec.")[i % 4]
                    udp.sendto(question(f"t{number}x{i}.{zone}"), ("127.0.0.1", self.vouchd.port))

    def broken_zones(self, _):
        """Every broken zone of the lab, over and over."""
        names = [row["name"] for row in self.lab.manifest()]
        for name in itertools.cycle(names):
            if self.over.wait(0.05):
                return
            self.vouchd.ask(name, timeout=0.5)

    def garbage(self, transport):
        chance = random.Random(transport)
        while not self.over.wait(0.05):
            octets = bytearray(question("www.alg13.nsec."))
            for _ in range(chance.randrange(1, 8)):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            with contextlib.suppress(OSError):
                if transport == "udp":
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                        udp.sendto(octets, ("127.0.0.1", self.vouchd.port))
                    continue
                with socket.create_connection(("127.0.0.1", self.vouchd.ports[transport]), 1) as stream:
                    stream.sendall(len(octets).to_bytes(2, "big") + octets if chance.random() < 0.5 else chance.randbytes(300))
                    stream.settimeout(0.2)
                    stream.recv(4096)

    def half_open(self, transport):
        """Connections that begin and say no more, a few at a time."""
        held = collections.deque()
        while not self.over.wait(0.2):
            with contextlib.suppress(OSError):
                stream = socket.create_connection(("127.0.0.1", self.vouchd.ports[transport]), 1)
                stream.sendall(b"\0")
                held.append(stream)
            while len(held) > 10:
                held.popleft().close()
        for stream in held:
            stream.close()


def line_through(points):
    """Slope and value at the first point of the straight line through (x, y) by least squares; and the noise around it."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    noise = (sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in points) / count) ** 0.5
    return slope, mean_y + slope * (points[0][0] - mean_x), noise


def judge(samples, seconds):
    """Prints the lines; the sentences that say what is off."""
    kept = [sample for sample in samples if sample[0] >= seconds * WARM_UP]
    wrong = []
    for index, what, unit, most in ((1, "resident memory", MIB, None), (2, "descriptors", 1, MOST_DESCRIPTORS)):
        slope, start, noise = line_through([(sample[0], sample[index]) for sample in kept])
        grown = slope * (kept[-1][0] - kept[0][0])
        print(f"{what}: {start / unit:.1f} after the warm-up, {(start + grown) / unit:.1f} at the end, "
              f"slope {100 * slope * 3600 / start:+.2f} %/h ({slope * 3600 / unit:+.2f} an hour), noise {noise / unit:.2f}")
        if grown > (most if most is not None else MOST_MEMORY_SHARE * start):
            wrong.append(f"{what} grew by {grown / unit:.1f} along the line")
    return wrong


def soak(options, folder):
    lab = Lab(options.lab, folder / "lab")
    try:
        return soak_on(lab, options, folder)
    finally:
        lab.stop()


def soak_on(lab, options, folder):
    (folder / "vouchd").mkdir()
    vouchd = Vouchd(options.vouchd, lab, folder / "vouchd", mode="enforce", encrypted=("tls", "https", "quic"),
                    more=f"cache: {{size: {CACHE}}}\n", web={})
    try:
        vouchd.wait_for_log("event=ready")
        traffic, samples = Traffic(vouchd, lab), []
        traffic.start()
        began, seconds = time.monotonic(), options.minutes * 60
        while (now := time.monotonic() - began) < seconds and vouchd.is_running():
            with contextlib.suppress(OSError):
                samples.append((now, vouchd.resident_octets(), vouchd.descriptors(), vouchd.processor_seconds()))
            time.sleep(max(0.0, 1 - (time.monotonic() - began) % 1))
        traffic.stop()
        if options.out:
            pathlib.Path(options.out).write_text("".join("\t".join(f"{value:.0f}" for value in row) + "\n" for row in samples),
                                                 encoding="ascii")
        if not vouchd.is_running():
            print(f"vouchd has ended:\n{vouchd.logged()[-4000:]}")
            return 1
        wrong = judge(samples, seconds)
        for transport in sorted(traffic.asked):
            asked, answered = traffic.asked[transport], traffic.answered[transport]
            print(f"good clients over {transport}: {answered} of {asked} answered")
            if answered < asked * LEAST_ANSWERED:
                wrong.append(f"{asked - answered} of {asked} questions over {transport} were not answered")
        print(f"processor: {samples[-1][3] / samples[-1][0]:.2f} of a core on the average")
        if vouchd.stop() != 0:
            wrong.append("it did not end in order")
        for sentence in wrong:
            print(sentence)
        return 1 if wrong else 0
    finally:
        if vouchd.is_running():
            vouchd.stop(signal.SIGKILL)
        vouchd.log.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vouch-soak-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        return soak(options, folder)


if __name__ == "__main__":
    sys.exit(main())
