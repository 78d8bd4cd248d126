#!/usr/bin/env python3
"""The coroutine rules. They read well, and they keep clear of what compilers have got wrong.

  1. co_await stands alone in its statement:  x = co_await f(named);   co_await f(a);   co_return co_await f(a);
     where f(named) is a name or one call, without braces (no lambda, no aggregate) and without another co_await inside.
  2. A coroutine has no local that is aligned to more than 16 octets: frames come from operator new or a pool.

    coroutines.py --root DIR
"""
import argparse
import re
import sys

import source

MAX_FRAME_ALIGNMENT = 16

CO_AWAIT = re.compile(r"(?<!operator )\bco_await\b")
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
ALIGNAS = re.compile(r"\balignas\s*\(([^()]*(?:\([^()]*\))?[^()]*)\)")
OVER_ALIGNED_TYPE = re.compile(r"\b(?:struct|class|union)\s+alignas\s*\(([^()]*)\)\s*(\w+)")

# What may stand before co_await in its statement, labels removed: nothing, co_return, or something that ends in `=`.
TARGET = r"[\w:<>,&*\[\]\s.\->]+?"
HEAD = re.compile(rf"^\s*(?:co_return\s+|{TARGET}=\s*)?$")
LABEL = re.compile(r"^\s*(?:case\b[^:]*(?:::[^:]+)*:(?!:)|default\s*:)")
# What may stand after it: a path of names, template arguments allowed, and perhaps one call.
NAME_PATH = re.compile(r"\s*(?:\*\s*)?(?:::)?\w+(?:<[^;(){}]*>)?(?:\s*(?:::|\.|->)\s*(?:template\s+)?\w+(?:<[^;(){}]*>)?)*\s*")


def statement_start(code, position):
    """Just after the ; { or } that ends whatever comes before the statement around position."""
    return max(code.rfind(end, 0, position) for end in ";{}") + 1


def is_within_brackets(code, position):
    """Whether the innermost bracket around position is ( or [: an argument, a condition, the head of a for."""
    depth = 0
    for at in range(position - 1, -1, -1):
        if code[at] in ")]}":
            depth += 1
        elif code[at] in "([{":
            if depth == 0:
                return code[at] != "{"
            depth -= 1
    return False


def closing(code, opening):
    """The position of the bracket that closes the ( at opening, or -1."""
    depth = 0
    for at in range(opening, len(code)):
        if code[at] == "(":
            depth += 1
        elif code[at] == ")":
            depth -= 1
            if depth == 0:
                return at
    return -1


def why_not_alone(code, position):
    """None if the co_await at position stands alone in its statement, or else what is wrong with it."""
    head = code[statement_start(code, position):position]
    while LABEL.match(head):
        head = LABEL.sub("", head, count=1)
    if is_within_brackets(code, position) or not HEAD.match(head):
        return "co_await is part of a larger expression or of a condition; give its result a name first"
    after = position + len("co_await")
    operand = NAME_PATH.match(code, after)
    if not operand:
        return "co_await must be followed by a name or by one call"
    end = operand.end()
    if end < len(code) and code[end] == "(":
        last = closing(code, end)
        if last < 0:
            return "unbalanced brackets"
        arguments = code[end:last]
        if "{" in arguments:
            return "no braces among the arguments (lambda or temporary aggregate); give it a name first"
        if "co_await" in arguments:
            return "co_await within the arguments of a co_await"
        end = last + 1
    if not re.match(r"\s*;", code[end:end + 200]):
        return "something follows the awaited call; give the result a name first"
    return None


def is_type(head):
    """Whether a { after this text opens the members of a class, and not the body of a function."""
    head = re.sub(r"\balignas\s*\([^()]*\)|\[\[.*?\]\]|\btemplate\s*<[^;{}]*?>(?=\s*\w)", " ", head)
    return bool(re.search(r"\b(?:class|struct|union|enum)\b", head)) and ")" not in head


def blocks(code):
    """(start, end, kind) of every {...}: kind is 'type', 'namespace' or 'other' (function bodies, inner blocks)."""
    found, open_blocks = [], []
    for at, character in enumerate(code):
        if character == "{":
            head = code[statement_start(code, at):at]
            if re.search(r"\bnamespace\b", head):
                kind = "namespace"
            elif is_type(head):
                kind = "type"
            else:
                kind = "other"
            open_blocks.append((at, kind))
        elif character == "}" and open_blocks:
            start, kind = open_blocks.pop()
            found.append((start, at, kind))
    return found


def coroutine_body_around(code, all_blocks, position):
    """Whether position is a local's place in a coroutine: within its body, and not within a type declared there."""
    around = sorted((b for b in all_blocks if b[0] < position < b[1]), reverse=True)  # innermost first
    for start, end, kind in around:
        if kind != "other":
            return False
        if COROUTINE.search(code, start, end):
            return True
    return False


def is_over_aligned(expression):
    expression = expression.strip()
    if re.fullmatch(r"\d+", expression):
        return int(expression) > MAX_FRAME_ALIGNMENT
    return True  # a named constant (a cache line), or a type that is itself over-aligned


def check_text(path, text, over_aligned_types=()):
    code = source.code_only(text)
    problems = []
    for match in CO_AWAIT.finditer(code):
        wrong = why_not_alone(code, match.start())
        if wrong:
            problems.append(f"{path}:{source.line_of(code, match.start())}: {wrong}")
    if not COROUTINE.search(code):
        return problems
    all_blocks = blocks(code)
    for match in ALIGNAS.finditer(code):
        if is_over_aligned(match.group(1)) and coroutine_body_around(code, all_blocks, match.start()):
            problems.append(f"{path}:{source.line_of(code, match.start())}: over-aligned local in a coroutine")
    for name in over_aligned_types:
        for match in re.finditer(rf"\b{name}\s+\w+\s*[;{{=(]", code):
            if coroutine_body_around(code, all_blocks, match.start()):
                problems.append(f"{path}:{source.line_of(code, match.start())}: over-aligned local {name} in a coroutine")
    return problems


def over_aligned_types_in(text):
    code = source.code_only(text)
    return {m.group(2) for m in OVER_ALIGNED_TYPE.finditer(code) if is_over_aligned(m.group(1))}


def check(root):
    texts = {path: source.read(root, path) for path in source.sources(root)}
    types = set().union(*(over_aligned_types_in(text) for text in texts.values())) if texts else set()
    problems = []
    for path, text in texts.items():
        problems += check_text(path, text, sorted(types))
    return problems, len(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", required=True, help="the project's folder")
    problems, looked_at = check(parser.parse_args().root)
    return source.report("coroutines", problems, looked_at)


if __name__ == "__main__":
    sys.exit(main())
