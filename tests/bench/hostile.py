#!/usr/bin/env python3
"""What a hostile question costs a resolver, and what its other clients notice of it meanwhile.

KeyTrap (CVE-2023-50387) at 50 questions a second and dear NSEC3 denials (CVE-2023-50868) at 150 a second, each against a
resolver that has just been started; beside them another client asks 100 cached and 20 uncached questions a second about
healthy signed zones. Printed: CPU for each hostile question (the other client's share, measured before, taken off), what
became of the questions, and the other client's losses and delays. All is on loopback, the zones are `vouch-lab --hostile`.

    hostile.py --build DIR [--resolvers vouch,unbound,...] [--only NAME,...] [--seconds N] [--gate]

Limits: 3 ms of CPU for a KeyTrap question, 2 ms for an NSEC3 denial, no cached answer lost, 99.9 % of the uncached answered.
--gate: exit status 1 when one is not kept (on a quiet machine only). 77: cannot be measured here.
"""
import argparse
import collections
import heapq
import json
import os
import pathlib
import random
import select
import socket
import struct
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "tests/system"), str(HERE)]

import dns_message  # noqa: E402
from comparison.lab import Lab  # noqa: E402
from comparison.processes import Trouble, tree_of, wait_until  # noqa: E402
from comparison.resolvers import PEERS, Vouch  # noqa: E402
from lab_kit import run_beside_peers  # noqa: E402

INSIDE = "VOUCH_HOSTILE_INSIDE"
PORT = 5700
LEAVES, NAMES_PER_LEAF = 100, 50
CACHED = [f"www.{zone}" for zone in ("alg8.nsec.", "alg13.nsec.", "alg15.nsec.", "types.nsec.", "levels.nsec.", "parent.nsec.")]
CACHED_RATE, UNCACHED_RATE = 100, 20  # a second
PROBE_ADDRESS = "127.0.0.2"           # the other client's; the attacker is 127.0.0.1
QUIET_SECONDS = 3                     # the other client alone
GRACE = 3.0                           # seconds after the last question in which answers still count
KEYTRAP_RATE, KEYTRAP_MS = 50, 3.0
NSEC3_RATE, NSEC3_MS = 150, 2.0
# With 65535 iterations the authority itself works for 10 ms on each answer: more would measure that.
NSEC3_SLOW_RATE = 10
LONG_NAME = 110                       # labels
ANSWERED_SHARE = 0.999

Attack = collections.namedtuple("Attack", "name rate limit_ms question")


def long_name(chance, below, labels=LONG_NAME):
    return "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") + "." for _ in range(labels)) + below


def attacks():
    """Every question differs from those before, so that no cached answer or failure serves."""
    for zone in ("keytrap-rsa", "keytrap-p256", "keytrap-p384", "keytrap-200", "rsa-shape"):
        yield Attack(zone, KEYTRAP_RATE, KEYTRAP_MS, lambda i, chance, zone=zone: (f"x{i}.{zone}.hostile.", "A"))
    yield Attack("ds", KEYTRAP_RATE, KEYTRAP_MS, lambda i, chance: (f"www.ds{i}.hostile.", "A"))
    for iterations in (0, 1, 50, 51, 150, 65535):
        for salt in (0, 255):
            zone = f"n{iterations}-{salt}.hostile."
            rate = NSEC3_RATE if iterations < 1000 else NSEC3_SLOW_RATE
            yield Attack(f"nsec3-{iterations}-{salt}", rate, NSEC3_MS, lambda i, chance, zone=zone: (long_name(chance, zone), "A"))
    for iterations in (50, 150):
        zone = f"n{iterations}-255.hostile."
        yield Attack(f"nsec3-{iterations}-ds", NSEC3_RATE, NSEC3_MS,
                     lambda i, chance, zone=zone: (long_name(chance, zone), "DS"))
        yield Attack(f"nsec3-{iterations}-wildcard", NSEC3_RATE, NSEC3_MS,
                     lambda i, chance, zone=zone: (long_name(chance, "wild." + zone, LONG_NAME - 2), "A"))


def cpu_seconds(pid):
    """CPU used so far by the process and all below it, to the microsecond."""
    total = 0
    for one in tree_of(pid):
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except OSError:
                pass  # a thread that has just ended
    return total / 1e9


class Stream:
    """Questions of one kind at a steady rate from a socket of its own."""

    def __init__(self, rate, question, source, expected=None):
        self.period, self.question, self.expected = 1 / rate, question, expected
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((source, 0))
        self.socket.connect(("127.0.0.1", PORT))
        self.socket.setblocking(False)
        self.waiting, self.delays, self.rcodes = {}, [], collections.Counter()
        self.sent = 0

    def send(self, now):
        name, kind = self.question(self.sent)
        number = self.sent % 65536
        try:
            self.socket.send(dns_message.question(name, kind, number=number, do=True))
        except OSError:
            return  # counts as lost
        finally:
            self.sent += 1
        self.waiting[number] = now

    def receive(self, now):
        while True:
            try:
                octets = self.socket.recv(65535)
            except OSError:
                return
            if len(octets) < 12:
                continue
            sent_at = self.waiting.pop(struct.unpack(">H", octets[:2])[0], None)
            if sent_at is not None:
                self.delays.append(now - sent_at)
                self.rcodes[dns_message.RCODES.get(octets[3] & 15, "?")] += 1

    def figures(self):
        right = len(self.delays) if self.expected is None else self.rcodes[self.expected]
        ordered = sorted(self.delays)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else float("inf")
        return {"sent": self.sent, "right": right, "lost": self.sent - right, "p99_ms": p99 * 1e3, "rcodes": dict(self.rcodes)}


def run_streams(streams, seconds):
    """Sends for so long, and receives for the grace period more, or until nothing is open."""
    start = time.monotonic()
    due = [(start + i * 0.001, i) for i in range(len(streams))]
    heapq.heapify(due)
    by_socket = {stream.socket: stream for stream in streams}
    while True:
        now = time.monotonic()
        while due and due[0][0] <= now:
            at, i = heapq.heappop(due)
            streams[i].send(now)
            if at + streams[i].period < start + seconds:
                heapq.heappush(due, (at + streams[i].period, i))
        is_over = not due and (now > start + seconds + GRACE or not any(stream.waiting for stream in streams))
        if is_over:
            return
        until = min(due[0][0] - time.monotonic(), 0.1) if due else 0.1
        ready, _, _ = select.select(list(by_socket), [], [], max(until, 0))
        for each in ready:
            by_socket[each].receive(time.monotonic())


class Benign:
    """The other client. Its uncached names are never asked for twice, over all attacks on one resolver."""

    def __init__(self):
        self.next = 0

    def uncached(self, _):
        i = self.next
        self.next += 1
        kind = ("A", "AAAA")[i // (LEAVES * NAMES_PER_LEAF) % 2]
        return f"h{i // LEAVES % NAMES_PER_LEAF}.leaf{i % LEAVES}.bench.", kind

    def streams(self):
        return [Stream(CACHED_RATE, lambda i: (CACHED[i % len(CACHED)], "A"), PROBE_ADDRESS, "NOERROR"),
                Stream(UNCACHED_RATE, self.uncached, PROBE_ADDRESS, "NOERROR")]


def start(processes, resolver, lab, folder, cpu):
    log = folder / "log"
    process = processes.start(resolver.prepare(lab, folder, PORT, True), cpu, log, cwd=folder)

    def is_ready():
        reply = dns_message.ask("127.0.0.1", PORT, "www.alg13.nsec.", "A", timeout=2, do=True)
        return reply is not None and reply.rcode == "NOERROR" and reply.ad
    wait_until(is_ready, process, log, resolver.name, 60)
    return process


def warm(attack):
    for name in CACHED + [f"h0.leaf{zone}.bench." for zone in range(LEAVES)]:
        dns_message.ask("127.0.0.1", PORT, name, "AAAA" if "leaf" in name else "A", do=True)
    name = attack.question(0, random.Random(0))[0] if attack.name != "ds" else "no-such-name.hostile."
    dns_message.ask("127.0.0.1", PORT, name, "A", timeout=10, do=True)


def measure(attack, pid, benign, seconds):
    """The figures of one attack on a running resolver."""
    warm(attack)
    used = cpu_seconds(pid)
    quiet = benign.streams()
    run_streams(quiet, QUIET_SECONDS)
    benign_cost = (cpu_seconds(pid) - used) / sum(stream.sent for stream in quiet)
    chance = random.Random(1)
    hostile = Stream(attack.rate, lambda i: attack.question(i + 1 if attack.name != "ds" else i, chance), "127.0.0.1")
    beside = benign.streams()
    used = cpu_seconds(pid)
    run_streams([hostile] + beside, seconds)
    used = cpu_seconds(pid) - used - benign_cost * sum(stream.sent for stream in beside)
    cached, uncached = (stream.figures() for stream in beside)
    figures = {"attack": attack.name, "limit_ms": attack.limit_ms, "ms": used / hostile.sent * 1e3, "hostile": hostile.figures(),
               "cached": cached, "uncached": uncached, "quiet_p99_ms": quiet[0].figures()["p99_ms"]}
    for stream in [hostile] + beside + quiet:
        stream.socket.close()
    figures["kept"] = (figures["ms"] <= attack.limit_ms and cached["lost"] == 0
                       and uncached["right"] >= ANSWERED_SHARE * uncached["sent"])
    return figures


def show(resolver, found):
    became = " ".join(f"{rcode} {count}" for rcode, count in sorted(found["hostile"]["rcodes"].items()))
    lost = found["hostile"]["lost"]
    print(f"{resolver:<8} {found['attack']:<20} {found['ms']:7.2f} ms (limit {found['limit_ms']:g})  "
          f"cached: {found['cached']['lost']} lost, p99 {found['cached']['p99_ms']:.1f} ms (alone {found['quiet_p99_ms']:.1f})  "
          f"uncached: {found['uncached']['right']}/{found['uncached']['sent']}, p99 {found['uncached']['p99_ms']:.0f} ms  "
          f"[{became}{f', {lost} unanswered' if lost else ''}]  {'ok' if found['kept'] else 'NO'}", flush=True)


def arguments():
    names = [attack.name for attack in attacks()]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release", help="default build/release")
    parser.add_argument("--vouchd", type=pathlib.Path, help="instead of the build's")
    parser.add_argument("--lab", type=pathlib.Path, help="the vouch-lab to use instead of the build's")
    parser.add_argument("--resolvers", type=lambda text: text.split(","), default=["vouch"], help="default vouch")
    parser.add_argument("--only", type=lambda text: text.split(","), default=names, help=f"of {', '.join(names)}")
    parser.add_argument("--seconds", type=int, default=10, help="of each attack (1 to 30, default 10)")
    parser.add_argument("--json", type=pathlib.Path, help="also write all figures there")
    parser.add_argument("--gate", action="store_true", help="exit status 1 when a limit is not kept")
    args = parser.parse_args()
    args.seconds = max(1, min(args.seconds, 30))
    if set(args.only) - set(names):
        parser.error(f"no such attack: {', '.join(set(args.only) - set(names))}")
    return args


def run(args, folder, processes):
    resolvers = {peer.name: peer for peer in PEERS} | {"vouch": Vouch(args.vouchd)}
    for name in args.resolvers:
        if name not in resolvers or not resolvers[name].path():
            raise Trouble(f"{name} is not here")
    cpus = sorted(os.sched_getaffinity(0))
    lab = Lab(args.lab or args.build / "tests/lab/vouch-lab", folder / "lab", 53, LEAVES, big=0, nx=0)
    # A zone for every question of the attack with colliding DS.
    hostile = KEYTRAP_RATE * args.seconds if "ds" in args.only else 1
    lab.start(processes, cpus[-1], folder / "lab.log", "--hostile", hostile)
    os.sched_setaffinity(0, {cpus[-1]})
    everything = []
    for attack in attacks():
        for name in args.resolvers if attack.name in args.only else ():
            home = pathlib.Path(tempfile.mkdtemp(prefix=name, dir=folder))
            home.chmod(0o777)
            process = start(processes, resolvers[name], lab, home, cpus[0])
            found = measure(attack, process.pid, Benign(), args.seconds)
            processes.end(process)
            show(name, found)
            everything.append({"resolver": name, **found})
    if args.json:
        args.json.write_text(json.dumps(everything, indent=1))
    return 1 if args.gate and not all(found["kept"] for found in everything) else 0


def main():
    args = arguments()
    args.vouchd = args.vouchd or args.build / "resolver/daemon/vouchd"
    run_beside_peers(INSIDE, "vouch-hostile-", args.vouchd if "vouch" in args.resolvers else None,
                     lambda folder, processes: run(args, folder, processes))


if __name__ == "__main__":
    main()
