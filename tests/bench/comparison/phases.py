"""What is measured, and how one server is led through it."""
import json
import os
import subprocess
import time
from dataclasses import dataclass

from .processes import Trouble, resident_octets

# Enough outstanding that batches form and the server rarely waits for us. Not more: a socket has by default 212,992 octets of
# receive buffer, room for some 277 small datagrams, and most peers leave it at that.
HOT_WINDOW = 192
MISS_WINDOW = 64    # a busy resolver's misses; more only queue up
MISS_TIMEOUT = 5000 # milliseconds: clients give up then
WARM_ATTEMPTS = 3
SETTLE = 0.3        # seconds between two phases, for what the last one left in flight

NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


@dataclass(frozen=True)
class Phase:
    name: str
    questions: str          # which file of questions
    about: str
    expected: int = NOERROR
    dnssec_ok: bool = False
    once: bool = False      # each question once, however long it takes; otherwise over and over for a time
    warm: bool = False      # all questions are asked before, unmeasured, so that every answer is cached
    zone: str = ""          # of which all names are; then memory for each name is measured too


# Big comes first, for memory: a resolver may lay out its tables for all they can hold and touch them page by page, so that what
# comes later seems to cost less. Measured from an idle start, the tables are paid for by the names in them.
PHASES = (
    Phase("big", "big", "many names of one signed zone, none of them cached", once=True, zone="big.bench."),
    Phase("cold", "cold", "names of many signed zones, none of them cached", once=True),
    Phase("nx", "nx", "names that do not exist in those zones", NXDOMAIN, once=True),
    Phase("hot", "hot", "cached names, no EDNS", warm=True),
    Phase("hotdo", "hot", "cached names, DO=1", dnssec_ok=True, warm=True),
)
SECURED = Phase("secured", "secured", "cached names, over encrypted transports (transports.py)", warm=True)
CACHED = ("hot", "hotdo")
RESOLVED = ("cold", "nx", "big")


def busy_seconds(cpu):
    """For how long that CPU has not been idle since the machine started, whoever used it."""
    with open("/proc/stat", encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] == f"cpu{cpu}":
                user, nice, system, _idle, _iowait, irq, softirq = (int(word) for word in words[1:8])
                return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    raise Trouble(f"/proc/stat knows no CPU {cpu}")


@dataclass
class Load:
    """How udpblast is run."""
    program: str
    cpu: int
    server_cpu: int
    questions: dict
    seconds: int            # of a phase that is measured by time
    patience: int           # seconds, at most, of a phase that asks each question once

    def run(self, phase, port, pid, measured=True):
        file = self.questions[phase.questions]
        fixed = phase.once or not measured
        command = ["taskset", "-c", str(self.cpu), self.program, "--port", port, "--queries", file, "--pid", pid, "--json",
                   "--window", MISS_WINDOW if fixed else HOT_WINDOW, "--seconds", self.patience if fixed else self.seconds]
        if fixed:
            with open(file, encoding="ascii") as lines:
                command += ["--count", sum(1 for _ in lines), "--timeout", MISS_TIMEOUT]
        if phase.dnssec_ok:
            command.append("--do")
        start, busy = time.monotonic(), busy_seconds(self.server_cpu)
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                              timeout=self.patience + 60)
        if done.returncode != 0:
            raise Trouble(done.stderr.strip() or f"udpblast ended with status {done.returncode}")
        counted = json.loads(done.stdout)
        others = busy_seconds(self.server_cpu) - busy - counted["server_cpu_us"] / 1e6
        counted["others"] = max(0.0, others / (time.monotonic() - start))
        return counted

    def warm(self, phase, port, pid):
        """Asks all of a phase's questions until all are answered, so that the answers are cached."""
        for _ in range(WARM_ATTEMPTS):
            counted = self.run(phase, port, pid, measured=False)
            if counted["positive"] == counted["sent"]:
                return
        raise Trouble(f"{counted['sent'] - counted['positive']} of {counted['sent']} names could not be had beforehand")


def figures_of(phase, counted, is_floor=False):
    """From udpblast's counts to what the table shows."""
    answered = counted["answered"]
    if answered == 0:
        raise Trouble(f"not one answer in the {phase.name} phase ({counted['lost']} queries lost)")
    if is_floor:
        right = answered
    elif phase.expected == NOERROR:
        right = counted["positive"]  # an empty or a truncated answer is none
    else:
        right = counted["rcodes"][phase.expected]
    elapsed, cpu = counted["elapsed_us"], counted["server_cpu_us"]
    asked = counted["sent"] - counted["unfinished"]
    return {
        "us": cpu / answered,
        "qps": answered * 1e6 / elapsed,
        "busy": cpu / elapsed,                  # share of its CPU that the server used
        "others": counted["others"],            # share that other processes of the machine used meanwhile
        "asked": asked,
        "failures": asked - right,
        "lost": counted["lost"],
        "servfail": counted["rcodes"][SERVFAIL],
        "strangers": counted["strangers"],
        "reply_octets": counted["octets"] / answered,
        "authentic": counted["authentic"] / answered,
    }


def names_kept(phase, load, lab, port, pid):
    """How many of a phase's names are still cached: all are asked again, and the lab counts what reaches the zone's server."""
    before = lab.questions_about(phase.zone)
    again = load.run(phase, port, pid, measured=False)
    return max(0, again["positive"] - (lab.questions_about(phase.zone) - before))


def measure(phases, load, lab, port, pid, tell):
    """{phase: figures} of one running resolver, its cache empty at the beginning."""
    found = {}
    for phase in phases:
        if phase.warm:
            load.run(phase, port, pid, measured=False)
        time.sleep(SETTLE)
        before = resident_octets(pid)
        figures = figures_of(phase, load.run(phase, port, pid))
        after = resident_octets(pid)
        figures["rss"] = after
        if phase.zone:
            figures["kept"] = names_kept(phase, load, lab, port, pid)
            figures["octets_per_name"] = (after - before) / max(1, figures["kept"])
            tell(f"{phase.name}: {figures['kept']} of {figures['asked']} names are cached, "
                 f"{figures['octets_per_name']:.0f} octets each")
        found[phase.name] = figures
        tell(f"{phase.name}: {figures['us']:.2f} us of CPU an answer, {figures['qps']:,.0f} q/s, "
             f"{figures['failures']} of {figures['asked']} failed")
    return found


def measure_floor(phases, load, port, pid, tell):
    """The same of udpecho, as far as it makes sense."""
    found = {}
    for phase in phases:
        found[phase.name] = figures_of(phase, load.run(phase, port, pid), is_floor=True)
        tell(f"{phase.name}: {found[phase.name]['us']:.2f} us of CPU a reply, {found[phase.name]['qps']:,.0f} q/s")
    return found
