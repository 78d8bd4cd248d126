#!/usr/bin/env python3
"""What must not be left lying about: unfinished work, test-only code in the product, paths of one machine.

    tidiness.py --root DIR
"""
import argparse
import pathlib
import re
import sys

import source

ROOMS = source.MODULES + ("tests", "tools", "cmake", "docs", ".ci", "docker", "packaging")
TOP_LEVEL = ("CMakeLists.txt", "CMakePresets.json", "run", "check", "README.md", "CHANGELOG.md", "SECURITY.md")
SUFFIXES = (".h", ".cc", ".py", ".sh", ".md", ".txt", ".cmake", ".yaml", ".json", ".js", ".css", ".html", "",
            ".yml", ".service", ".conf", ".example", ".bash", ".zsh", ".postinst", ".postrm", ".mobileconfig")
EXCEPT = ("tests/structure/", "tests/fuzz/corpus/", "tests/scenarios/data/")  # this folder names what it forbids

RULES = (
    (re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"), "unfinished work is an issue, not a comment"),
    (re.compile(r"^\s*#\s*if(?:def)?\b.*\bTEST\b", re.MULTILINE), "no test-only code in the product"),
    (re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/\w"), "a path of one machine"),
    (re.compile(r"^(?:<<<<<<<|>>>>>>>) ", re.MULTILINE), "a merge left unfinished"),
)
# A name that a function makes at its first call may find no memory then, and many that compare names must not throw.
LATE_NAME = re.compile(r"^[ \t]+static const [^;]*\bName::of\(", re.MULTILINE)
# What a thread has of its own: numbers, pointers, handles, or a type that the file says has no destructor (resolver/base/thread_end.h).
OF_A_THREAD = re.compile(r"\bthread_local\s+(?!std::coroutine_handle|std::u?int\d+_t|std::size_t|bool)([\w:]+(?:<[^;=]*>)?)\s+\w+\s*[;={]")
# Ports, ids, cookies and 0x20 stand or fall with the one generator of resolver/base/random.h (RFC 5452; CVE-2025-40780).
WEAK_RANDOM = re.compile(r"\b(?:mt19937\w*|minstd_rand\w*|default_random_engine|random_device|[ds]?rand48|s?rand|random)\s*\(|"
                         r"\bstd::(?:mt19937\w*|minstd_rand\w*|default_random_engine|random_device)\b")


def check_text(path, text):
    problems = []
    for pattern, why in RULES:
        for match in pattern.finditer(text):
            problems.append(f"{path}:{source.line_of(text, match.start())}: {match.group(0).strip()!r}: {why}")
    if path.startswith(source.MODULES):
        for match in LATE_NAME.finditer(text):
            problems.append(f"{path}:{source.line_of(text, match.start())}: {match.group(0).strip()!r}: "
                            "make it before main(), outside of the function")
        for match in OF_A_THREAD.finditer(text):
            if f"is_trivially_destructible_v<{match.group(1)}>" not in text:
                problems.append(f"{path}:{source.line_of(text, match.start())}: {match.group(0).strip()!r}: "
                                "a destructor takes memory to register; use resolver/base/thread_end.h")
        for match in WEAK_RANDOM.finditer(text):
            problems.append(f"{path}:{source.line_of(text, match.start())}: {match.group(0).strip()!r}: "
                            "draw from resolver/base/random.h")
    if path.endswith(".h") and "#pragma once" not in text:
        problems.append(f"{path}:1: no #pragma once")
    return problems


def files(root):
    root = pathlib.Path(root)
    found = [root / name for name in TOP_LEVEL if (root / name).is_file()]
    for room in ROOMS:
        found += [p for p in (root / room).rglob("*") if p.is_file() and p.suffix in SUFFIXES]
    relative = sorted({p.relative_to(root).as_posix() for p in found})
    return [path for path in relative if not path.startswith(EXCEPT) and "__pycache__" not in path]


def check(root):
    problems = []
    paths = files(root)
    for path in paths:
        problems += check_text(path, source.read(root, path))
    return problems, len(paths)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True, help="the project's folder")
    problems, looked_at = check(parser.parse_args().root)
    return source.report("tidiness", problems, looked_at)


if __name__ == "__main__":
    sys.exit(main())
