#!/usr/bin/env python3
"""Dashboards, rules, alerts and the documentation name only what /metrics has.

    monitoring_test.py --sample PROGRAM --project DIR
"""
import json
import re
import unittest

import sample_kit
from sample_kit import Options

METRIC = re.compile(r"(?<![\w:$])(?:vouch|process)_[a-z0-9_]+")
SELECTOR = re.compile(r"(?<![\w:])((?:vouch|process)_[a-z0-9_]+)\{([^}]*)\}")
RECORDED = re.compile(r"\binstance(?:_\w+)?:\w+:\w+")
SCRAPE_LABELS = {"job", "instance"}


def is_known(name, families):
    if name in families:
        return True
    for part in sample_kit.HISTOGRAM_PARTS:
        if name.endswith(part) and families.get(name[:-len(part)]) == "histogram":
            return True
    return False


def dashboards():
    folder = Options.project / "conf/grafana"
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def targets(dashboard):
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel, target


class Names(unittest.TestCase):
    def setUp(self):
        self.text = sample_kit.metrics_text()
        self.families = sample_kit.families(self.text)
        self.labels = sample_kit.labels_by_family(self.text)

    def check_expression(self, expression, where):
        for name in METRIC.findall(expression):
            self.assertTrue(is_known(name, self.families), f"{where}: {name}")
        for name, matchers in SELECTOR.findall(expression):
            for label in re.findall(r"([a-z_]+)\s*[=!]~?\"", matchers):
                self.assertIn(label, self.labels.get(name, set()) | SCRAPE_LABELS, f"{where}: {name}")

    def test_dashboards(self):
        for file, dashboard in dashboards().items():
            for panel, target in targets(dashboard):
                where = f"{file}: {panel['title']}"
                self.assertTrue(METRIC.search(target["expr"]), where)
                self.check_expression(target["expr"], where)

    def test_counters_are_never_shown_as_they_are(self):
        for file, dashboard in dashboards().items():
            for panel, target in targets(dashboard):
                for name in re.findall(r"(\w+_total)\{[^}]*\}(?!\[)", target["expr"]):
                    self.fail(f"{file}: {panel['title']}: {name} without rate() or increase()")

    def test_rules_and_alerts(self):
        recorded = set()
        for file in ("rules.yml", "alerts.yml"):
            text = (Options.project / "conf/prometheus" / file).read_text(encoding="utf-8")
            recorded |= set(re.findall(r"record: (\S+)", text))
            code = "\n".join(line for line in text.splitlines() if not re.match(r"\s*#|\s*-?\s*(record|name):", line))
            for name in RECORDED.findall(code):
                self.assertIn(name, recorded, file)
            self.check_expression(RECORDED.sub("", code), file)

    def test_every_family_is_documented_and_every_documented_one_is_there(self):
        text = (Options.project / "docs/metrics.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `((?:vouch|process)_[a-z0-9_]+)` \|", text, re.MULTILINE)
        self.assertEqual(sorted(rows), sorted(self.families))

    def test_every_label_is_documented(self):
        text = (Options.project / "docs/metrics.md").read_text(encoding="utf-8")
        for name, labels in self.labels.items():
            row = re.search(rf"^\| `{name}` \| [^|]* \| ([^|]*) \|", text, re.MULTILINE)
            if row is None:
                self.assertRegex(name, "_(bucket|sum|count)$")
                continue
            self.assertEqual(labels, set(re.findall(r"`([a-z_]+)`", row.group(1))), name)


class Dashboards(unittest.TestCase):
    def test_there_are_four_with_ids_and_variables_of_their_own(self):
        boards = dashboards()
        self.assertEqual(sorted(boards), ["privacy-and-adoption.json", "service.json", "threats.json", "validation.json"])
        self.assertEqual(len({board["uid"] for board in boards.values()}), len(boards))
        for file, board in boards.items():
            names = [variable["name"] for variable in board["templating"]["list"]]
            self.assertEqual(names, ["datasource", "job", "instance"], file)
            ids = [panel["id"] for panel in board["panels"]]
            self.assertEqual(len(ids), len(set(ids)), file)

    def test_no_plugin_is_needed_and_no_panel_covers_another(self):
        for file, board in dashboards().items():
            taken = set()
            for panel in board["panels"]:
                self.assertIn(panel["type"], ("timeseries", "stat", "table", "bargauge"), file)
                at = panel["gridPos"]
                self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(cells & taken, f"{file}: {panel['title']}")
                taken |= cells

    def test_every_query_keeps_to_the_chosen_resolvers(self):
        for file, board in dashboards().items():
            for panel, target in targets(board):
                for name, following in re.findall(r"(?<![\w:])((?:vouch|process)_[a-z0-9_]+)(\{[^}]*\})?", target["expr"]):
                    self.assertIn('job=~"$job",instance=~"$instance"', following, f"{file}: {panel['title']}: {name}")


class Words(unittest.TestCase):
    def test_nothing_speaks_of_attacks(self):
        for folder in ("conf/grafana", "conf/prometheus"):
            for path in (Options.project / folder).iterdir():
                self.assertNotRegex(path.read_text(encoding="utf-8").lower(), r"\battack", path.name)

    def test_every_alert_has_its_case(self):
        folder = Options.project / "conf/prometheus"
        alerts = re.findall(r"- alert: (\w+)", (folder / "alerts.yml").read_text(encoding="utf-8"))
        cases = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*_test.yml"))
        tested = re.findall(r"alertname: (\w+)", cases)
        self.assertEqual(len(alerts), len(set(alerts)))
        self.assertEqual(set(alerts), set(tested))


if __name__ == "__main__":
    sample_kit.run(__doc__)
