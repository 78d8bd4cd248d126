#!/usr/bin/env python3
"""A validating vouchd and every question of the lab's manifest, over UDP and TCP, with all that a client may say of DNSSEC:
the verdict shows in RCODE and AD, signatures come to whoever asks for them, a broken zone is told by EDE with its reason and
the zone at fault, its sound twin resolves, and CD=1 gives the data all the same.

    dnssec_on_the_lab_test.py --vouchd FILE --lab FILE --project DIR

Exit status 77 when this vouchd cannot validate.
"""
import argparse
import concurrent.futures
import pathlib
import re
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import Lab, Vouchd, can_validate, has_ipv6  # noqa: E402

OPTIONS = None
SKIPPED = 77
AT_ONCE = 8
QUESTION_SECONDS = 15  # longer than vouchd takes to give up

# How a client may ask, in the order in which it does: name, transport, what the question says.
STEPS = (
    ("fresh", "udp", {"do": True}),
    ("again", "udp", {"do": True}),
    ("simple", "udp", {}),
    ("without EDNS", "udp", {"edns_size": None}),
    ("AD", "udp", {"ad": True}),
    ("CD", "udp", {"cd": True}),
    ("CD DO", "udp", {"cd": True, "do": True}),
    ("CD AD", "udp", {"cd": True, "ad": True}),
    ("TCP DO", "tcp", {"do": True}),
    ("TCP simple", "tcp", {}),
    ("TCP AD", "tcp", {"ad": True}),
    ("TCP CD", "tcp", {"cd": True}),
)
HOW = {name: how for name, _, how in STEPS}
# It loses questions at random, so that nothing can be said of a single one; loss has a test of its own.
LOSSY = "lossy.nsec."
# Its one server counts as silent for a while, for other types as well, once it has not answered for DNSKEY.
SILENT_TO_DNSKEY = "dnskey-timeout.nsec."
LEFT_OUT_SECONDS = 10
# Where every server is silent or wrong each question may take long: two steps show that failure is told and kept.
STEPS_OF_THE_UNREACHABLE = STEPS[:2]
FAILED = {"bogus", "unreachable"}


def reason_codes(project):
    """{reason: INFO-CODE} from the project's own table, so that it stands in one place."""
    numbers = dict(re.findall(r"^\s+(\w+) = (\d+),", _enumeration(project), re.MULTILINE))
    table = pathlib.Path(project, "resolver/wire/verdict.cc").read_text(encoding="utf-8")
    rows = re.findall(r'\{Reason::\w+, "(\w+)", Ede::(\w+)\}', table)
    return {reason: int(numbers[code]) for reason, code in rows}


def _enumeration(project):
    types = pathlib.Path(project, "resolver/wire/types.h").read_text(encoding="utf-8")
    return re.search(r"enum class Ede[^{]*\{(.*?)\};", types, re.DOTALL).group(1)


class Row:
    """One question of the manifest, and what came of it at each step."""

    def __init__(self, columns):
        self.zone, self.name, self.type = columns["zone"], columns["name"], columns["type"]
        self.verdict, self.rcode = columns["verdict"], columns["rcode"]
        self.reason, self.fault = columns["reason"], columns["fault"]
        self.answers = [] if columns["answer"] == "-" else columns["answer"].split(" | ")
        self.allowed = {self.verdict} | ({columns["or"]} - {"-"})
        self.replies = {}

    def __str__(self):
        return f"{self.name} {self.type}"

    def seen(self, step):
        reply = self.replies[step]
        if reply is None:
            return "silence"
        if reply.rcode == "SERVFAIL":
            return "failed"
        return "secure" if reply.ad else "insecure"

    def has_failed(self, step):
        return self.seen(step) in ("failed", "silence")

    def steps(self):
        return STEPS_OF_THE_UNREACHABLE if "unreachable" in self.allowed else STEPS

    def ask(self, vouchd):
        for step, transport, how in self.steps():
            self.replies[step] = vouchd.reply(self.name, self.type, transport, QUESTION_SECONDS, **how)
            until = time.monotonic() + LEFT_OUT_SECONDS
            while self.zone == SILENT_TO_DNSKEY and "CD" in step and self.has_failed(step) and time.monotonic() < until:
                time.sleep(0.5)
                self.replies[step] = vouchd.reply(self.name, self.type, transport, QUESTION_SECONDS, **how)

    def validated(self):
        """Steps whose reply was asked for without CD."""
        return [step for step in self.replies if "CD" not in step]


class DnssecOnTheLab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-dnssec-")
        cls.lab = Lab(OPTIONS.lab, cls.folder.name + "/lab")
        cls.vouchd = Vouchd(OPTIONS.vouchd, cls.lab, cls.folder.name, mode="enforce")
        cls.codes = reason_codes(OPTIONS.project)
        rows = [Row(columns) for columns in cls.lab.manifest()]
        cls.rows = [row for row in rows if row.zone != LOSSY and (has_ipv6() or row.zone != "v6only.nsec.")]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda row: row.ask(cls.vouchd), cls.rows))
        cls.by_question = {(row.name, row.type): row for row in cls.rows}

    @classmethod
    def tearDownClass(cls):
        status = cls.vouchd.stop()
        cls.vouchd.log.close()
        cls.lab.stop()
        cls.folder.cleanup()
        if status != 0:
            raise AssertionError(f"vouchd ended with status {status}")

    def expect_none(self, wrong):
        if wrong:
            self.fail(f"{len(wrong)} not as they should be:\n  " + "\n  ".join(wrong))

    def of_verdict(self, *verdicts):
        found = [row for row in self.rows if row.verdict in verdicts]
        self.assertGreater(len(found), 5)
        return found

    def twin_of(self, row):
        """The same question of the sound twin of a broken zone; none for broken zones that have no twin."""
        name = row.name.replace(row.zone, "ok-" + row.zone) if row.zone.endswith(".nsec3.") else ""
        return self.by_question.get((name, row.type))

    def test_every_verdict_is_the_manifests_however_it_is_asked(self):
        wrong = []
        for row in self.rows:
            expected = {"failed" if verdict in FAILED else verdict for verdict in row.allowed}
            for step in row.validated():
                seen = row.seen(step)
                # AD is for those who ask for it (RFC 6840 section 5.8): the others see no more than that it did not fail.
                if seen == "insecure" and not HOW[step].get("do") and not HOW[step].get("ad"):
                    seen = "secure" if "secure" in expected else seen
                if seen not in expected:
                    wrong.append(f"{row}, {step}: {seen}, not {row.verdict}")
        self.expect_none(wrong)

    def test_rcode_and_number_of_answers_are_the_manifests(self):
        wrong = []
        for row in self.of_verdict("secure", "insecure"):
            for step in row.validated():
                reply = row.replies[step]
                if row.has_failed(step) or (reply.rcode, len(reply.data())) == (row.rcode, len(row.answers)):
                    continue  # whether it may fail is the verdict's affair
                wrong.append(f"{row}, {step}: {reply.rcode} with {len(reply.data())} answers")
        self.expect_none(wrong)

    def test_addresses_are_the_manifests(self):
        wrong = []
        for row in self.of_verdict("secure", "insecure"):
            if row.type not in ("A", "AAAA", "MX", "NS") or row.has_failed("fresh"):
                continue
            for step, reply in row.replies.items():
                if sorted(text for _, text in reply.data()) != sorted(row.answers):
                    wrong.append(f"{row}, {step}: {reply.data()[:4]}, not {row.answers[:4]}")
        self.expect_none(wrong)

    def test_ad_is_only_for_those_who_ask_for_it(self):
        """RFC 6840 sections 5.7 and 5.8: AD or DO in the question."""
        wrong = []
        for row in self.rows:
            for step, reply in row.replies.items():
                asked = HOW[step].get("do") or HOW[step].get("ad")
                if reply is not None and reply.ad and not asked:
                    wrong.append(f"{row}, {step}: AD although nobody asked")
                if reply is not None and reply.ad and row.allowed.isdisjoint({"secure"}):
                    wrong.append(f"{row}, {step}: AD on what is not secure")
        self.expect_none(wrong)

    def test_signatures_come_to_those_who_ask_for_them_and_nobody_else(self):
        wrong = []
        for row in self.rows:
            for step, reply in row.replies.items():
                if reply is None or row.type in ("RRSIG", "NSEC", "ANY"):
                    continue
                if not HOW[step].get("do") and reply.has_signatures_or_proofs():
                    wrong.append(f"{row}, {step}: signatures or proofs without DO")
                is_secure = HOW[step].get("do") and row.allowed == {"secure"} and not row.has_failed(step)
                if is_secure and reply.data() and not reply.signed():
                    wrong.append(f"{row}, {step}: no RRSIG beside the answer")
                if is_secure and not reply.data() and not {"NSEC", "NSEC3"} & {record.type for record in reply.authority}:
                    wrong.append(f"{row}, {step}: no proof beside the denial")
                if HOW[step].get("do") and reply.has_edns and not reply.do:
                    wrong.append(f"{row}, {step}: DO is not copied (RFC 3225 section 3)")
        self.expect_none(wrong)

    def test_a_broken_zone_is_told_by_its_reason_and_the_zone_at_fault(self):
        wrong = []
        for row in self.of_verdict("bogus"):
            if row.allowed != {"bogus"}:
                continue
            wanted = (self.codes[row.reason], [row.reason, f"zone={row.fault}"])
            for step in row.validated():
                reply = row.replies[step]
                if reply is None or not reply.has_edns:
                    continue
                told = [(code, text.split()[:2]) for code, text in reply.ede]
                if wanted not in told:
                    wrong.append(f"{row}, {step}: EDE {reply.ede}, expected {wanted[0]} ({' '.join(wanted[1])})")
        self.expect_none(wrong)

    def test_what_cannot_be_checked_is_answered_and_the_reason_told(self):
        rows = [row for row in self.rows if row.verdict == "insecure" and row.reason != "-"]
        self.assertGreaterEqual(len(rows), 3)
        for row in rows:
            told = [(code, text.split()[:1]) for code, text in row.replies["fresh"].ede]
            with self.subTest(row=str(row)):
                self.assertIn((self.codes[row.reason], [row.reason]), told)

    def test_nothing_of_a_bogus_answer_is_shown(self):
        for row in self.of_verdict("bogus"):
            for step in row.validated():
                if row.seen(step) == "failed":
                    with self.subTest(row=str(row), step=step):
                        self.assertEqual(row.replies[step].answer + row.replies[step].authority, [])

    def test_cd_gives_the_data_of_broken_zones(self):
        """RFC 4035 section 3.2.2. What a broken zone holds is what its sound twin holds."""
        wrong = []
        for row in self.of_verdict("bogus"):
            twin = self.twin_of(row)
            rcode, count = (twin.rcode, len(twin.answers)) if twin else ("NOERROR", 1)
            for step in set(row.replies) - set(row.validated()):
                reply = row.replies[step]
                if reply is None or (reply.rcode, len(reply.data())) != (rcode, count):
                    wrong.append(f"{row}, {step}: {reply and (reply.rcode, reply.data())}, expected {rcode} and {count} records")
                elif reply.ad:
                    wrong.append(f"{row}, {step}: AD")
        self.expect_none(wrong)

    def test_cd_is_copied(self):
        for row in self.rows:
            for step, reply in row.replies.items():
                if reply is not None and reply.cd != bool(HOW[step].get("cd")):
                    self.fail(f"{row}, {step}: CD is {reply.cd}")

    def test_what_was_asked_with_cd_first_is_judged_afterwards(self):
        """A question with CD must not leave anything behind that a question without it would be answered from."""
        rows = [row for row in self.rows if row.allowed in ({"bogus"}, {"secure"}, {"insecure"})]
        with tempfile.TemporaryDirectory(prefix="vouch-dnssec-") as own:
            vouchd = Vouchd(OPTIONS.vouchd, self.lab, own, mode="enforce")

            def ask(row):
                first = vouchd.reply(row.name, row.type, timeout=QUESTION_SECONDS, cd=True)
                return first, vouchd.reply(row.name, row.type, timeout=QUESTION_SECONDS, do=True)
            try:
                with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                    replies = list(pool.map(ask, rows))
            finally:
                self.assertEqual(vouchd.stop(), 0)
                vouchd.log.close()
        wrong = []
        for row, (_, judged) in zip(rows, replies):
            seen = "silence" if judged is None else "bogus" if judged.rcode == "SERVFAIL" else "secure" if judged.ad else "insecure"
            if seen != row.verdict:
                wrong.append(f"{row}: {seen}, not {row.verdict}")
        self.expect_none(wrong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    parser.add_argument("--project", required=True)
    OPTIONS, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="vouch-dnssec-") as scratch:
        if not can_validate(OPTIONS.vouchd, scratch):
            print("skipped: this vouchd does not validate")
            sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
