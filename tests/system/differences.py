"""What resolvers answered to one question, whether one of them stands apart, and the table of differences that are known."""
import dataclasses
import fnmatch
import pathlib

SILENCE = "silence"
SHOWN = 110  # characters of a view in the report


@dataclasses.dataclass(frozen=True)
class Question:
    zone: str
    name: str
    type: str
    flags: str  # "", "do", "ad", "cd", "cd do"

    def how(self):
        return {flag: True for flag in self.flags.split()}


@dataclasses.dataclass(frozen=True)
class View:
    """An answer reduced to what resolvers must agree on."""
    rcode: str
    ad: bool = False
    signed: bool = False
    data: tuple = ()

    def __str__(self):
        words = [self.rcode] + ["AD"] * self.ad + ["signed"] * self.signed
        words += [f"{kind}:{text}" for kind, text in self.data]
        return " ".join(words)

    def shown(self):
        text = str(self)
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(self.data)} records)"


def view_of(reply, question):
    if reply is None:
        return View(SILENCE)
    kind = question.type
    # RFC 8482 leaves open what ANY brings, and a question for RRSIG brings what happens to be in the cache.
    if kind in ("ANY", "RRSIG"):
        return View(reply.rcode)
    # The data of a failure is nobody's business; peers differ in which aliases they leave in it.
    if reply.rcode == "SERVFAIL":
        return View(reply.rcode)
    # With CD it is the cache's past that decides whether the data happens to be validated.
    return View(reply.rcode, reply.ad and "cd" not in question.flags, reply.signed(), tuple(reply.data()))


def majority(views):
    """The view that more than half of them share; nothing when there is none."""
    for view in set(views):
        if 2 * views.count(view) > len(views):
            return view
    return None


def bogus_at(views_by_flags):
    """{(name, type): names of those who hold the data for bogus}: whatever the flags they fail, but with CD they answer."""
    found = {}
    for question, views in views_by_flags:
        told = found.setdefault((question.name, question.type), {})
        for name, view in views.items():
            has_failed = view.rcode in ("SERVFAIL", SILENCE)
            told[name] = told.get(name, True) and has_failed != ("cd" in question.flags)
    return {key: [name for name, is_bogus in told.items() if is_bogus] for key, told in found.items()}


def trouble(mine, peers, bogus):
    """Why our view needs an explanation; nothing when it does not. peers: {name: view}; bogus: see bogus_at()."""
    views = list(peers.values())
    # What one peer holds for bogus and we for secure is the worst that can happen: others' agreement is no excuse.
    doubting = [name for name in peers if name in bogus]
    if mine.ad and doubting:
        return f"secure here, bogus at {', '.join(doubting)}"
    most = majority(views)
    if most is not None:
        return None if mine == most else "not what most say"
    return None if mine in views else "what nobody says"


@dataclasses.dataclass
class Known:
    """A row of the table: patterns (`*` stands for anything), and why."""
    zone: str
    name: str
    type: str
    flags: str
    ours: str    # how our view begins; several ways are joined by " or "
    why: str
    used: int = 0

    def fits(self, question, mine):
        pairs = ((question.zone, self.zone), (question.name, self.name), (question.type, self.type),
                 (question.flags or "-", self.flags))
        if not all(fnmatch.fnmatchcase(text, pattern) for text, pattern in pairs):
            return False
        return any(str(mine).startswith(way) for way in self.ours.split(" or "))


def read_known(path):
    """The rows of every table in the file whose head is: zone, name, type, flags, Vouch says, why."""
    rows, in_table = [], False
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            in_table = False
        elif cells[0].lower() == "zone":
            in_table = True
        elif in_table and not set(cells[0]) <= set("-: "):
            if len(cells) != 6:
                raise ValueError(f"{path}: six columns are meant: {line}")
            rows.append(Known(*cells))
    return rows
