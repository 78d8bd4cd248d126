#!/usr/bin/env python3
"""Who may include whom. Reads every #include of the modules and fails on an upward include, on a cycle, and on pure
logic that reaches for a socket, a clock or a random source.

    layering.py --root DIR
"""
import argparse
import re
import sys

import source

COUNTERS = "telemetry/counters.h"
# What those who count may see beside the counters: how things are classed, and the recorder that hears of them.
TAXONOMY = "telemetry/taxonomy.h"
RECORDER = "telemetry/recorder.h"

# A folder may include itself, and what is named here: folders, single headers, or `*_options.h` of any folder.
ALLOWED = {
    "resolver/base": [],
    "resolver/wire": ["resolver/base"],
    COUNTERS: ["resolver/base"],
    "resolver/cache": ["resolver/base", "resolver/wire", COUNTERS],
    "resolver/policy": ["resolver/base", "resolver/wire", COUNTERS, TAXONOMY],
    # Of the caches only the table under them and its helpers: what validation knows of zones lies in one, too.
    "resolver/dnssec": ["resolver/base", "resolver/wire", "resolver/cache/sieve_table.h",
                        "resolver/cache/heap_octets.h", "resolver/cache/label_counts.h", COUNTERS, TAXONOMY],
    # Of validation it needs what checks keys and signatures, for the root's digest; it asks nobody for a chain.
    "resolver/zones": ["resolver/base", "resolver/wire", "resolver/dnssec", COUNTERS],
    # Of a store that is elsewhere it knows its own seam; of validation what makes codes, and the anchors it goes by.
    "resolver/fleet": ["resolver/base", "resolver/wire", "resolver/cache", "resolver/dnssec", COUNTERS],
    # Of zones that are kept, the root's: it answers from a copy at home. Of a fleet, that there may be one.
    "resolver/iterate": ["resolver/base", "resolver/wire", "resolver/cache", "resolver/dnssec", "resolver/zones",
                         "resolver/fleet/shared_cache.h", COUNTERS, TAXONOMY, RECORDER],
    # Its sentences are those of the pages: one wording for one fault, wherever it is told.
    "resolver/explain": ["resolver/base", "resolver/wire", "resolver/cache", "resolver/dnssec", "resolver/iterate",
                         COUNTERS, TAXONOMY, "telemetry/web/locale.h"],
    "resolver/front": ["resolver/base", "resolver/wire", "resolver/cache", "resolver/dnssec", "resolver/iterate",
                       "resolver/policy", COUNTERS, TAXONOMY, RECORDER],
    "transports": ["resolver/base", COUNTERS, "resolver/front/query_sink.h", "resolver/iterate/upstream.h",
                   "resolver/wire/message_facts.h", "resolver/zones/message_stream.h",
                   "resolver/fleet/remote_store.h"],
    "telemetry": ["resolver/base", "resolver/wire"],
    "conf": ["resolver/base", "resolver/wire", "*_options.h"],
    "resolver/daemon": ["resolver", "transports", "telemetry", "conf"],
    # It starts at once on a small machine, and speaks to the daemon in JSON: of the code it knows its own, and where the
    # daemon's socket is by default.
    "vouchctl": ["*_options.h"],
}

# Headers through which a transport sees the resolver. What they pull in must be plain types, or the transports would
# depend on resolver logic behind our back.
SEAMS = {"resolver/front/query_sink.h", "resolver/iterate/upstream.h", "resolver/wire/message_facts.h",
         "resolver/zones/message_stream.h", "resolver/fleet/remote_store.h"}
SEAM_MAY_REACH = ("resolver/base/", COUNTERS)

# What waits, tells the time or is unpredictable comes into the resolver's logic as an argument.
PURE = ("resolver/wire/", "resolver/cache/", "resolver/dnssec/", "resolver/zones/", "resolver/fleet/",
        "resolver/iterate/", "resolver/explain/", "resolver/policy/", "resolver/front/")
IMPURE_INCLUDE = re.compile(r"event2?/|event\.h$|sys/(socket|epoll|time|random)\.h$|time\.h$|unistd\.h$|random$|thread$")
IMPURE_CODE = re.compile(
    r"\b(?:system_clock|steady_clock|high_resolution_clock)::now\b|\brandom_device\b|\bgetrandom\s*\("
    r"|\bclock_gettime\s*\(|\bgettimeofday\s*\(|(?<![\w.>:])(?:::|std::)?time\s*\(\s*(?:0|NULL|nullptr)\s*\)")

# OpenSSL stays behind one file of dnssec, so that another library can take its place.
OPENSSL_OWNER = re.compile(r"resolver/dnssec/algorithms\w*\.(h|cc)$|resolver/base/|resolver/daemon/")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)


def folder_of(path):
    if path == COUNTERS:
        return COUNTERS
    for module in source.MODULES:
        if path.startswith(module + "/"):
            return module
    return None


def is_allowed(including, included):
    home = folder_of(including)
    if home != COUNTERS and included.startswith(home + "/"):
        return True
    for entry in ALLOWED[home]:
        if entry.startswith("*"):
            if included.endswith(entry[1:]):
                return True
        elif included == entry or included.startswith(entry + "/"):
            return True
    return False


def includes_of(text):
    """(line, path in quotes or None, path in angle brackets or None) of each #include that is not commented out."""
    code = source.code_only(text)
    for match in INCLUDE.finditer(text):
        if "#" in code[match.start():match.end()]:
            yield source.line_of(text, match.start()), match.group(1), match.group(2)


def check_file(path, text, known):
    problems = []
    for line, ours, theirs in includes_of(text):
        if theirs is not None:
            if folder_of(theirs) is not None:
                problems.append(f'{path}:{line}: write #include "{theirs}", not <{theirs}>')
            if path.startswith(PURE) and IMPURE_INCLUDE.search(theirs):
                problems.append(f"{path}:{line}: pure logic includes <{theirs}>; take a Clock, Random or Upstream instead")
            if path.startswith("resolver/") and theirs.startswith("openssl/") and not OPENSSL_OWNER.match(path):
                problems.append(f"{path}:{line}: <{theirs}> belongs in resolver/dnssec/algorithms.cc alone")
        elif folder_of(ours) is None:
            problems.append(f'{path}:{line}: "{ours}" is not a path from the root into one of the modules')
        elif ours not in known:
            problems.append(f'{path}:{line}: "{ours}" does not exist')
        elif not is_allowed(path, ours):
            problems.append(f"{path}:{line}: {folder_of(path)} may not include {ours}")
    if path.startswith(PURE):
        code = source.code_only(text)
        for match in IMPURE_CODE.finditer(code):
            problems.append(f"{path}:{source.line_of(code, match.start())}: pure logic calls {match.group(0).strip()}")
    return problems


def reach(start, edges):
    seen, todo = set(), [start]
    while todo:
        for following in edges.get(todo.pop(), ()):
            if following not in seen:
                seen.add(following)
                todo.append(following)
    return seen


def find_cycle(edges):
    """One cycle among files as a list of paths, or None."""
    done, trail = set(), []

    def visit(node):
        if node in trail:
            return trail[trail.index(node):] + [node]
        if node in done:
            return None
        trail.append(node)
        for following in sorted(edges.get(node, ())):
            cycle = visit(following)
            if cycle:
                return cycle
        trail.pop()
        done.add(node)
        return None

    for node in sorted(edges):
        cycle = visit(node)
        if cycle:
            return cycle
    return None


def check(root):
    paths = source.sources(root)
    fragments = source.fragments(root)
    known = set(paths) | set(fragments)
    problems, edges = [], {}
    for path in fragments:
        for line, ours, theirs in includes_of(source.read(root, path)):
            problems.append(f"{path}:{line}: a fragment includes {ours or theirs}")
    for path in paths:
        text = source.read(root, path)
        problems += check_file(path, text, known)
        edges[path] = {ours for _, ours, _ in includes_of(text) if ours in known}
    cycle = find_cycle(edges)
    if cycle:
        problems.append("include cycle: " + " -> ".join(cycle))
    for seam in sorted(SEAMS & known):
        for reached in sorted(reach(seam, edges)):
            if not reached.startswith(SEAM_MAY_REACH):
                problems.append(f"{seam}: a seam for the transports reaches {reached}")
    return problems, len(paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True, help="the project's folder")
    problems, looked_at = check(parser.parse_args().root)
    return source.report("layering", problems, looked_at)


if __name__ == "__main__":
    sys.exit(main())
