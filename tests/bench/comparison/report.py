"""The whole report, for people and for programs."""
import json
import os
import platform
import shlex
import sys
import time
from statistics import median

from . import table

KEPT = 0.99   # share of the big zone's names that should be cached in the end
QUIET = 0.05  # share of the server's CPU that others may use before the report speaks of it

VALIDATING, NOT_VALIDATING = "validation on", "validation off"  # what the resolvers are told
ENCRYPTED = "encrypted"     # the third kind of run: cached answers again, over TLS, HTTPS and QUIC

SECURED = (
    ("Cached answers over TLS and HTTPS", ("dot", "doh-get", "doh-post", "doh-h2load")),
    ("Cached answers over QUIC", ("doq-single", "doq-many")),
    ("New connections, with one question each", ("tls-full", "tls-resumed", "quic-full", "quic-resumed")),
    ("Idle connections", ("tls-idle", "quic-idle")),
)

NOTES = """us: CPU microseconds, user and system, of the server process for each answer, or for each connection where those are new.
/floor, /Unbound: how many times the cost of that one in the same run, less is better. q/s or /s with a +: the server did not use
its whole CPU (the load was the limit, or others had that CPU), so it could do more. Medians of all rounds; failures are summed. A
failure is a query with no answer in time, with another RCODE than it should have, or with an answer that is empty or cut short; or
a connection that failed, was not resumed as it should have been, or was closed while it was held."""

BRACKETS = """In brackets: {names} did not validate in this run (no AD on a signed name). What skips that work and keeps no proofs
cannot be compared with what does it: these figures DO NOT COUNT. The next table compares like with like."""


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        models = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cpus": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000,
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "Linux"),
    }


class Results:
    """rounds[mode][server] is a list, one entry a round, of {phase: figures}."""

    def __init__(self, versions, order):
        self.rounds = {}
        self.order = order      # of the servers in the tables, whatever order they ran in
        self.authentic = {}     # mode -> server -> whether it validated
        self.notes = []         # what went wrong
        self.left_out = []      # what was not measured for want of a client, or of a server that serves it
        self.about = {
            "command": shlex.join([os.path.relpath(sys.argv[0])] + sys.argv[1:]),
            "date": time.strftime("%Y-%m-%d %H:%M %Z"),
            "machine": machine(),
            "versions": versions,
            "load_average_before": os.getloadavg()[0],
        }

    def add(self, mode, server, figures, authentic=False):
        self.rounds.setdefault(mode, {}).setdefault(server, []).append(figures)
        self.authentic.setdefault(mode, {})[server] = authentic

    def medians(self, mode):
        known = self.rounds.get(mode, {})
        found = {server: table.medians(known[server]) for server in self.order if server in known}
        return {server: phases for server, phases in found.items() if phases}

    def laggards(self, mode):
        """Servers that were to validate in this mode and did not."""
        if mode != VALIDATING:
            return []
        return [server for server, did in self.authentic.get(mode, {}).items() if not did and server != table.FLOOR]

    def write_json(self, path):
        with open(path, "w", encoding="utf-8") as out:
            json.dump({**self.about, "notes": self.notes, "left_out": self.left_out, "rounds": self.rounds,
                       "validated": self.authentic,
                       "medians": {mode: self.medians(mode) for mode in self.rounds}}, out, indent=1)
            out.write("\n")

    def text(self):
        about, box = self.about, self.about["machine"]
        parts = [f"{about['date']}, {box['cpu']}, {box['cpus']} CPUs, {box['memory_mb']} MB, {box['system']}, "
                 f"kernel {box['kernel']}; load average before: {about['load_average_before']:.2f}",
                 f"`{about['command']}`",
                 "\n".join(f"- {name}: {version}" for name, version in about["versions"].items())]
        on, off = self.medians(VALIDATING), self.medians(NOT_VALIDATING)
        cached = on if any("hot" in one or "hotdo" in one for one in on.values()) else off
        parts += self.section("Cached answers", table.cached_table(cached))
        laggards = self.laggards(VALIDATING)
        parts += self.section("Resolved answers, validation on", table.resolved_table(on, laggards))
        if laggards and table.resolved_table(on):
            parts.append(BRACKETS.format(names=", ".join(laggards)))
        parts += self.section("Resolved answers, validation off everywhere", table.resolved_table(off))
        secured = self.medians(ENCRYPTED)
        for title, names in SECURED:
            parts += self.section(title, table.secured_table(secured, names))
        parts.append(NOTES)
        lines = self.targets_lines(cached, on, off, laggards) if "vouch" in on or "vouch" in off else []
        lines += table.secured_targets(secured) if "vouch" in secured else []
        if lines:
            parts.append("Targets\n\n    " + "\n    ".join(lines))
        parts += self.disturbance() + self.forgetful()
        parts += ["Left out: " + "; ".join(self.left_out) + "."] if self.left_out else []
        parts += [f"NOTE: {note}" for note in self.notes]
        return "\n\n".join(parts) + "\n"

    def disturbance(self):
        shares = [run["others"] for servers in self.rounds.values() for rounds in servers.values() for one in rounds
                  for run in one.values() if "others" in run]
        if not shares or max(shares) < QUIET:
            return []
        return [f"NOTE: the machine was not quiet. Other processes used {median(shares):.0%} of the server's CPU in the median\n"
                f"and {max(shares):.0%} at worst: take q/s as a lower bound, and trust ratios more than figures."]

    def forgetful(self):
        return [f"NOTE: {server}, {mode}, kept {medians['big']['kept']:.0f} of the names of the big zone: its memory per name "
                "is for those." for mode in self.rounds for server, medians in self.medians(mode).items()
                if "big" in medians and medians["big"]["kept"] < KEPT * medians["big"]["asked"] / medians["big"]["rounds"]]

    @staticmethod
    def section(title, rows):
        return [f"### {title}", rows] if rows else []

    @staticmethod
    def targets_lines(cached, on, off, laggards):
        # Memory counts when both validated; otherwise the like-for-like run is shown, as an indication.
        counts = "vouch" in on and "vouch" not in laggards
        lines = table.targets(cached, on if counts else off, counts)
        if not counts:
            lines.append("(memory: both with validation off; it will count once vouchd validates, for proofs take room)")
        return lines
