"""Reads the project's C++ as text: which files there are, and what is code in them (not comment, not string)."""
import pathlib
import re

MODULES = (
    "resolver/base", "resolver/wire", "resolver/cache", "resolver/dnssec", "resolver/zones", "resolver/fleet",
    "resolver/iterate", "resolver/explain", "resolver/policy", "resolver/front", "resolver/daemon", "transports", "telemetry", "conf",
    "vouchctl",
)

# Raw strings first: their quotes and slashes are text. A digit separator (1'000) must not open a character literal.
_NOT_CODE = re.compile(
    r'R"(?P<fence>[^\s()\\]{0,16})\((?:.|\n)*?\)(?P=fence)"'
    r"|//[^\n]*"
    r"|/\*(?:.|\n)*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'"
)


def sources(root):
    """Every .h, .cc and .inc of the modules, as paths relative to root with forward slashes, sorted."""
    root = pathlib.Path(root)
    found = []
    for module in MODULES:
        for path in (root / module).rglob("*"):
            if path.suffix in (".h", ".cc", ".inc"):
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def fragments(root):
    """Every .inc of the modules: lists that a macro reads, included in the middle of a file, and including nothing."""
    root = pathlib.Path(root)
    return sorted(path.relative_to(root).as_posix() for module in MODULES for path in (root / module).rglob("*.inc"))


def read(root, relative):
    return (pathlib.Path(root) / relative).read_text(encoding="utf-8", errors="replace")


def code_only(text):
    """The same text with comments and literals blanked out, line numbers and columns kept."""
    def blank(match):
        kept = re.sub(r"[^\n]", " ", match.group(0))
        return kept if match.group(0).startswith("/") else '"' + kept[1:-1] + '"'
    return _NOT_CODE.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def report(name, problems, looked_at):
    """Prints the outcome and returns the exit status. Looking at nothing is a failure too."""
    for problem in problems:
        print(problem)
    if not looked_at:
        print(f"{name}: no source file found; wrong --root?")
        return 1
    print(f"{name}: {looked_at} files, {len(problems)} problems")
    return 1 if problems else 0
