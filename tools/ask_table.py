#!/usr/bin/env python3
"""Asks a resolver real questions with dig, over UDP and over TCP, and prints what came back beside what was expected.

    ask_table.py --port 5300 [--server 127.0.0.1] FILE.tsv

FILE has tab-separated columns: name, type, transport (udp or tcp, a hint for people), expected rcode, expected RDATAs
separated by ' | ', remark. A leading '#' or a header row starting with 'name' is skipped. An expected answer of '*'
means: any, but not none. For a resolver that validates there may be two columns more: the verdict (secure, insecure or
bogus), which must show in AD, and what an Extended DNS Error (RFC 8914) must say.
Exit status 0 if every row is right over both transports, 1 if not.
"""
import argparse
import concurrent.futures
import csv
import os
import re
import shutil
import subprocess
import sys

SECONDS_PER_TRY = 5  # longer than a resolver takes to give up on one dead server
AT_ONCE = 4          # questions in flight: a small machine stays responsive, and times stay honest


class Row:
    def __init__(self, columns):
        columns = [c.strip() for c in columns] + [""] * 8
        self.name, self.type, self.hint, self.rcode, answer, self.remark, self.verdict, self.told = columns[:8]
        self.anything = answer == "*"
        self.expected = set() if self.anything else {normal(a, self.type) for a in answer.split(" | ") if a.strip()}


class Reply:
    """What dig printed, reduced to what the table needs."""

    def __init__(self, text, wanted_type):
        status = re.search(r"status: (\w+)", text)
        self.rcode = status.group(1) if status else None
        flags = re.search(r";; flags:([^;]*);", text)
        self.ad = bool(flags) and " ad" in flags.group(1)
        self.over_tcp = "(TCP)" in text
        time = re.search(r"Query time: (\d+) (usec|msec)", text)
        self.time_ms = (int(time.group(1)) / (1000 if time.group(2) == "usec" else 1)) if time else None
        self.ede = "; ".join(re.findall(r"; EDE: (.*)", text))
        self.records = []
        for line in text.splitlines():
            if line and not line.startswith(";"):
                owner_ttl_class_type = line.split(None, 4)
                if len(owner_ttl_class_type) == 5:
                    self.records.append((owner_ttl_class_type[3], owner_ttl_class_type[4].strip()))
        self.everything = {normal(r, t) for t, r in self.records}
        self.of_type = {normal(r, t) for t, r in self.records if t == wanted_type}
        self.problem = None if self.rcode else (error_line(text) or "no reply")


def error_line(text):
    """dig's own complaint, without its decoration."""
    for line in text.splitlines():
        if line.startswith(";;") and ("no servers" in line or "refused" in line or "timed out" in line or "failed" in line):
            return line.rstrip(".").rsplit(": ", 1)[-1].lstrip("; ")
    return None


def normal(rdata, rr_type):
    """RDATA text as it may be compared: one space, no quotes in SVCB parameters, unknown types in lower case."""
    rdata = re.sub(r"\s+", " ", rdata.strip())
    if rdata.startswith("\\#"):
        head = re.match(r"(\\# \d+) ?(.*)", rdata)
        rdata = f"{head.group(1)} {head.group(2).replace(' ', '').lower()}" if head else rdata
    if rr_type in ("SVCB", "HTTPS"):
        rdata = rdata.replace('"', "")
    return rdata


def ask(args, row, tcp):
    command = ["dig", f"@{args.server}", "-p", str(args.port), row.name, row.type, "+tries=1", f"+time={SECONDS_PER_TRY}",
               "+nosplit", "+noauthority", "+noadditional", "-u", "+tcp" if tcp else "+notcp"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                              timeout=3 * SECONDS_PER_TRY)
    except subprocess.TimeoutExpired:
        return Reply("", row.type)
    return Reply(done.stdout, row.type)


def is_right(row, reply):
    if reply.rcode != row.rcode or row.told not in reply.ede:
        return False
    if row.verdict and reply.ad != (row.verdict == "secure"):
        return False
    if row.anything:
        return bool(reply.records)
    return row.expected in (reply.everything, reply.of_type)


def cell(reply):
    if reply.time_ms is None:
        return "-"
    return f"{reply.time_ms:.1f} ms" if reply.time_ms < 100 else f"{reply.time_ms:.0f} ms"


def dnssec_cell(row, reply):
    """What the reply shows of DNSSEC. That a failure is DNSSEC's is the table's own knowledge; EDE must have agreed."""
    if reply.ad:
        return "secure"
    if reply.rcode == "SERVFAIL":
        return "bogus" if row.verdict == "bogus" and row.told in reply.ede else ""
    return "insecure" if row.verdict == "insecure" else ""


def shown_answer(reply):
    if reply.problem:
        return reply.problem
    if not reply.records:
        if reply.rcode == "SERVFAIL":
            return f"EDE: {reply.ede}" if reply.ede else "(failed)"
        nothing = "(no such name)" if reply.rcode == "NXDOMAIN" else "(nothing of that type)"
        return nothing + (f"  EDE: {reply.ede}" if reply.ede else "")
    first = reply.records[-1][1]
    more = len(reply.records) - 1
    return (f"{first}  (+{more})" if more else first) + (f"  EDE: {reply.ede}" if reply.ede else "")


def shorten(text, width):
    return text if len(text) <= width else text[:width - 3] + "..."


def print_table(results, colour, width):
    # A column for AD only where the resolver sets it somewhere: one that does not validate has nothing to say there.
    secure = any(udp.ad for _, udp, _, _ in results)
    heads = ["name", "type", "rcode"] + (["dnssec"] if secure else []) + ["udp", "tcp", "", "answer"]
    first_time = len(heads) - 4
    lines = []
    for row, udp, tcp, right in results:
        via_udp = cell(udp) + (" tc" if udp.over_tcp else "")  # truncated, so dig came back over TCP
        lines.append([row.name, row.type, udp.rcode or "-"] + ([dnssec_cell(row, udp)] if secure else []) +
                     [via_udp, cell(tcp), "ok" if right else "NO", shown_answer(udp if udp.rcode else tcp)])
    widths = [max(len(line[i]) for line in [heads] + lines) for i in range(len(heads))]
    widths[0] = min(widths[0], 44)
    left = max(24, width - sum(widths[:-1]) - 2 * (len(widths) - 1))
    paint = (lambda code, text: f"\x1b[{code}m{text}\x1b[0m") if colour else (lambda code, text: text)

    def show(line, mark=None):
        cells = [shorten(text, widths[i]).ljust(widths[i]) for i, text in enumerate(line[:-1])]
        for i in (first_time, first_time + 1):
            cells[i] = line[i].rjust(widths[i])
        if mark:
            cells[first_time + 2] = paint(mark, cells[first_time + 2])
        print("  ".join(cells + [shorten(line[-1], left)]).rstrip())

    print(paint("1", ""), end="")
    show(heads)
    print("  ".join("-" * w for w in widths[:-1] + [min(left, 24)]))
    for line in lines:
        show(line, "32" if line[first_time + 2] == "ok" else "1;31")


def explain(row, udp, tcp):
    print(f"\n{row.name} {row.type}: {row.remark}" if row.remark else f"\n{row.name} {row.type}")
    expected = "anything, but not nothing" if row.anything else (" | ".join(sorted(row.expected)) or "no records")
    told = f"  EDE: {row.told}" if row.told else ""
    print(shorten(f"  expected   {row.rcode}  {row.verdict}  {expected}{told}", 300))
    for via, reply in (("udp", udp), ("tcp", tcp)):
        got = reply.problem or f"{reply.rcode}  {'secure  ' if reply.ad else ''}{' | '.join(sorted(reply.everything)) or 'no records'}"
        print(shorten(f"  over {via}   {got}", 300) + (f"  EDE: {reply.ede}" if reply.ede else ""))


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        rows = [r for r in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if r and r[0].strip()]
    return [Row(r) for r in rows if not r[0].startswith("#") and r[0].strip().lower() != "name"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="127.0.0.1", help="the resolver's address (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5300, help="its port (default: %(default)s)")
    parser.add_argument("file", help="the questions, as .tsv")
    args = parser.parse_args()
    if not shutil.which("dig"):
        print("dig is missing. Remedy: apt-get install bind9-dnsutils", file=sys.stderr)
        return 1
    rows = read_rows(args.file)
    if not rows:
        print(f"{args.file} has no questions", file=sys.stderr)
        return 1
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        over_udp = list(pool.map(lambda row: ask(args, row, tcp=False), rows))
        over_tcp = list(pool.map(lambda row: ask(args, row, tcp=True), rows))
    results = [(row, udp, tcp, is_right(row, udp) and is_right(row, tcp))
               for row, udp, tcp in zip(rows, over_udp, over_tcp)]

    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM", "dumb") != "dumb"
    print_table(results, colour, shutil.get_terminal_size((140, 40)).columns)
    wrong = [r for r in results if not r[3]]
    for row, udp, tcp, _ in wrong:
        explain(row, udp, tcp)
    print(f"\n{len(results) - len(wrong)} of {len(results)} names answered as expected, over UDP and over TCP.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
