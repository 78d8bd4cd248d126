#!/usr/bin/env python3
"""Makes the manual pages from what vouchd says about itself, so that none can grow old.

    man_pages.py program NAME SECTION "what it is" <the output of NAME --help     a page about a program
    man_pages.py configuration <the output of vouchd --print-default-config       vouch.yaml(5)

Pages are in the old man macros, which man, mandoc and groff all read.
"""
import datetime
import os
import re
import sys
import textwrap

OPTION = re.compile(r"^  (\S.*?)(?: {2,}(\S.*))?$")  # a term, and after two blanks or more what is said of it
WIDTH = 78
SECTION = re.compile(r"^[A-Z][A-Z ]+$")
TABLES = ("OPTIONS", "SIGNALS", "EXIT STATUS", "FILES", "PAGES", "ENVIRONMENT", "COMMANDS")
SEE_ALSO = {
    "vouchd": ["vouch.yaml(5)", "vouchctl(1)", "dig(1)", "kdig(1)", "systemctl(1)"],
    "vouchctl": ["vouchd(8)", "vouch.yaml(5)"],
    "vouch.yaml": ["vouchd(8)", "vouchctl(1)"],
}


class Unreadable(Exception):
    """What was read is not written as expected; the sentence says where."""


def escaped(text):
    """Text in which roff sees nothing but text."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return "\\&" + text if text.startswith(".") else text


def heading(name, section):
    """The date is that of the build, which whoever wants the same octets twice fixes by SOURCE_DATE_EPOCH."""
    day = datetime.datetime.now(datetime.timezone.utc)
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        day = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    return f'.\\" Made by tools/man_pages.py.\n.TH {name.upper()} {section} {day:%Y-%m-%d} Vouch "Vouch manual"\n.SH NAME\n'


def wrapped(page):
    """Lines of text no longer than people expect of a page's source; a request is one line, however long."""
    out = []
    for line in page.splitlines():
        if line.startswith(".") or len(line) <= WIDTH:
            out.append(line)
            continue
        for part in textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False):
            out.append("\\&" + part if part.startswith((".", "'")) else part)
    return "\n".join(out) + "\n"


def see_also(name):
    return ".SH SEE ALSO\n" + ",\n".join(f".BR {page.split('(')[0]} ({page.split('(')[1]}" .replace("-", "\\-") for page in SEE_ALSO[name]) + "\n"


def sections_of(text):
    """{title: lines} of a help text, and what stands before the first title."""
    found, title = {"": []}, ""
    for line in text.splitlines():
        if SECTION.match(line):
            title = line
            found[title] = []
        else:
            found[title].append(line)
    if "SYNOPSIS" not in found or "OPTIONS" not in found:
        raise Unreadable("the help text has no SYNOPSIS or no OPTIONS")
    return found


def synopsis(lines, name):
    out = []
    for line in lines:
        if line.strip():
            out.append((".PP\n" if out else "") + escaped(line.strip()).replace(name, f"\\fB{name}\\fR", 1))
    return "\n".join(out) + "\n"


def table(lines):
    """Terms with what is said of each; lines that are indented deeper go on with it."""
    out = []
    for line in lines:
        if not line.strip():
            out.append(".PP")
            continue
        term = OPTION.match(line)
        if line.startswith("   ") and out:
            out.append(escaped(line.strip()))
        elif term and term.group(2):
            out += [".TP", f".B {escaped(term.group(1))}", escaped(term.group(2))]
        elif term and not line.startswith("   "):
            out += [".TP", f".B {escaped(term.group(1))}"]
        else:
            raise Unreadable(f"this line is no part of a table: {line}")
    while out and out[-1] == ".PP":
        out.pop()
    return "\n".join(out) + "\n"


def prose(lines):
    out, fresh = [], True
    for line in lines:
        if not line.strip():
            fresh = True
            continue
        if fresh and out:
            out.append(".PP")
        out.append(escaped(line.strip()))
        fresh = False
    return "\n".join(out) + "\n"


def is_table(title, lines):
    """A section of terms; or one whose every first line looks like one."""
    body = [line for line in lines if line.strip()]
    return title in TABLES or bool(body) and all(line.startswith("   ") or OPTION.match(line).group(2) for line in body)


def page_of_program(help_text, name, section, about):
    found = sections_of(help_text)
    out = heading(name, section) + f"{name} \\- {escaped(about)}\n"
    for title, lines in found.items():
        if not title:
            continue
        out += f".SH {title}\n"
        if title == "SYNOPSIS":
            out += synopsis(lines, name)
        elif is_table(title, lines):
            out += table(lines)
        else:
            out += prose(lines)
    return out + see_also(name)


def page_of_configuration(document):
    """Every key under its whole path: vouch.yaml(5)."""
    head, *rest = document.split("\n\n", 1)
    if not rest:
        raise Unreadable("the default configuration has no keys")
    out = heading("vouch.yaml", 5) + "vouch.yaml \\- configuration of vouchd\n.SH DESCRIPTION\n"
    out += prose([line.lstrip("# ") for line in head.splitlines()])
    out += (".PP\nThe file is YAML. Keys are shown by their whole path: \\fBserver.tls.listen\\fR is \\fBlisten\\fR in \\fBtls\\fR in\n"
            "\\fBserver\\fR. An unknown key is an error, told with its line and the nearest key that exists.\n")
    path, comments, keys = [], [], 0
    for line in rest[0].splitlines():
        if not line.strip():
            comments = []
        elif line.lstrip().startswith("#"):
            comments.append(line.lstrip()[1:].removeprefix(" "))
        else:
            entry = re.match(r"^( *)([a-z0-9_]+):(?: (.*))?$", line)
            if not entry:
                raise Unreadable(f"no key in this line: {line}")
            depth = len(entry.group(1)) // 2
            path = path[:depth] + [entry.group(2)]
            whole = ".".join(path)
            if entry.group(3) is None:
                out += f".SH {whole}\n" if depth == 0 else f".SS {whole}\n"
                out += told(comments)
            else:
                keys += 1
                out += f".TP\n.B {whole}\n" + told(comments)
            comments = []
    if keys == 0:
        raise Unreadable("the default configuration has no keys")
    out += ".SH FILES\n.TP\n.I /etc/vouch/vouch.yaml\nthe configuration\n.TP\n.I /usr/share/doc/vouch/profiles\n"
    out += "configurations for a home, a community network and a provider\n"
    return out + see_also("vouch.yaml")


def told(comments):
    """Comments as paragraphs; lines that begin with two blanks are items of a list, and what follows goes on with them."""
    out, in_list = [], False
    for text in comments:
        item = text.startswith("  ")
        if item and not in_list:
            out.append(".RS")
            in_list = True
        if item:
            out.append(".IP \\(bu 2")
        elif in_list and text.startswith("For example "):
            out += [".RE", ".IP"]
            in_list = False
        elif not in_list and re.match(r"^(Each |For example )|.* Default: ", text) and out:
            out.append(".br")
        out.append(escaped(text.strip()))
    if in_list:
        out.append(".RE")
    return "\n".join(out) + "\n"


def main(words):
    text = sys.stdin.read()
    try:
        if len(words) == 4 and words[0] == "program":
            sys.stdout.write(wrapped(page_of_program(text, *words[1:])))
        elif words == ["configuration"]:
            sys.stdout.write(wrapped(page_of_configuration(text)))
        else:
            sys.exit(__doc__)
    except Unreadable as why:
        sys.exit(f"man_pages.py: {why}")


if __name__ == "__main__":
    main(sys.argv[1:])
