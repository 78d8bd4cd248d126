#!/usr/bin/env python3
"""Why an answer is what it is, for every broken zone of the lab: the zone at fault, the reason and the offending record, in
the text and in the JSON. And negative trust anchors at run time: added, remembered across kill and restart, removed, ended by
themselves when the zone is mended.

    explain_on_the_lab_test.py --vouchd FILE --lab FILE
"""
import argparse
import concurrent.futures
import pathlib
import re
import signal
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from control_kit import ask_control  # noqa: E402
from lab_kit import Lab, Vouchd  # noqa: E402

OPTIONS = None
AT_ONCE = 3  # vouchd explains four at once
# It loses questions at random, so that nothing can be said of a single one.
LOSSY = "lossy.nsec."
# Reasons whose fault is the signature of one set: that set is the offending record.
OF_SIGNATURES = {"rrsig_missing", "rrsig_expired", "rrsig_not_yet_valid", "rrsig_window_inverted", "rrsig_invalid",
                 "rrsig_unknown_key", "rrsig_wrong_signer", "rrsig_malformed"}
OF_PROOFS = {"nsec_missing", "nsec_not_proving", "wildcard_unproven"}
# A sound zone, which something takes the signatures from for a while.
BROKEN = "ok-rrsig-expired.nsec3."


class OnTheLab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-explain-")
        cls.lab = Lab(OPTIONS.lab, cls.folder.name + "/lab")
        cls.vouchd = Vouchd(OPTIONS.vouchd, cls.lab, cls.folder.name, mode="enforce")

    @classmethod
    def tearDownClass(cls):
        status = cls.vouchd.stop()
        cls.vouchd.log.close()
        cls.lab.stop()
        cls.folder.cleanup()
        if status != 0:
            raise AssertionError(f"vouchd ended with status {status}")

    def ask(self, command, **arguments):
        return ask_control(self.vouchd.control, command, **arguments)

    def done(self, command, **arguments):
        items, last = self.ask(command, **arguments)
        self.assertTrue(last["ok"], last)
        return last if not items else items

    def explain(self, name, kind="A"):
        last = self.done("explain", name=name, type=kind)
        return last["text"], last["explanation"]


class Explanations(OnTheLab):
    def broken(self):
        rows = [row for row in self.lab.manifest() if row["verdict"] == "bogus" and row["zone"] != LOSSY]
        self.assertGreater(len(rows), 25)
        return rows

    def problems_of(self, row):
        """What is wrong with the explanation of one question of the manifest."""
        name, kind, reason, zone = row["name"], row["type"], row["reason"], row["fault"]
        text, told = self.explain(name, kind)
        fault = told["fault"]
        if fault is None:
            return [] if told["verdict"]["security"] in (row["verdict"], row["or"]) else [f"{name}: no fault told"]
        wrong = []

        def expect(what, condition):
            if not condition:
                wrong.append(f"{name} {kind} ({reason}): {what}")

        expect(f"zone at fault {fault['zone']}, not {zone}", fault["zone"] == zone)
        expect(f"reason {fault['reason']}", fault["reason"] == reason)
        expect("the first line of the text says that it is refused",
               text.startswith(f"{name.lower()} {kind}: refused: it does not validate (SERVFAIL, EDE "))
        expect("the sentence stands at the top", f"\nFAULT: {told['sentence']}\n" in text.split("Chain of trust")[0])
        expect("zone and reason in the text", f"Reason: {reason}. Zone: {zone}\n" in text)
        expect("the sentence names the zone", zone in told["sentence"] or zone == ".")
        expect("a line is marked", re.search(r"^>>> ", text, re.MULTILINE))
        expect("somebody who can mend it", "Who can mend it: " in text and fault["fixer"] != "nobody")
        expect("printable ASCII", re.fullmatch(r"[\n -~]*", text))
        record = fault["record"]
        marked = [line for line in text.splitlines() if line.startswith(">>> ")]
        if reason in OF_SIGNATURES:
            expect(f"the record has an owner and a type: {record}", record["owner"] and record["type"])
            expect("the record is named in the sentence", f"{record['owner']} {record['type']}" in told["sentence"])
        if reason in OF_SIGNATURES - {"rrsig_missing"}:
            expect("a signature with that result", any(each["result"] == reason for each in record["signatures"]))
        if reason == "rrsig_expired":
            expect("how long ago", re.search(r" expired [0-9,]+ (day|hour|minute)s? ago \(2\d{3}-", told["sentence"]))
            expect("how long ago, at the mark", any("expired" in line and "ago" in line for line in marked))
        if reason in OF_PROOFS:
            part = next(part for part in told["answer"] if part["is_at_fault"])
            expect("a proof that does not prove", all(proof["outcome"] != "proven" for proof in part["proofs"]))
        if reason == "ds_dnskey_mismatch":
            expect("a DS that matches nothing", record["ds"] and all(ds["result"] != "matches" for ds in record["ds"]))
            expect("the tag of the DS", f"key tag {record['ds'][0]['key_tag']}," in told["sentence"])
            expect("the DS is marked", any("DS at" in line for line in marked))
        if reason in ("dnskey_unreachable", "ds_unreachable"):
            expect("servers that failed", any(each["problem"] for each in told["exchanges"]))
        # The chain begins at the anchor and goes down, one zone below the other, as far as it holds.
        chain = told["chain"]
        expect("an anchor on top", chain and chain[0]["is_anchor"] and chain[0]["zone"] == ".")
        at_fault = [zone["is_at_fault"] for zone in chain] + [part["is_at_fault"] for part in told["answer"]]
        expect("one fault is marked", sum(at_fault) == 1)
        return wrong

    def test_every_broken_zone_is_told_with_its_zone_reason_and_record(self):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            wrong = [problem for problems in pool.map(self.problems_of, self.broken()) for problem in problems]
        if wrong:
            self.fail(f"{len(wrong)} not as they should be:\n  " + "\n  ".join(wrong))

    def test_what_is_sound_has_no_fault(self):
        rows = [row for row in self.lab.manifest() if row["verdict"] == "secure" and row["zone"] != LOSSY and row["or"] == "-"]
        wrong = []
        for row in rows[::6]:
            text, told = self.explain(row["name"], row["type"])
            if told["status"] != "secure" or told["fault"] is not None or ">>> " in text:
                wrong.append(f"{row['name']} {row['type']}: {told['sentence']}")
        self.assertGreater(len(rows), 40)
        self.assertEqual(wrong, [])

    def test_an_unsigned_zone_is_told_as_such(self):
        text, told = self.explain("www.insecure.nsec.")
        self.assertEqual(told["status"], "insecure")
        self.assertIsNone(told["fault"])
        self.assertIn("nsec. proves that it holds no DS for insecure.nsec.", told["sentence"])
        _, told = self.explain("www.insecure.optout.")
        proofs = [zone["no_ds_proof"] for zone in told["chain"] if zone["no_ds_proof"]]
        self.assertTrue(any(proof["outcome"] == "opt_out" for proof in proofs), proofs)

    def test_servers_that_are_silent_or_lame_are_told(self):
        _, told = self.explain("www.lame.plain.")
        self.assertEqual(told["status"], "unreachable")
        self.assertEqual(told["fault"]["zone"], "lame.plain.")
        self.assertTrue(any(each["problem"] == "lame" for each in told["exchanges"]), told["exchanges"])

    def test_what_the_cache_tells_clients_stands_beside_it(self):
        name = "www.rrsig-expired.nsec3."
        self.vouchd.ask(name)
        text, told = self.explain(name)
        self.assertEqual(told["cache"]["failure"]["reason"], "rrsig_expired")
        self.assertIn("the question: failed, told for", text)

    def test_it_leaves_nothing_in_the_ledger_or_the_cache(self):
        before = self.vouchd.statistics()
        self.explain("www.rrsig-expired.nsec3.")
        after = self.vouchd.statistics()
        for counter in (name for name in before if "bogus" in name or "judged" in name):
            self.assertEqual(before[counter], after[counter], counter)

    def test_arguments_are_checked(self):
        self.assertEqual(self.ask("explain")[1]["code"], "bad_argument")
        self.assertEqual(self.ask("explain", name="a..b")[1]["code"], "bad_argument")
        self.assertEqual(self.ask("explain", name="www.nsec.", type="NO-TYPE")[1]["code"], "bad_argument")


class NegativeAnchors(OnTheLab):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vouchd.stop()
        text = cls.vouchd.file.read_text(encoding="utf-8")
        cls.vouchd.file.write_text(text.replace(
            "dnssec: {", "dnssec: {negative_anchor_recheck: 1, negative_trust_anchors: ['configured.nsec.'], "),
            encoding="utf-8")
        cls.vouchd.start()

    def setUp(self):
        for each in self.listed():
            if each["source"] == "run time":
                self.done("nta remove", zone=each["zone"])

    def listed(self):
        return self.ask("nta list")[0]

    def add(self, zone, **more):
        return self.done("nta add", zone=zone, reason="the signer is being replaced", **{"for": "2h", **more})

    def rcode(self, name):
        return self.vouchd.ask(name)[0]

    def wait_until(self, condition, seconds=30):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, "it did not come about")
            time.sleep(0.1)

    def test_added_names_are_answered_at_once_and_removed_they_are_refused_at_once(self):
        name = "www.rrsig-expired.nsec3."
        self.assertEqual(self.rcode(name), 2)
        added = self.add("rrsig-expired.nsec3.")
        self.assertTrue(added["saved"], added)
        self.assertAlmostEqual(added["until"] - added["added"], 7200)
        self.assertEqual(self.rcode(name), 0)
        reply = self.vouchd.reply(name, do=True)
        self.assertFalse(reply.ad)
        text, told = self.explain(name)
        self.assertEqual(told["negative_trust_anchor"]["zone"], "rrsig-expired.nsec3.")
        self.assertEqual(told["negative_trust_anchor"]["reason"], "the signer is being replaced")
        self.assertEqual(told["without_negative_trust_anchor"]["fault"]["reason"], "rrsig_expired")
        self.assertIn("Without the negative trust anchor it would be:", text)
        self.done("nta remove", zone="rrsig-expired.nsec3.")
        self.assertEqual(self.rcode(name), 2)

    def test_the_list_has_all_of_them(self):
        self.add("rrsig-expired.nsec3.", stays=True)
        listed = {each["zone"]: each for each in self.listed()}
        self.assertEqual(set(listed), {"rrsig-expired.nsec3.", "configured.nsec."})
        self.assertEqual(listed["configured.nsec."]["source"], "configuration")
        self.assertEqual(self.ask("nta remove", zone="configured.nsec.")[1]["code"], "bad_argument")
        self.wait_until(lambda: any(each.get("holds") is False and each["verdict"].startswith("rrsig_expired")
                                    for each in self.listed()))

    def test_it_outlives_being_killed_and_a_reload(self):
        self.add("rrsig-expired.nsec3.")
        self.vouchd.stop(signal.SIGKILL)
        self.vouchd.start()
        self.assertEqual(self.rcode("www.rrsig-expired.nsec3."), 0)
        self.assertEqual([each["reason"] for each in self.listed() if each["source"] == "run time"],
                         ["the signer is being replaced"])
        self.vouchd.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        self.assertEqual(self.rcode("good.rrsig-expired.nsec3."), 0)
        self.assertEqual(len(self.listed()), 2)

    def test_configured_ones_come_and_go_with_a_reload(self):
        name, zone, before = "www.rrsig-missing.nsec3.", "rrsig-missing.nsec3.", "negative_trust_anchors: ['configured.nsec.']"
        text = self.vouchd.file.read_text(encoding="utf-8")
        self.assertIn(before, text)
        self.assertEqual(self.rcode(name), 2)
        try:
            self.vouchd.file.write_text(text.replace(before, f"negative_trust_anchors: ['configured.nsec.', '{zone}']"),
                                        encoding="utf-8")
            self.assertEqual(self.done("reload")["changed"], ["dnssec.negative_trust_anchors"])
            self.assertEqual(self.rcode(name), 0)
            self.assertFalse(self.vouchd.reply(name, do=True).ad)
            self.add(zone)  # beside it: to take that one out is not enough
            self.assertEqual(self.done("nta remove", zone=zone)["still_off_at"], zone)
            self.assertEqual(self.rcode(name), 0)
        finally:
            self.vouchd.file.write_text(text, encoding="utf-8")
        self.assertEqual(self.done("reload")["changed"], ["dnssec.negative_trust_anchors"])
        self.assertEqual(self.rcode(name), 2)
        self.assertEqual([each["zone"] for each in self.listed()], ["configured.nsec."])

    def state_in_the_ledger(self, zone):
        return {each["zone"]: each["state"] for each in self.ask("zones")[0]}.get(zone)

    def test_a_damaged_file_is_discarded_and_nothing_of_it_believed(self):
        self.add("rrsig-expired.nsec3.")
        self.add("rrsig-missing.nsec3.")
        file = pathlib.Path(self.folder.name, "negative-anchors")
        whole = file.read_bytes()
        for damaged in (whole[:len(whole) // 2], whole.replace(b"nsec3", b"nsec4"), b"\0" * 4096):
            self.vouchd.stop()
            file.write_bytes(damaged)
            self.vouchd.start()
            self.assertEqual([each["zone"] for each in self.listed()], ["configured.nsec."])
            self.assertEqual(self.rcode("www.rrsig-expired.nsec3."), 2)
            self.assertIsNotNone(self.vouchd.wait_for_log("event=negative_anchors_unreadable"))
            self.assertTrue(file.with_suffix(".bad").exists())

    def test_it_ends_by_itself_when_the_zone_is_mended(self):
        self.lab.tell(f"zone={BROKEN} strip=rrsig")
        self.assertEqual(self.rcode("www." + BROKEN), 2)
        self.wait_until(lambda: self.state_in_the_ledger(BROKEN) == "failing")
        self.add(BROKEN)
        self.assertEqual(self.rcode("www." + BROKEN), 0)
        time.sleep(4)  # looked at some times, and still broken
        self.assertIn(BROKEN, [each["zone"] for each in self.listed()])
        self.assertEqual(self.state_in_the_ledger(BROKEN), "failing")  # that it is answered is no recovery
        self.lab.tell(f"clear {BROKEN}")
        self.wait_until(lambda: BROKEN not in [each["zone"] for each in self.listed()])
        self.assertIsNotNone(self.vouchd.wait_for_log(
            f"event=negative_anchor zone={re.escape(BROKEN)} now=ended why=\"the zone validates again\""))
        self.wait_until(lambda: self.state_in_the_ledger(BROKEN) == "recovered")  # before anybody asks
        reply = self.vouchd.reply("www." + BROKEN, do=True)
        self.assertEqual((reply.rcode, reply.ad), ("NOERROR", True))

    def test_what_is_asked_for_is_checked(self):
        self.assertEqual(self.ask("nta add", zone="rrsig-expired.nsec3.", reason="x", **{"for": "10s"})[1]["code"],
                         "bad_argument")
        for span in ("8d", "2", "h", "-1h", "1w", "999999999999999999h"):
            self.assertEqual(self.ask("nta add", zone="rrsig-expired.nsec3.", reason="x", **{"for": span})[1]["code"],
                             "bad_argument", span)
        self.assertEqual(self.ask("nta add", zone=".", reason="x", **{"for": "1h"})[1]["code"], "bad_argument")
        self.assertEqual(self.ask("nta add", zone="a.nsec.", reason="x\ny", **{"for": "1h"})[1]["code"], "bad_argument")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
