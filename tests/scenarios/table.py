#!/usr/bin/env python3
"""Plays replay scenarios one by one and prints a table: which pass, and of those that do not the first thing that differed.

    table.py PLAY_SCENARIO [--signed | --unsigned] [--failures] [FOLDER_OR_FILE...]

Without folders: tests/scenarios/own, and $VOUCH_SCENARIOS or the scenarios that lie beside the project. --signed: only those
with a trust anchor, which is what validation is about. Each is played in a process of its own, so that one that crashes or
never ends is a line of the table and no more. Exit status: 0 all passed, 1 not.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 60  # for one story; virtual time makes it a fraction of one
PLAYED = {0: "pass", 1: "FAIL", 77: "skip"}
ANCHOR = re.compile(r"^\s*trust-anchor:", re.MULTILINE)


def default_folders():
    beside = os.environ.get("VOUCH_SCENARIOS") or HERE.parents[2] / "shared" / "scenarios" / "dev"
    return [folder for folder in (HERE / "own", pathlib.Path(beside)) if folder.is_dir()]


def stories(places):
    for place in map(pathlib.Path, places):
        yield from sorted(place.glob("*.rpl")) if place.is_dir() else [place]


def play(program, story):
    """(what became of it, its first problem)"""
    try:
        done = subprocess.run([program, str(story)], capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "FAIL", f"still playing after {SECONDS} seconds"
    if done.returncode not in PLAYED:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        return "FAIL", f"crashed with status {done.returncode}: {last}"
    problems = [line.strip() for line in done.stdout.splitlines()[1:] if line.strip()]
    return PLAYED[done.returncode], problems[0] if problems else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built play_scenario")
    parser.add_argument("--signed", action="store_true", help="only stories with a trust anchor")
    parser.add_argument("--unsigned", action="store_true", help="only stories without")
    parser.add_argument("--failures", action="store_true", help="leave out of the table what passes")
    parser.add_argument("places", nargs="*", metavar="FOLDER_OR_FILE")
    args = parser.parse_args()
    counts = dict.fromkeys(PLAYED.values(), 0)
    for story in stories(args.places or default_folders()):
        has_anchor = ANCHOR.search(story.read_text(encoding="utf-8", errors="replace")) is not None
        if (args.signed and not has_anchor) or (args.unsigned and has_anchor):
            continue
        became, problem = play(args.program, story)
        counts[became] += 1
        if became != "pass" or not args.failures:
            print(f"{became}  {story.stem:<44} {problem}".rstrip(), flush=True)
    print(f"{counts['pass']} passed, {counts['FAIL']} failed, {counts['skip']} not playable")
    return 0 if counts["pass"] and not counts["FAIL"] else 1


if __name__ == "__main__":
    sys.exit(main())
