"""From the figures of all rounds to tables, ratios and targets."""
from statistics import median

from .phases import CACHED, RESOLVED

FLOOR = "floor"
HOT_PER_FLOOR = 1.25       # targets: hot costs at most this many times the floor,
UNBOUND_PER_HOT = 1.5      # Unbound's hot answer costs at least this many times ours,
MEMORY_PER_UNBOUND = 0.5   # and a cached name takes less than this share of Unbound's
RESOLVED_PER_UNBOUND = 0.75 # nor do cold and nx cost more than this share of its CPU, validated
DOT_PER_UNBOUND = 0.5      # an answer over TLS costs at most this share of Unbound's CPU,
DOH_PER_BEST = 0.6         # one over HTTPS this share of the best peer's,
DOQ_MICROSECONDS = 25      # and one over QUIC, alone in its packet, this much
TLS_IDLE_KIB = 20          # an idle connection takes at most this much memory,
QUIC_IDLE_KIB = 96         # and one over QUIC this much
BUSY = 0.95                # below this share of its CPU the server was not what limited q/s


def medians(rounds):
    """{phase: {figure: median}} from a list of {phase: {figure: number}}."""
    found = {}
    for phase in {phase for one in rounds for phase in one}:
        runs = [one[phase] for one in rounds if phase in one]
        found[phase] = {figure: median(run[figure] for run in runs) for figure in runs[0]}
        found[phase]["failures"] = sum(run["failures"] for run in runs)  # one failure in one round is one too many
        found[phase]["asked"] = sum(run["asked"] for run in runs)
        found[phase]["rounds"] = len(runs)
    return found


def aligned(rows):
    """Rows of text as a Markdown table that reads well as it is; the first row is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    def line(row):
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"
    rule = "|" + "|".join(["-" * (widths[0] + 2)] + ["-" * (width + 1) + ":" for width in widths[1:]]) + "|"
    return "\n".join([line(rows[0]), rule] + [line(row) for row in rows[1:]])


def ratio(ours, others):
    return f"{ours / others:.2f}" if ours is not None and others else "-"


def get(figures, server, phase, figure):
    return figures.get(server, {}).get(phase, {}).get(figure)


def failures_of(figures, server, phases):
    runs = [figures[server][phase] for phase in phases if phase in figures[server]]
    return f"{sum(run['failures'] for run in runs)} of {sum(run['asked'] for run in runs)}"


def cached_table(figures):
    """Of answers from the cache. figures: {server: medians}, the floor among them."""
    phases = [phase for phase in CACHED if any(phase in one for one in figures.values())]
    if not phases:
        return ""
    head = [""]
    for phase in phases:
        head += [f"{phase} us", "q/s", "/floor", "/Unbound"]
    rows = [head + ["RSS MB", "failed"]]
    for server in figures:
        row = [server]
        for phase in phases:
            us, qps = get(figures, server, phase, "us"), get(figures, server, phase, "qps")
            if us is None:
                row += ["-"] * 4
                continue
            limited = "" if figures[server][phase]["busy"] >= BUSY else "+"
            row += [f"{us:.2f}", f"{qps:.0f}{limited}", ratio(us, get(figures, FLOOR, phase, "us")),
                    ratio(us, get(figures, "unbound", phase, "us"))]
        memory = [get(figures, server, phase, "rss") for phase in phases]
        row.append(f"{max(m or 0 for m in memory) / 1e6:.0f}" if any(memory) else "-")
        rows.append(row + [failures_of(figures, server, phases)])
    return aligned(rows)


def secured_table(figures, names):
    """Of encrypted transports: CPU for each answer or connection, or memory for each idle connection."""
    names = [name for name in names if any(name in one for one in figures.values())]
    if not names:
        return ""
    rows = [[""]]
    for name in names:
        is_memory = any("octets" in one.get(name, {}) for one in figures.values())
        rows[0] += [f"{name} KiB"] if is_memory else [f"{name} us", "/s"]
        rows[0] += ["/Unbound"] if get(figures, "unbound", name, "asked") else []
    for server in figures:
        mine = [name for name in names if name in figures[server]]
        if mine:
            rows.append([server] + [cell for name in names for cell in secured_cells(figures, server, name)]
                        + [failures_of(figures, server, mine)])
    rows[0].append("failed")
    return aligned(rows)


def secured_cells(figures, server, name):
    is_memory = any("octets" in one.get(name, {}) for one in figures.values())
    figure = "octets" if is_memory else "us"
    value, theirs = get(figures, server, name, figure), get(figures, "unbound", name, figure)
    share = [ratio(value, theirs)] if get(figures, "unbound", name, "asked") else []
    if value is None:
        return ["-"] * (1 if is_memory else 2) + share
    if is_memory:
        return [f"{value / 1024:.1f}"] + share
    limited = "" if figures[server][name]["busy"] >= BUSY else "+"
    return [f"{value:.2f}" if value < 100 else f"{value:.0f}", f"{figures[server][name]['qps']:.0f}{limited}"] + share


def resolved_table(figures, not_validating=()):
    """Of answers that had to be found out. Figures of servers in not_validating are put in brackets: they do not count."""
    phases = [phase for phase in RESOLVED if any(phase in one for one in figures.values())]
    servers = [server for server in figures if server != FLOOR]
    if not phases or not servers:
        return ""
    head = [""]
    for phase in phases:
        head += [f"{phase} us", "q/s", "/Unbound"]
    has_big = "big" in phases
    rows = [head + (["octets/name", "/Unbound", "RSS MB"] if has_big else []) + ["failed"]]
    for server in servers:
        row = []
        for phase in phases:
            us = get(figures, server, phase, "us")
            row += ([f"{us:.1f}", f"{get(figures, server, phase, 'qps'):.0f}",
                     ratio(us, get(figures, "unbound", phase, "us"))] if us is not None else ["-"] * 3)
        if has_big:
            name = get(figures, server, "big", "octets_per_name")
            row += ([f"{name:.0f}", ratio(name, get(figures, "unbound", "big", "octets_per_name")),
                     f"{get(figures, server, 'big', 'rss') / 1e6:.0f}"] if name is not None else ["-"] * 3)
        if server in not_validating:
            row = [f"({cell})" if cell != "-" else cell for cell in row]
        rows.append([server] + row + [failures_of(figures, server, phases)])
    return aligned(rows)


def verdict(what, value, target, is_met, counts=True):
    if value is None:
        return f"not measured     {what} (target: {target})"
    if not counts:
        word = "does not count  "
    else:
        word = "met             " if is_met else "MISSED          "
    return f"{word} {what}: {value:.2f} (target: {target})"


def quotient(one, other):
    return one / other if one is not None and other else None


def targets(cached, memory, memory_counts):
    """A line for each target. cached, memory: {server: medians} of the run that each is judged by."""
    hot = get(cached, "vouch", "hot", "us")
    per_floor = quotient(hot, get(cached, FLOOR, "hot", "us"))
    less = quotient(get(cached, "unbound", "hot", "us"), hot)
    name = get(memory, "vouch", "big", "octets_per_name")
    share = quotient(name, get(memory, "unbound", "big", "octets_per_name"))
    return [
        verdict("CPU of a hot answer, as a multiple of the floor", per_floor, f"at most {HOT_PER_FLOOR}",
                per_floor is not None and per_floor <= HOT_PER_FLOOR),
        verdict("CPU of Unbound's hot answer, as a multiple of ours", less, f"at least {UNBOUND_PER_HOT}",
                less is not None and less >= UNBOUND_PER_HOT),
        verdict("memory of a cached name, as a share of Unbound's", share, f"below {MEMORY_PER_UNBOUND}",
                share is not None and share < MEMORY_PER_UNBOUND, memory_counts),
        resolved("a cold, validated answer", "cold", memory, memory_counts),
        resolved("a validated NXDOMAIN", "nx", memory, memory_counts),
    ]


def resolved(what, phase, figures, counts):
    share = quotient(get(figures, "vouch", phase, "us"), get(figures, "unbound", phase, "us"))
    return verdict(f"CPU of {what}, as a share of Unbound's", share, f"at most {RESOLVED_PER_UNBOUND}",
                   share is not None and share <= RESOLVED_PER_UNBOUND, counts)


def best_peer(figures, phase):
    """(its name, its CPU for each answer); of none: (None, None)."""
    costs = {server: get(figures, server, phase, "us") for server in figures if server not in ("vouch", FLOOR)}
    measured = {server: us for server, us in costs.items() if us is not None}
    return min(measured.items(), key=lambda item: item[1]) if measured else (None, None)


def limit(what, value, most, unit=""):
    return verdict(what, value, f"at most {most}{unit}", value is not None and value <= most)


def secured_targets(figures):
    """A line for each target of the encrypted transports."""
    dot = quotient(get(figures, "vouch", "dot", "us"), get(figures, "unbound", "dot", "us"))
    lines = [limit("CPU of an answer over TLS, as a share of Unbound's", dot, DOT_PER_UNBOUND)]
    for phase in ("doh-get", "doh-post", "doh-h2load"):
        name, us = best_peer(figures, phase)
        share = quotient(get(figures, "vouch", phase, "us"), us)
        lines.append(limit(f"CPU of an answer over HTTPS ({phase}), as a share of the best peer's" + (f" ({name})" if name else ""),
                           share, DOH_PER_BEST))
    lines.append(limit("CPU of an answer over QUIC, one in a packet, in us", get(figures, "vouch", "doq-single", "us"),
                       DOQ_MICROSECONDS))
    for phase, what, most in (("tls-idle", "TLS", TLS_IDLE_KIB), ("quic-idle", "QUIC", QUIC_IDLE_KIB)):
        lines.append(limit(f"memory of an idle connection over {what}, in KiB",
                           quotient(get(figures, "vouch", phase, "octets"), 1024), most))
    return lines
