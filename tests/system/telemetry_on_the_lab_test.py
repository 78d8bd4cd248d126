#!/usr/bin/env python3
"""A day on the lab, in a minute: mixed questions from many clients over every transport, zones that break and recover; and
then everybody is asked what happened. The clients' own count, the ledger, /metrics, the API, the pages and the history must
agree to the digit, and nothing of whom and what was asked may be anywhere.

    telemetry_on_the_lab_test.py --vouchd FILE --lab FILE --project DIR

With Debian's prometheus installed, a real one scrapes it with the rules that are shipped.
"""
import argparse
import collections
import concurrent.futures
import html
import http.client
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
from lab_kit import PATIENCE, Lab, Vouchd, free_port  # noqa: E402
from transport_clients import RAW, Question, Server, ask_with_kdig, missing  # noqa: E402

OPTIONS = None
CLIENTS = [f"127.9.{i // 200}.{1 + i % 200}" for i in range(12)]  # each an address, and so a prefix, of its own
TRANSPORTS = {"udp": "udp", "tcp": "tcp", "tls": "dot", "https-get": "doh", "https-post": "doh", "quic": "doq",
              "http3": "doh3"}  # ours: the metrics'
FRESH = 1.2   # seconds after which figures are new
CANARY = "canary-4711"
THRESHOLD = 3  # telemetry.min_clients


class Seen:
    """What the clients saw, counted by them."""

    def __init__(self):
        self.queries = collections.Counter()   # by transport, as the metrics call it
        self.standing = collections.Counter()  # secure, insecure, bogus
        self.withheld = collections.Counter()  # answers by zone at fault
        self.clients = collections.defaultdict(set)  # whom a zone was withheld from
        self.rcodes = collections.Counter()

    def count(self, transport, rcode, standing):
        self.queries[TRANSPORTS[transport]] += 1
        self.rcodes[rcode.lower()] += 1
        self.standing[standing] += 1

    def note(self, client, transport, reply):
        failed = [text for _, text in reply.ede if reply.rcode == "SERVFAIL" and "zone=" in text]
        if failed:
            zone = re.search(r"zone=(\S+)", failed[0]).group(1)
            self.count(transport, reply.rcode, "bogus")
            self.withheld[zone] += 1
            self.clients[zone].add(client)
        else:
            self.count(transport, reply.rcode, "secure" if reply.ad else "insecure")


class Day(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="vouch-day-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.lab = Lab(OPTIONS.lab, cls.folder / "lab")
        cls.addClassCleanup(cls.lab.stop)
        own = cls.folder / "own"
        own.mkdir()
        cls.state = cls.folder / "state"
        cls.state.mkdir()
        cls.vouchd = Vouchd(OPTIONS.vouchd, cls.lab, own, encrypted=("tls", "https", "quic"), web={},
                            telemetry={"state_directory": cls.state, "min_clients": THRESHOLD},
                            more="cache: {failure_ttl_min: 1, failure_ttl_max: 1}\n")
        cls.addClassCleanup(cls.vouchd.log.close)
        cls.addClassCleanup(lambda: cls.vouchd.process.poll() is None and cls.vouchd.stop())
        cls.server = Server(cls.vouchd.ports, cls.vouchd.ca)
        cls.seen = Seen()
        cls.prometheus = Prometheus(cls.folder, cls.vouchd.web_port) if shutil.which("prometheus") else None
        if cls.prometheus:
            cls.addClassCleanup(cls.prometheus.stop)
            cls.prometheus.wait_until_it_has("vouch_client_queries_total", 0)  # rates begin at nought
        cls.live()
        time.sleep(FRESH)
        cls.metrics = read_metrics(cls.get("/metrics"))
        cls.zones = {row["zone"]: row for row in json.loads(cls.get("/api/v1/zones?limit=250"))["zones"]}
        cls.summary = json.loads(cls.get("/api/v1/summary"))
        cls.told = cls.everything_told()
        cls.asked_of_servers = cls.lab.tell("log")
        if cls.prometheus:
            cls.prometheus.wait_until_it_has("vouch_client_queries_total", sum(cls.seen.queries.values()))
        assert cls.vouchd.process.poll() is None, cls.vouchd.logged()
        cls.vouchd.stop()

    # ------------------------------------------------------------------------------------------------ the day itself

    @classmethod
    def live(cls):
        """The story: all is well; a zone loses its signatures; it recovers; others were broken all along."""
        cls.everybody_asks(["www.alg13.nsec.", "www.alg8.nsec.", "www.shop.plain.", "no-such-tld.", f"{CANARY}.alg13.nsec."])
        cls.everybody_asks(["www.alg13.nsec.", "www.alg15.nsec."], ("tls", "https-get", "https-post", "tcp"))
        cls.some_ask_over_quic("www.alg13.nsec.")
        cls.lab.tell("zone=alg10.nsec. strip=rrsig")
        cls.everybody_asks(["www.alg10.nsec."])
        cls.broken_at = time.time()
        time.sleep(1.5)  # the memory of a failure is over: it is tried again
        cls.everybody_asks(["www.alg10.nsec."], ("udp", "tls"))
        cls.lab.tell("clear alg10.nsec.")
        cls.recovers("www.alg10.nsec.")
        for _ in range(6):  # five failures, and a zone is listed in /metrics
            cls.everybody_asks(["www.rrsig-expired.nsec3."])
            time.sleep(1.5)
        cls.ask(CLIENTS[0], "www.rrsig-invalid.nsec3.", "udp")             # met by one client alone
        cls.ask(CLIENTS[0], f"{CANARY}.nsec-missing.nsec3.", "udp")

    @classmethod
    def everybody_asks(cls, names, transports=("udp",)):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(cls.ask, client, name, transport)
                         for name in names for transport in transports for client in CLIENTS]:
                done.result()

    @classmethod
    def ask(cls, client, name, transport):
        message = dns_message.question(name, "A", ad=True)
        reply = dns_message.parse(RAW[transport](cls.server, message, client, PATIENCE))
        cls.seen.note(client, transport, reply)
        return reply

    @classmethod
    def some_ask_over_quic(cls, name):
        """By the clients that there are: theirs is one address, and what they make of a reply is less."""
        if cls.vouchd.serves("quic") and not missing("kdig"):
            for _ in range(3):
                seen = ask_with_kdig(cls.server, "quic", Question(name, ad=True)).seen()
                cls.seen.count("quic", seen.rcode, "secure" if "ad" in seen.flags else "insecure")
        if cls.vouchd.serves("http3") and not missing("gtlsclient"):
            for _ in range(3):
                reply = dns_message.parse(RAW["http3"](cls.server, dns_message.question(name, "A", ad=True), None, PATIENCE))
                cls.seen.count("http3", reply.rcode, "secure" if reply.ad else "insecure")

    @classmethod
    def recovers(cls, name):
        """The failure, and that of the zone's keys, is remembered for some seconds: it is asked for until it holds."""
        until = time.monotonic() + PATIENCE
        while not cls.ask(CLIENTS[0], name, "udp").ad:
            if time.monotonic() > until:
                raise AssertionError(f"{name} never recovered")
            time.sleep(1)

    @classmethod
    def get(cls, path):
        connection = http.client.HTTPConnection("127.0.0.1", cls.vouchd.web_port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read().decode("utf-8")
            assert response.status == 200, (path, response.status, body)
            return body
        finally:
            connection.close()

    @classmethod
    def everything_told(cls):
        pages = [f"{page}?lang={language}" for page in ("/", "/check", "/problems", "/operator", "/adoption", "/status", "/privacy")
                 for language in ("en", "es", "pt-BR")]
        api = ["summary", "zones", "incidents", "tlds", "expiring", "status", "zones.csv", "incidents.csv"]
        return {path: cls.get(path) for path in pages + [f"/api/v1/{each}" for each in api] + ["/metrics"]}

    def metric(self, name, **labels):
        """The sum of the series that have these labels."""
        return sum(value for key, value in self.metrics[name] if labels.items() <= dict(key).items())

    def history(self, question, *values):
        with sqlite3.connect(f"file:{self.state}/history.sqlite3?mode=ro", uri=True) as file:
            return file.execute(question, values).fetchall()

    def kept(self, name, **labels):
        rows = self.history("SELECT labels, SUM(value) FROM counters_hourly WHERE name = ? GROUP BY labels", name)
        return sum(value for text, value in rows if labels.items() <= json.loads(text).items())

    # --------------------------------------------------------------------------------------------------- all agree

    def test_queries(self):
        for transport, count in self.seen.queries.items():
            self.assertEqual(count, self.metric("vouch_client_queries_total", transport=transport), transport)
            self.assertEqual(count, self.summary["day"]["queries"][transport], transport)
            self.assertEqual(count, self.kept("vouch_client_queries_total", transport=transport), transport)
        self.assertEqual(sum(self.seen.queries.values()), self.metric("vouch_client_queries_total"))

    def test_answers_by_standing(self):
        for standing, count in self.seen.standing.items():
            self.assertEqual(count, self.metric("vouch_client_answers_total", validation=standing), standing)
            self.assertEqual(count, sum(self.summary["day"]["answers"][standing].values()), standing)
            self.assertEqual(count, self.kept("vouch_client_answers_total", validation=standing), standing)
        self.assertEqual(sum(self.seen.standing.values()), self.metric("vouch_client_answers_total"))
        self.assertEqual(sum(self.seen.standing.values()), self.metric("vouch_client_answers_tld_total"))

    def test_rcodes(self):
        for rcode, count in self.seen.rcodes.items():
            self.assertEqual(count, self.metric("vouch_client_answer_rcodes_total", rcode=rcode), rcode)

    def test_what_was_withheld_by_zone(self):
        self.assertEqual(set(self.seen.withheld), set(self.zones))
        for zone, count in self.seen.withheld.items():
            self.assertEqual(count, self.zones[zone]["withheld"]["answers"], zone)
            self.assertEqual(min(len(self.seen.clients[zone]), THRESHOLD), self.zones[zone]["prefixes"], zone)
            self.assertEqual(len(self.seen.clients[zone]) >= THRESHOLD, self.zones[zone]["is_public"], zone)
        total = sum(self.seen.withheld.values())
        self.assertEqual(total, self.metric("vouch_client_answers_withheld_total"))
        self.assertEqual(total, self.kept("vouch_client_answers_withheld_total"))
        lookups = sum(row["withheld"]["lookups"] for row in self.zones.values())
        self.assertEqual(lookups, self.metric("vouch_lookups_withheld_total"))
        self.assertEqual(lookups, self.summary["day"]["withheld"]["undetermined"]["lookups"])
        self.assertEqual(lookups, self.kept("vouch_lookups_withheld_total"))
        # Each client asked each of these names within a minute, or two.
        distinct = sum(len(clients) for clients in self.seen.clients.values())
        self.assertTrue(distinct <= lookups <= 2 * distinct, (distinct, lookups))

    def test_failures_by_zone_and_reason(self):
        for reason in {row["causes"][0]["reason"] for row in self.zones.values()}:
            of_zones = sum(cause["failures"] for row in self.zones.values() for cause in row["causes"]
                           if cause["reason"] == reason)
            self.assertEqual(of_zones, self.metric("vouch_validation_failures_total", reason=reason), reason)
            self.assertEqual(of_zones, self.metric("vouch_zone_validation_failures_total", reason=reason), reason)
            self.assertEqual(of_zones, self.kept("vouch_validation_failures_total", reason=reason), reason)

    def test_states(self):
        self.assertEqual("recovered", self.zones["alg10.nsec."]["state"])
        self.assertEqual("rrsig_missing", self.zones["alg10.nsec."]["causes"][0]["reason"])
        self.assertLess(abs(self.zones["alg10.nsec."]["failing_since"] - self.broken_at), PATIENCE)
        self.assertEqual("failing", self.zones["rrsig-expired.nsec3."]["state"])
        cause = self.zones["rrsig-expired.nsec3."]["causes"][0]
        self.assertEqual("rrsig_expired", cause["reason"])
        self.assertIsNotNone(cause["key_tag"])
        self.assertEqual("zone_operator", cause["fixer"])

    def test_pages(self):
        page = text_of(self.told["/problems?lang=en"])
        for zone, row in self.zones.items():
            self.assertIn(zone, page)
            if row["state"] == "failing":
                self.assertRegex(page, rf"{row['withheld']['lookups']} lookups? \({row['withheld']['answers']} answers?\)")
        home = text_of(self.told["/?lang=en"])
        self.assertIn(f"{sum(self.seen.standing.values())} questions", home)
        self.assertIn(str(self.metric("vouch_lookups_withheld_total")), home)

    def test_the_history_knows_the_zones_that_may_be_named(self):
        kept = {row[0] for row in self.history("SELECT zone FROM zones UNION SELECT zone FROM incidents")}
        self.assertEqual({zone for zone, row in self.zones.items() if row["is_public"]}, kept)
        began, ended = self.history("SELECT began, ended FROM incidents WHERE zone = 'alg10.nsec.'")[0]
        self.assertEqual(self.zones["alg10.nsec."]["failing_since"], began)
        self.assertEqual(self.zones["alg10.nsec."]["ended"], ended)

    # ----------------------------------------------------------------------------------------------------- privacy

    def test_no_client_and_no_question_is_anywhere(self):
        """R1: in no page, metric, API, log or file."""
        places = dict(self.told)
        places |= {str(file): file.read_bytes().decode("latin-1") for file in self.state.rglob("*") if file.is_file()}
        places["log"] = self.vouchd.logged()
        for where, text in places.items():
            self.assertNotIn(CANARY, text, where)
            for client in CLIENTS:
                self.assertNotIn(client, text, where)
            self.assertNotIn("www.rrsig-expired", text, where)

    def test_what_one_client_met_is_told_to_the_operator_alone(self):
        """R3 and R4."""
        few = [zone for zone, clients in self.seen.clients.items() if len(clients) < THRESHOLD]
        self.assertEqual({"rrsig-invalid.nsec3.", "nsec-missing.nsec3."}, set(few))
        for zone in few:
            self.assertIn(zone, self.told["/problems?lang=en"])
            self.assertNotIn(zone, self.told["/metrics"])
            for file in self.state.rglob("*"):
                self.assertNotIn(zone.encode(), file.read_bytes(), file)

    def test_no_report_is_sent(self):
        """R7: error reports (RFC 9567) would carry what was asked to others."""
        self.assertIn("alg10.nsec.", self.asked_of_servers)
        self.assertNotIn("_er.", self.asked_of_servers)

    # -------------------------------------------------------------------------------------------------- prometheus

    def test_a_real_prometheus(self):
        if not self.prometheus:
            self.skipTest("prometheus is not installed")
        for standing, count in self.seen.standing.items():
            got = self.prometheus.value(f'sum(vouch_client_answers_total{{validation="{standing}"}})')
            self.assertEqual(count, got, standing)
        self.assertEqual(sum(self.seen.withheld.values()),
                         self.prometheus.value("sum(vouch_client_answers_withheld_total)"))
        self.assertEqual(1, self.prometheus.value('count(vouch_zone_failing_since_timestamp_seconds)'))
        rules = self.prometheus.rules()
        self.assertGreater(len(rules), 20)
        for name, (expression, error) in rules.items():
            self.assertEqual((None, "success"), (error, self.prometheus.answer(expression)["status"]), name)
        share = self.prometheus.value(rules["instance:vouch_answers_secure:ratio_rate1h"][0])
        self.assertAlmostEqual(self.seen.standing["secure"] / sum(self.seen.standing.values()), share, delta=0.05)


def text_of(page):
    """What a reader sees of it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", "", page)))


def read_metrics(text):
    """{name: [(labels as pairs, value)]}"""
    found = collections.defaultdict(list)
    for line in text.splitlines():
        match = re.fullmatch(r'(\w+)(?:\{(.*)\})? (\S+)', line)
        if match and not line.startswith("#"):
            labels = tuple(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match.group(2) or ""))
            value = float(match.group(3))
            found[match.group(1)].append((labels, int(value) if value.is_integer() else value))
    return found


class Prometheus:
    """Debian's own, scraping the one vouchd with the rules of conf/prometheus."""

    def __init__(self, folder, web_port):
        self.port = free_port()
        place = pathlib.Path(folder, "prometheus")
        place.mkdir()
        rules = sorted(pathlib.Path(OPTIONS.project, "conf/prometheus").glob("*.yml"))
        rules = [str(file) for file in rules if file.stem in ("rules", "alerts")]
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": rules,
                  "scrape_configs": [{"job_name": "vouch", "static_configs": [{"targets": [f"127.0.0.1:{web_port}"]}]}]}
        (place / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        with open(place / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={place}/prometheus.yml", f"--storage.tsdb.path={place}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"], stdout=log, stderr=log, cwd=place)

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def answer(self, query):
        return self._get("/api/v1/query?" + urllib.parse.urlencode({"query": query}))

    def value(self, query):
        result = self.answer(query)["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def wait_until_it_has(self, name, total):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                if self.value(f"sum({name})") == total:
                    time.sleep(2)  # and once more, for the rules
                    return
            except OSError:
                pass
            if time.monotonic() > until:
                raise AssertionError(f"prometheus never saw {total} of {name}")
            time.sleep(0.5)

    def rules(self):
        """What each rule asks, and what was wrong with it when it was evaluated, if it was yet."""
        groups = self._get("/api/v1/rules")["data"]["groups"]
        return {rule["name"]: (rule["query"], rule.get("lastError")) for group in groups for rule in group["rules"]}

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--project", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
