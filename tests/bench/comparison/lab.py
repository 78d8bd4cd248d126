"""The Internet that all resolvers are measured on (tests/lab), and the questions about it."""
import pathlib
import random
import subprocess

from .processes import Trouble, wait_until

NAMES_PER_LEAF = 50
SECURED_NAMES = 400     # of these, what is asked over encrypted transports: so few that what is measured is the transport
READY_SECONDS = 600     # the first start signs every zone
HOT_NAMES = 10_000      # as many names as a small provider's clients ask for most of the time; they fit in every cache


class Lab:
    def __init__(self, program, folder, port, leaves, big, nx):
        self.program, self.folder, self.port = program, pathlib.Path(folder), port
        self.leaves, self.big, self.nx = leaves, big, nx
        self.hints = self.folder / "root.hints"
        self.anchors = self.folder / "root.anchors"

    def start(self, processes, cpu, log, *options):
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [self.program, "run", "--dir", self.folder, "--port", self.port, "--leaves", self.leaves, "--big", self.big,
                   *options]
        process = processes.start(command, cpu, log)
        wait_until(lambda: any(line.startswith("ready") for line in log.read_text(errors="replace").splitlines()),
                   process, log, "The lab", READY_SECONDS)
        return process

    def questions_about(self, zone):
        """How many questions the servers of that zone have been asked so far."""
        done = subprocess.run([self.program, "ctl", "--dir", self.folder, "stats"], capture_output=True, text=True, timeout=30,
                              check=False)
        if done.returncode != 0:
            raise Trouble(f"the lab does not tell its counts: {(done.stdout + done.stderr).strip()}")
        # Lines of: server, zone, "udp", number, "tcp", number.
        rows = [line.split() for line in done.stdout.splitlines()]
        return sum(int(row[3]) + int(row[5]) for row in rows if len(row) == 6 and row[1] == zone)

    def root_records(self, rtype):
        """RDATA, as text, of the root's anchors of that type."""
        found = []
        for line in self.anchors.read_text().splitlines():
            words = line.split()
            if rtype in words:
                found.append(" ".join(words[words.index(rtype) + 1:]))
        if not found:
            raise Trouble(f"{self.anchors} holds no {rtype}")
        return found

    def write_questions(self, folder):
        """One file for each kind of load; returns {kind: path}. All names are of signed zones."""
        zones, hosts = self.leaves, NAMES_PER_LEAF
        hot = [f"h{i // zones}.leaf{i % zones}.bench A" for i in range(min(HOT_NAMES, zones * hosts))]
        random.Random(1).shuffle(hot)  # in no order that a cache could like; the same in every run
        kinds = {
            # Zone after zone before the second name of any: the zones' own keys and servers are found early on.
            "cold": (f"h{h}.leaf{z}.bench {t}" for h in range(hosts) for z in range(zones) for t in ("A", "AAAA")),
            "hot": hot,
            "secured": hot[:SECURED_NAMES],
            # Between any two names that exist, so that no single NSEC record denies them all (RFC 8198).
            "nx": (f"h{i // zones % hosts}-{i}.leaf{i % zones}.bench A" for i in range(self.nx)),
            "big": (f"n{i}.big.bench A" for i in range(self.big)),
        }
        paths = {}
        for kind, lines in kinds.items():
            paths[kind] = pathlib.Path(folder) / f"questions-{kind}.txt"
            paths[kind].write_text("".join(line + "\n" for line in lines))
        return paths
