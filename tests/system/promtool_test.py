#!/usr/bin/env python3
"""Prometheus' own tool on what it is to read: the metrics, the rules, the alerts, and every query of the dashboards.

    promtool_test.py --sample PROGRAM --project DIR
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIP = 77


class Options:
    sample = None
    project = None


def promtool(*words, text=None):
    return subprocess.run(["promtool", *map(str, words)], input=text, capture_output=True, text=True)


class Promtool(unittest.TestCase):
    def assert_content(self, outcome):
        self.assertEqual(outcome.returncode, 0, outcome.stdout + outcome.stderr)

    def test_metrics(self):
        for size in ("home", "isp"):
            text = subprocess.run([Options.sample, "metrics", size], check=True, capture_output=True, text=True).stdout
            outcome = promtool("check", "metrics", text=text)
            self.assert_content(outcome)
            self.assertEqual(outcome.stdout + outcome.stderr, "", "promtool has nothing to say about good metrics")

    def test_rules_and_configuration(self):
        folder = Options.project / "conf/prometheus"
        self.assert_content(promtool("check", "rules", folder / "rules.yml", folder / "alerts.yml"))
        self.assert_content(promtool("check", "config", folder / "prometheus.yml"))

    def test_alerts(self):
        for name in ("alerts_test.yml", "alerts_week_test.yml"):
            self.assert_content(promtool("test", "rules", Options.project / "conf/prometheus" / name))

    def test_dashboards_ask_what_prometheus_understands(self):
        rules = []
        for path in sorted((Options.project / "conf/grafana").glob("*.json")):
            for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
                for target in panel["targets"]:
                    expression = target["expr"].replace("$__rate_interval", "5m")
                    rules.append({"record": f"query:{len(rules)}", "expr": expression})
        self.assertGreater(len(rules), 50)
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            json.dump({"groups": [{"name": "dashboards", "rules": rules}]}, file)  # JSON is YAML, too
            file.flush()
            self.assert_content(promtool("check", "rules", file.name))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", required=True, help="the program telemetry_sample")
    parser.add_argument("--project", required=True, type=pathlib.Path, help="the project's folder")
    parser.parse_args(namespace=Options)
    if shutil.which("promtool") is None:
        print("skipped: there is no promtool (Debian package prometheus)")
        sys.exit(SKIP)
    unittest.main(argv=sys.argv[:1])
