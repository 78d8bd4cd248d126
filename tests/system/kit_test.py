#!/usr/bin/env python3
"""The tests' own tools: what reads replies, and what decides whether a resolver stands apart."""
import contextlib
import io
import pathlib
import struct
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "bench")]

import dns_message  # noqa: E402
import http2_client  # noqa: E402
import quic_packets  # noqa: E402
from differences import Known, Question, View, bogus_at, read_known, trouble, view_of  # noqa: E402

from comparison.processes import Trouble  # noqa: E402
from lab_kit import SKIPPED, Skip, run_in_folder  # noqa: E402

ASKED = b"\x03wWw\x04Nsec\0"
HEAD = struct.pack(">6H", 7, 0x81a0, 1, 2, 0, 1)  # QR RD RA AD, one question, two answers, one OPT


def record(owner, kind, rdata, ttl=300):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(rdata)) + rdata


def reply_octets(rcode_high=0, ede=(7, b"rrsig_expired zone=nsec.")):
    option = struct.pack(">3H", 15, 2 + len(ede[1]), ede[0]) + ede[1]
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, rcode_high << 24 | 0x8000, len(option)) + option
    alias = record(b"\xc0\x0c", 5, b"\x04HOST\xc0\x10")
    address = record(b"\x04host\xc0\x10", 1, bytes([192, 0, 2, 1]))
    return HEAD + ASKED + struct.pack(">2H", 1, 1) + alias + address + opt


class Http2(unittest.TestCase):
    def test_the_examples_of_rfc_7541(self):
        """Appendices C.6.1 to C.6.3: Huffman codes, the static table, and a dynamic one that overflows."""
        date = ("date", "Mon, 21 Oct 2013 20:13:21 GMT")
        where = ("location", "https://www.example.com")
        reader = http2_client.HeaderReader(256)
        first = bytes.fromhex("488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9"
                              "ae82ae43d3")
        self.assertEqual(reader.read(first), [(":status", "302"), ("cache-control", "private"), date, where])
        self.assertEqual(reader.read(bytes.fromhex("4883640effc1c0bf")),
                         [(":status", "307"), ("cache-control", "private"), date, where])
        third = bytes.fromhex("88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b"
                              "3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007")
        self.assertEqual(reader.read(third)[-1], ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"))

    def test_what_is_written_can_be_read(self):
        fields = [(":method", "POST"), ("x-long", "y" * 5000), ("empty", "")]
        self.assertEqual(http2_client.HeaderReader().read(http2_client.hpack(fields)), fields)
        self.assertEqual(http2_client.hpack_number(1337, 5), bytes([31, 154, 10]))  # RFC 7541 C.1.2


@unittest.skipIf(quic_packets.CRYPTO is None, "no libcrypto")
class Quic(unittest.TestCase):
    def test_the_example_of_rfc_9001(self):
        """Appendices A.1 and A.2."""
        destination = bytes.fromhex("8394c8f03e515708")
        self.assertEqual([each.hex() for each in quic_packets.client_keys(destination)],
                         ["1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"])
        frames = bytes.fromhex(
            "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010"
            "000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e00050005010000000000330026"
            "0024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603"
            "0203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901"
            "100f088394c8f03e51570806048000ffff")
        packet = quic_packets.initial(destination, frames, packet_number=2)
        self.assertEqual(len(packet), 1200)
        self.assertEqual(packet[:22].hex(), "c000000001088394c8f03e5157080000449e7b9aec34")
        self.assertEqual(packet[-16:].hex(), "e221af44860018ab0856972e194cd934")

    def test_numbers_of_rfc_9000(self):
        for value, octets in ((37, "25"), (15293, "7bbd"), (494878333, "9d7f3e7d"), (151288809941952652, "c2197c5eff14e88c")):
            self.assertEqual(quic_packets.number(value).hex(), octets)


class Runs(unittest.TestCase):
    def status(self, work):
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            status = run_in_folder("vouch-kit-", work)
        self.said = out.getvalue() + err.getvalue()
        return status

    def test_the_status_is_the_works_own(self):
        self.assertEqual(self.status(lambda folder, processes: 0), 0)
        self.assertEqual(self.status(lambda folder, processes: 1), 1)

    def test_what_is_in_the_way_is_told_and_has_a_status(self):
        for problem, status in ((Skip("no peers"), SKIPPED), (Trouble("no peers"), 1)):
            def work(folder, processes, problem=problem):
                raise problem
            self.assertEqual(self.status(work), status)
            self.assertIn("no peers", self.said)

    def test_nothing_is_left_behind(self):
        seen = {}

        def work(folder, processes):
            seen["folder"], seen["process"] = folder, processes.start(["sleep", "60"], 0, folder / "log")
            raise Skip("enough")
        self.assertEqual(self.status(work), SKIPPED)
        self.assertFalse(seen["folder"].exists())
        self.assertIsNotNone(seen["process"].poll())


class Messages(unittest.TestCase):
    def test_names_come_out_whole_and_in_lower_case(self):
        reply = dns_message.parse(reply_octets())
        self.assertEqual(reply.data(), [("A", "192.0.2.1"), ("CNAME", "host.nsec.")])
        self.assertEqual([each.owner for each in reply.answer], ["www.nsec.", "host.nsec."])

    def test_flags_edns_and_extended_errors(self):
        reply = dns_message.parse(reply_octets())
        self.assertTrue(reply.ad and reply.do and reply.has_edns)
        self.assertFalse(reply.cd or reply.tc or reply.signed())
        self.assertEqual(reply.ede, [(7, "rrsig_expired zone=nsec.")])
        self.assertEqual(dns_message.parse(reply_octets(rcode_high=1)).rcode, "BADVERS")

    def test_options_are_written_and_read(self):
        asked = dns_message.question("a.", options=dns_message.option(11) + dns_message.option(12, b"\0\0"))
        self.assertEqual(dns_message.parse(asked).options, [(11, b""), (12, b"\0\0")])
        self.assertEqual(dns_message.parse(asked).size, len(asked))

    def test_what_is_cut_short_or_loops_is_no_message(self):
        whole = reply_octets()
        for length in range(len(whole)):
            with self.assertRaises(dns_message.Malformed):
                dns_message.parse(whole[:length])
        with self.assertRaises(dns_message.Malformed):
            dns_message.parse(whole + b"\0")
        with self.assertRaises(dns_message.Malformed):
            dns_message.parse(struct.pack(">6H", 7, 0x8180, 1, 0, 0, 0) + b"\xc0\x0c" + struct.pack(">2H", 1, 1))

    def test_a_question_says_what_it_was_told_to(self):
        octets = dns_message.question("nsec.", "TYPE65400", number=9, cd=True, do=True)
        self.assertEqual(octets[:4], struct.pack(">2H", 9, 0x0110))
        self.assertIn(b"\x04nsec\0" + struct.pack(">2H", 65400, 1), octets)
        self.assertEqual(octets[-6:-2], struct.pack(">I", 0x8000))
        self.assertEqual(dns_message.question("nsec.", edns_size=None)[10:12], b"\0\0")


SECURE = View("NOERROR", True, True, (("A", "192.0.2.1"),))
INSECURE = View("NOERROR", False, True, (("A", "192.0.2.1"),))
FAILED = View("SERVFAIL")


class Differences(unittest.TestCase):
    def test_who_agrees_with_most_is_not_in_trouble(self):
        self.assertIsNone(trouble(INSECURE, {"a": INSECURE, "b": INSECURE, "c": SECURE}, []))
        self.assertEqual(trouble(FAILED, {"a": INSECURE, "b": INSECURE, "c": FAILED}, []), "not what most say")

    def test_without_a_majority_one_companion_is_enough(self):
        self.assertIsNone(trouble(INSECURE, {"a": INSECURE, "b": FAILED}, []))
        self.assertEqual(trouble(View("NXDOMAIN"), {"a": INSECURE, "b": FAILED}, []), "what nobody says")

    def test_secure_where_anybody_says_bogus_is_always_trouble(self):
        peers = {"a": SECURE, "b": SECURE, "c": FAILED}
        self.assertEqual(trouble(SECURE, peers, ["c"]), "secure here, bogus at c")
        self.assertIsNone(trouble(SECURE, peers, []))

    def test_bogus_is_what_fails_always_but_with_cd(self):
        def told(*pairs):
            return bogus_at([(Question("nsec.", "www.nsec.", "A", flags), {"a": view}) for flags, view in pairs])
        key = ("www.nsec.", "A")
        self.assertEqual(told(("do", FAILED), ("", FAILED), ("cd do", INSECURE)), {key: ["a"]})
        self.assertEqual(told(("do", FAILED), ("", FAILED), ("cd do", FAILED)), {key: []})  # not DNSSEC's failure
        self.assertEqual(told(("do", FAILED), ("", INSECURE), ("cd do", INSECURE)), {key: []})  # bad luck
        self.assertEqual(told(("do", FAILED)), {key: ["a"]})

    def test_ad_is_not_compared_under_cd(self):
        reply = dns_message.parse(reply_octets())
        self.assertTrue(view_of(reply, Question("nsec.", "www.nsec.", "A", "do")).ad)
        self.assertFalse(view_of(reply, Question("nsec.", "www.nsec.", "A", "cd do")).ad)

    def test_the_table_of_known_differences(self):
        text = ("words | with bars\n\n| zone | name | type | flags | Vouch says | why |\n|---|---|---|---|---|---|\n"
                "| `nsec.` | `*` | A | `*` | SERVFAIL | a reason |\n\n| other | table |\n|---|---|\n| x | y |\n")
        with tempfile.NamedTemporaryFile("w", suffix=".md") as file:
            file.write(text)
            file.flush()
            self.assertEqual(read_known(file.name), [Known("nsec.", "*", "A", "*", "SERVFAIL", "a reason")])
        row = Known("nsec.", "*", "A", "-", "SERVFAIL", "a reason")
        self.assertTrue(row.fits(Question("nsec.", "x.nsec.", "A", ""), FAILED))
        self.assertFalse(row.fits(Question("nsec.", "x.nsec.", "A", ""), SECURE))
        either = Known("nsec.", "*", "A", "-", "NOERROR AD or SERVFAIL", "a reason")
        self.assertTrue(either.fits(Question("nsec.", "x.nsec.", "A", ""), SECURE))
        self.assertFalse(row.fits(Question("nsec.", "x.nsec.", "A", "do"), FAILED))


if __name__ == "__main__":
    unittest.main(verbosity=1)
