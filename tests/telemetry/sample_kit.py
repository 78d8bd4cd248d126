"""What the tests of this folder share: the sample program, and the metrics it tells."""
import argparse
import pathlib
import re
import subprocess
import sys
import unittest

SKIP = 77
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


class Options:
    sample = None
    project = None


def run(module_doc):
    parser = argparse.ArgumentParser(description=module_doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", required=True, help="the program telemetry_sample")
    parser.add_argument("--project", required=True, type=pathlib.Path, help="the project's folder")
    parser.parse_args(namespace=Options)
    unittest.main(argv=sys.argv[:1], module="__main__", verbosity=1)


def skip(why):
    print("skipped:", why)
    sys.exit(SKIP)


def metrics_text(size="home"):
    return subprocess.run([Options.sample, "metrics", size], check=True, capture_output=True, text=True).stdout


def families(text):
    """Name to type of every family that the text describes."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def labels_by_family(text):
    """Name to the set of label names of its series."""
    found = {}
    for name, labels in re.findall(r"^([a-z_]+)(?:\{(.*)\})? \S+$", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'([a-z_]+)="(?:[^"\\]|\\.)*"', labels or ""))
    return found
