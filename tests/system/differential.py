#!/usr/bin/env python3
"""Asks vouchd and the resolvers that Debian packages the same questions about the whole lab, and compares what they say.

For every zone: the manifest's questions, its apex with every type that DNSSEC treats apart, names that do not exist, empty
non-terminals, wildcards, types that a name lacks; each with DO, AD and CD set and not. Compared are RCODE, AD, the data, and
whether signatures came. Printed is each question on which vouchd stands apart (no majority shares its view, or it calls
secure what a peer calls bogus), by zone, with everybody's view. What is known and right stands with its reason in a table,
docs/dnssec-differences.md.

    differential.py --lab FILE --vouchd FILE [--known FILE] [--peers A,B] [--subject NAME] [--zone ZONE] [--all]

The peers follow referrals to port 53 only, so all run in a network namespace of their own. Exit status: 0 no difference that
is not in the table, 1 there is one, 77 cannot be tried here (fewer than two peers, no namespaces, vouchd cannot validate).
"""
import argparse
import concurrent.futures
import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests/bench")]

import dns_message  # noqa: E402
from comparison.lab import Lab  # noqa: E402
from comparison.processes import wait_until  # noqa: E402
from comparison.resolvers import PEERS, Vouch  # noqa: E402
from differences import Question, bogus_at, read_known, trouble, view_of  # noqa: E402
from lab_kit import Skip, manifest_of, run_beside_peers  # noqa: E402

INSIDE = "VOUCH_DIFFERENTIAL_INSIDE"
FIRST_PORT = 5700
READY_SECONDS = 60
PATIENCE = 20        # seconds for one question; what takes longer is silence
SLOW = 2.0           # seconds from which a zone counts as slow: then only the manifest's questions are asked, in two ways
AT_ONCE = 4          # zones that are worked on at the same time
ALL_SECONDS = 1500   # after which no further zone is begun
FLAGS = ("do", "", "ad", "cd", "cd do")
FLAGS_OF_THE_SLOW = ("do", "cd do")
APEX_TYPES = ("SOA", "NS", "DNSKEY", "DS", "NSEC", "NSEC3PARAM", "A", "ANY", "RRSIG")
NOT_ASKED_ABOUT = {
    "v6only.nsec.",  # its one server is on IPv6, which the configurations that all share switch off
    "lossy.nsec.", "ten.nsec.",  # whose answers are a matter of luck, or of patience with seven useless servers
}
OWN_TYPES = {"RRSIG", "NSEC", "NSEC3"}  # of records that say nothing of which names a zone has
SAMPLES = 2          # names of one kind, of one zone


class ZoneNames:
    """The names of a zone file, by what they are good for."""

    def __init__(self, apex, path):
        self.apex = apex
        names = set()
        for line in path.read_text(encoding="ascii", errors="replace").splitlines():
            words = line.split(None, 4)
            if len(words) == 5 and words[3] not in OWN_TYPES:
                names.add(words[0].lower())
        below = sorted(name for name in names if name != apex)
        self.wildcards = [name.removeprefix("*.") for name in below if name.startswith("*.")][:SAMPLES]
        self.existing = [name for name in below if "*" not in name][:SAMPLES]
        self.empty = sorted({up for name in below for up in self.between(name)} - names)[:SAMPLES]

    def between(self, name):
        labels = name.split(".")
        for cut in range(1, len(labels)):
            up = ".".join(labels[cut:]) or "."
            if up == self.apex or not up.endswith(self.apex):
                return
            yield up


def at(label, name):
    return f"{label}.{'' if name == '.' else name}"


def derived(names):
    """(name, type) of questions that no manifest needs to hold: resolvers tell each other what is right."""
    apex = names.apex
    yield from ((apex, kind) for kind in APEX_TYPES)
    yield at("no-such-name", apex), "A"
    yield at("a.b.no-such-name", apex), "AAAA"
    for name in names.existing:
        yield name, "TXT"
        yield at("no-such-name", name), "A"
    for name in names.empty:
        yield name, "A"
    for name in names.wildcards:
        yield at("some-name", name), "A"
        yield at("some-name", name), "MX"
        yield at("*", name), "A"


def questions_of(apex, path, rows):
    """(the manifest's, all of them) of one zone, each list without doubles."""
    own = list(dict.fromkeys((row["name"], row["type"]) for row in rows if row["zone"] == apex))
    both = dict.fromkeys(own + list(derived(ZoneNames(apex, path))))
    return own, list(both)


class Panel:
    """The resolvers, by name, each on a port of its own."""

    def __init__(self):
        self.ports = {}

    def start(self, processes, resolver, lab, folder, cpu):
        port = FIRST_PORT + len(self.ports)
        home = folder / resolver.name
        home.mkdir()
        home.chmod(0o777)  # some give up their rights and still write there
        log = home / "log"
        process = processes.start(resolver.prepare(lab, home, port, True), cpu, log, cwd=home)

        def is_ready():
            reply = dns_message.ask("127.0.0.1", port, ".", "SOA", timeout=2, do=True)
            return reply is not None and reply.rcode == "NOERROR" and reply.ad
        wait_until(is_ready, process, log, resolver.name, READY_SECONDS)
        self.ports[resolver.name] = port

    def ask(self, question):
        """{name: view}, and how long the slowest took."""
        views, slowest = {}, 0.0
        for name, port in self.ports.items():
            begun = time.monotonic()
            reply = dns_message.ask("127.0.0.1", port, question.name, question.type, timeout=PATIENCE, **question.how())
            slowest = max(slowest, time.monotonic() - begun)
            views[name] = view_of(reply, question)
        return views, slowest

    def ask_zone(self, apex, own, both):
        """[(question, views)] of one zone."""
        found, is_slow = [], False
        for name, kind in own + [pair for pair in both if pair not in own]:
            for flags in FLAGS if kind not in ("ANY", "RRSIG") else FLAGS[:2]:
                if is_slow and (flags not in FLAGS_OF_THE_SLOW or (name, kind) not in own):
                    continue
                question = Question(apex, name, kind, flags)
                views, slowest = self.ask(question)
                is_slow = is_slow or slowest > SLOW
                found.append((question, views))
        return found


class Report:
    def __init__(self, subject, known, show_all):
        self.subject, self.known, self.show_all = subject, known, show_all
        self.asked = self.explained = self.unexplained = self.among_peers = 0

    def zone(self, apex, results):
        """Prints what stands apart in a zone; equal views under several flags are one entry."""
        entries = {}
        bogus = bogus_at(results)
        for question, views in results:
            self.asked += 1
            peers = {name: view for name, view in views.items() if name != self.subject}
            why = trouble(views[self.subject], peers, bogus[question.name, question.type])
            remark = self.remark(question, views[self.subject], peers, why)
            if remark:
                entries.setdefault((question.name, question.type, remark, tuple(views.items())), []).append(question.flags or "-")
        if entries:
            print(f"\n{apex}")
        for (name, kind, remark, views), flags in entries.items():
            print(f"  {name} {kind}  [{', '.join(flags)}]  {remark}")
            for resolver, view in views:
                print(f"    {resolver:<8} {view.shown()}")
        sys.stdout.flush()

    def remark(self, question, mine, peers, why):
        if why is None:
            if len(set(peers.values())) == 1:
                return None
            self.among_peers += 1
            return "peers differ" if self.show_all else None
        for row in self.known:
            if row.fits(question, mine):
                row.used += 1
                self.explained += 1
                return f"known: {row.why}"
        self.unexplained += 1
        return f"UNEXPLAINED: {why}"

    def end(self, is_whole):
        for row in self.known:
            if is_whole and row.used == 0:
                print(f"not seen: {row.zone} {row.name} {row.type} [{row.flags}] {row.ours}: {row.why}")
        print(f"\n{self.asked} questions; {self.subject} stands apart on {self.explained + self.unexplained}, "
              f"{self.unexplained} of them unexplained; peers differ from one another on {self.among_peers} more")


def run(args, folder, processes):
    resolvers = {peer.name: peer for peer in PEERS if peer.resolves and peer.name in args.peers and peer.path()}
    if args.subject == "vouch":
        resolvers = {"vouch": Vouch(args.vouchd)} | resolvers
    if args.subject not in resolvers or len(resolvers) < 3:
        raise Skip(f"{args.subject} and two more resolvers are wanted, there are: {', '.join(resolvers)}")
    lab = Lab(args.lab, folder / "lab", 53, leaves=0, big=0, nx=0)
    cpus = sorted(os.sched_getaffinity(0))
    lab.start(processes, cpus[-1], folder / "lab.log")
    panel = Panel()
    for name in [args.subject] + [name for name in resolvers if name != args.subject]:
        panel.start(processes, resolvers[name], lab, folder, cpus[0])
        print(f"{name}: {resolvers[name].version()}", flush=True)

    rows = manifest_of(lab.folder)
    zones = list(dict.fromkeys(row["zone"] for row in rows))
    files = {path.name.removesuffix("zone"): path for path in (lab.folder / "zones").glob("*.zone") if not path.name.endswith(".stale.zone")}
    files["."] = files.pop("root.")
    zones += [apex for apex in files if apex not in zones]
    zones = [zone for zone in zones if zone not in NOT_ASKED_ABOUT and args.zone in (None, zone)]
    report = Report(args.subject, read_known(args.known) if args.known else [], args.all)
    ends = time.monotonic() + ALL_SECONDS

    def work(apex):
        return panel.ask_zone(apex, *questions_of(apex, files[apex], rows)) if time.monotonic() < ends else None
    left_out = 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for apex, results in zip(zones, pool.map(work, zones)):
            if results is None:
                left_out += 1
            else:
                report.zone(apex, results)
    report.end(is_whole=args.zone is None)
    if left_out or not report.asked:
        print(f"{left_out} zones were not asked about: no time was left")
    return 1 if report.unexplained or left_out or not report.asked else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [peer.name for peer in PEERS if peer.resolves]
    parser.add_argument("--lab", required=True, type=pathlib.Path, help="the built vouch-lab")
    parser.add_argument("--vouchd", type=pathlib.Path, help="the built vouchd")
    parser.add_argument("--known", type=pathlib.Path, default=ROOT / "docs/dnssec-differences.md",
                        help="the table of known differences ('' for none)")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=names, help=f"default {','.join(names)}")
    parser.add_argument("--subject", choices=["vouch"] + names, default="vouch", help="who must not stand apart")
    parser.add_argument("--zone", help="only that zone, with its final dot")
    parser.add_argument("--all", action="store_true", help="print differences among the peers, too")
    args = parser.parse_args()
    args.known = args.known if args.known and args.known.is_file() and args.subject == "vouch" else None
    if args.subject == "vouch" and not args.vouchd:
        parser.error("--vouchd is wanted")
    run_beside_peers(INSIDE, "vouch-differential-", args.vouchd if args.subject == "vouch" else None,
                     lambda folder, processes: run(args, folder, processes))


if __name__ == "__main__":
    main()
