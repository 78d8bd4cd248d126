#!/usr/bin/env python3
"""What an owner does with the history: the sqlite3 shell on a real file, and every query that docs/metrics.md shows.

    history_queries_test.py --sample PROGRAM --project DIR
"""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import sample_kit
from sample_kit import Options


class Queries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([Options.sample, "history", cls.folder.name], check=True)
        cls.file = str(pathlib.Path(cls.folder.name) / "history.sqlite3")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def ask(self, sql):
        shell = subprocess.run(["sqlite3", "-bail", "-readonly", self.file], input=sql, capture_output=True, text=True)
        self.assertEqual((shell.returncode, shell.stderr), (0, ""), sql)
        return shell.stdout.strip()

    def test_every_query_of_the_documentation_has_an_answer(self):
        text = (Options.project / "docs/metrics.md").read_text(encoding="utf-8")
        queries = re.findall(r"^    (SELECT [^;]*;)", text, re.MULTILINE)
        self.assertGreaterEqual(len(queries), 5)
        for query in queries:
            self.assertNotEqual(self.ask(query), "", query)

    def test_every_view_can_be_read(self):
        for view in self.ask("SELECT name FROM sqlite_schema WHERE type = 'view';").split():
            self.assertNotEqual(self.ask(f"SELECT * FROM {view};"), "", view)

    def test_the_schema_explains_itself(self):
        schema = self.ask(".schema")
        self.assertIn("-- of the server: between them nothing was counted", schema)
        self.assertGreater(schema.count("--"), 20)

    def test_two_days_and_each_hour_once(self):
        self.assertEqual(self.ask("SELECT count(*) FROM daily;"), "2")
        self.assertEqual(self.ask("SELECT count(DISTINCT hour) FROM counters_hourly;"), "48")
        self.assertEqual(self.ask("PRAGMA integrity_check;"), "ok")


if __name__ == "__main__":
    if shutil.which("sqlite3") is None:
        sample_kit.skip("there is no sqlite3")
    sample_kit.run(__doc__)
