#!/usr/bin/env python3
"""Policy on the lab, by real clients: what kdig sees of block lists, views, local zones, rebinding protection and DNS64, and
that a changed list is taken while clients ask, without one lost answer.

    policy_on_the_lab_test.py --vouchd FILE --lab FILE
"""
import argparse
import ipaddress
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from lab_kit import PATIENCE, Lab, Vouchd  # noqa: E402

OPTIONS = None
CHILD, TABLET, MAIL, IPV6_ONLY = "127.7.0.1", "127.7.0.65", "127.8.0.1", "127.9.0.1"
# Of the lab: signed names with addresses of both kinds, and one with an IPv4 address alone.
SIGNED, PLAIN, IPV4_ALONE = "www.alg15.nsec", "www.alg8.nsec", "ns1.alg8.nsec"
TRANSLATOR = ipaddress.IPv6Address("2001:db8:64::")

POLICY = """
policy:
  lists:
    - {name: ads, file: ads.txt}
    - {name: adults, file: adults.txt, reason: filtered, action: null_address, everyone: false}
    - {name: missing, file: nowhere.txt, everyone: false}
  allow: [allowed.alg8.nsec]
  dns64: {prefix: "2001:db8:64::/96"}
  views:
    - {name: children, clients: [127.7.0.0/24], lists: [ads, adults]}
    - {name: tablet, clients: [127.7.0.65], lists: []}
    - {name: ipv6only, clients: [127.9.0.0/16], dns64: true}
local_data:
  records: ["printer.home.arpa. 60 IN A 192.168.1.9"]
  reverse_records: true
  zones: [{zone: portal.example, type: always_null}, {zone: gone.example, type: refuse}]
"""


class Seen:
    """What kdig printed of one answer."""

    def __init__(self, text):
        self.text = text
        status = re.search(r"status: (\w+)", text)
        self.rcode = status.group(1) if status else None
        self.ede = [int(code) for code in re.findall(r"EDE: (\d+)", text)]
        section = re.search(r";; ANSWER SECTION:\n(.*?)\n\n", text, re.S)
        self.answer = [" ".join(line.split()) for line in section.group(1).splitlines()] if section else []
        self.data = [line.split(" ", 4)[4] for line in self.answer]
        flags = re.search(r"Flags: ([\w ]+)", text)
        self.ad = flags is not None and " ad" in flags.group(0).lower()


def kdig(vouchd, name, kind="A", client="127.0.0.1", *words):
    done = subprocess.run(["kdig", "@127.0.0.1", "-p", str(vouchd.port), "-b", client, "+edns", "+time=8", "+retry=0",
                           name, kind, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)
    return Seen(done.stdout)


class PolicyOnTheLab(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="vouch-policy-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.lab = Lab(OPTIONS.lab, cls.folder / "lab")
        cls.addClassCleanup(cls.lab.stop)

    def serve(self, more, lists=None):
        own = tempfile.TemporaryDirectory(prefix="vouch-policy-")
        self.addCleanup(own.cleanup)
        self.own = pathlib.Path(own.name)
        for name, text in (lists or {}).items():
            (self.own / name).write_text(text, encoding="utf-8")
        vouchd = Vouchd(OPTIONS.vouchd, self.lab, own.name, more=more, server={"allow_from": ["127.0.0.0/8"]})
        self.addCleanup(vouchd.log.close)
        self.addCleanup(lambda: self.assertEqual(vouchd.stop(), 0))
        return vouchd

    def replace(self, name, text):
        """As an operator's timer does: beside it, and then in its place."""
        new = self.own / ("." + name)
        new.write_text(text, encoding="utf-8")
        new.rename(self.own / name)

    def test_lists_and_views(self):
        vouchd = self.serve(POLICY, {"ads.txt": f"# ads\r\n{PLAIN.upper()}\r\nnot a name at all\r\n",
                                     "adults.txt": f"0.0.0.0 {SIGNED}\n"})
        everyone = kdig(vouchd, PLAIN)
        self.assertEqual(("NXDOMAIN", [15]), (everyone.rcode, everyone.ede), everyone.text)
        self.assertIn(f"list=ads rule={PLAIN}.", everyone.text)
        self.assertEqual("NXDOMAIN", kdig(vouchd, "below." + PLAIN).rcode)
        self.assertEqual("NOERROR", kdig(vouchd, SIGNED).rcode)
        self.assertTrue(kdig(vouchd, SIGNED).data)

        child = kdig(vouchd, SIGNED, "A", CHILD)
        self.assertEqual(("NOERROR", ["0.0.0.0"], [17]), (child.rcode, child.data, child.ede), child.text)
        self.assertEqual(["::"], kdig(vouchd, SIGNED, "AAAA", CHILD).data)
        self.assertEqual("NXDOMAIN", kdig(vouchd, PLAIN, "A", CHILD).rcode)
        for _ in range(3):  # in turns: what was kept for one view is not for the other
            self.assertEqual("NOERROR", kdig(vouchd, PLAIN, "A", TABLET).rcode, "the longest prefix wins")
            self.assertEqual("NXDOMAIN", kdig(vouchd, PLAIN, "A", CHILD).rcode)
        self.assertIsNotNone(vouchd.wait_for_log(r"policy_list_bad_line.*ads\.txt.*line=3"), vouchd.logged())
        self.assertIsNotNone(vouchd.wait_for_log(r"policy_list_unreadable.*nowhere\.txt"), vouchd.logged())

    def test_local_zones(self):
        vouchd = self.serve(POLICY, {"ads.txt": "", "adults.txt": ""})
        self.assertEqual(["192.168.1.9"], kdig(vouchd, "printer.home.arpa").data)
        self.assertEqual(["printer.home.arpa."], kdig(vouchd, "9.1.168.192.in-addr.arpa", "PTR").data)
        self.assertEqual(["0.0.0.0"], kdig(vouchd, "any.portal.example").data)
        refused = kdig(vouchd, "www.gone.example")
        self.assertEqual(("REFUSED", [15]), (refused.rcode, refused.ede), refused.text)

    def test_dns64(self):
        vouchd = self.serve(POLICY, {"ads.txt": "", "adults.txt": ""})
        real = ipaddress.IPv4Address(kdig(vouchd, IPV4_ALONE).data[0])
        self.assertEqual([], kdig(vouchd, IPV4_ALONE, "AAAA").data, "not for everyone")
        made = kdig(vouchd, IPV4_ALONE, "AAAA", IPV6_ONLY, "+dnssec")
        self.assertEqual([str(ipaddress.IPv6Address(int(TRANSLATOR) + int(real)))], made.data, made.text)
        self.assertEqual([29], made.ede, made.text)
        self.assertFalse(made.ad, "nobody has signed it")
        self.assertTrue(kdig(vouchd, IPV4_ALONE, "A", IPV6_ONLY, "+dnssec").ad)
        true = kdig(vouchd, IPV4_ALONE, "AAAA", IPV6_ONLY, "+dnssec", "+cdflag")
        self.assertEqual(("NOERROR", []), (true.rcode, true.data), "whoever validates gets what is true")
        has_both = kdig(vouchd, SIGNED, "AAAA", IPV6_ONLY, "+dnssec")
        self.assertEqual(kdig(vouchd, SIGNED, "AAAA").data, has_both.data[:len(kdig(vouchd, SIGNED, "AAAA").data)], "its own are left alone")
        self.assertTrue(has_both.ad)
        self.assertEqual({str(ipaddress.IPv6Address(int(TRANSLATOR) + 0xc00000aa + i)) for i in (0, 1)},
                         set(kdig(vouchd, "ipv4only.arpa", "AAAA", IPV6_ONLY).data))

    def test_rebinding_protection(self):
        # The lab's own servers have loopback addresses: names that nobody outside has a use for.
        ns = IPV4_ALONE
        vouchd = self.serve("policy: {rebinding_protection: true}\n")
        stripped = kdig(vouchd, ns)
        self.assertEqual(("NOERROR", [], [15]), (stripped.rcode, stripped.data, stripped.ede), stripped.text)
        self.assertTrue(kdig(vouchd, PLAIN).data)
        spared = self.serve("policy: {rebinding_protection: true, rebinding_allowed: [alg8.nsec]}\n")
        self.assertTrue(kdig(spared, ns).data[0].startswith("127."))

    def test_a_changed_list_is_taken_while_clients_ask(self):
        vouchd = self.serve(POLICY, {"ads.txt": "", "adults.txt": ""})
        self.assertTrue(kdig(vouchd, PLAIN).data)
        lost, asked, over = [], [0], threading.Event()

        def keep_asking():
            while not over.is_set():
                rcode, _ = vouchd.ask(PLAIN, timeout=3)
                asked[0] += 1
                if rcode is None:
                    lost.append(asked[0])

        asking = threading.Thread(target=keep_asking)
        asking.start()
        try:
            for turn in range(3):
                listed = turn % 2 == 0
                filler = "".join(f"host{i}.filler{turn}.example\n" for i in range(20000))
                self.replace("ads.txt", filler + (PLAIN + "\n" if listed else ""))
                wanted, until = "NXDOMAIN" if listed else "NOERROR", time.monotonic() + PATIENCE
                while kdig(vouchd, PLAIN).rcode != wanted:
                    self.assertLess(time.monotonic(), until, vouchd.logged())
                    time.sleep(0.1)
        finally:
            over.set()
            asking.join()
        self.assertEqual([], lost)
        self.assertGreater(asked[0], 100)
        (self.own / "ads.txt").unlink()
        self.assertIsNotNone(vouchd.wait_for_log(r"policy_list_unreadable.*ads\.txt.*what it was before"), vouchd.logged())
        self.assertEqual("NXDOMAIN", kdig(vouchd, PLAIN).rcode, "what was in force stays")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--lab", required=True)
    OPTIONS, rest = parser.parse_known_args()
    if shutil.which("kdig") is None:
        print("skipped: kdig is not installed")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
