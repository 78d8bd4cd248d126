#!/usr/bin/env python3
"""A fleet on the lab: two vouchds behind dnsdist, by the configuration that docker/compose.fleet.yaml runs it with. A node is
killed under load, another is upgraded under load, and no client is left without its answer; nodes know their clients through the
proxy, and their cookies are worth the same. Nothing leaves loopback; every load is bounded."""
import argparse
import base64
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
from lab_kit import PATIENCE, SKIPPED, Lab, Vouchd, free_port  # noqa: E402

OPTIONS = None
COOKIE_OPTION = 10            # RFC 7873
CLIENTS = 4                   # that ask at the same time, each one question after another
KILL_SECONDS = 12             # of load around a node's death
UPGRADE_SECONDS = 12          # of load around an upgrade
UPGRADE_RATE = 300            # questions a second then: what two nodes can do besides on a busy machine
ATTEMPTS, ATTEMPT_SECONDS = 3, 2  # of a stub resolver, as in resolv.conf(5)
SECRET = "000102030405060708090a0b0c0d0e0f"
STRANGER = "127.0.0.9"        # an address that no node serves


class Dnsdist:
    def __init__(self, folder, nodes):
        self.log = open(pathlib.Path(folder, "dnsdist.log"), "w+", encoding="utf-8")
        self.port, control = free_port(), free_port()
        self.config = pathlib.Path(OPTIONS.project, "docker/fleet/dnsdist.conf")
        self.environment = {**os.environ, "DNSDIST_LISTEN": f"127.0.0.1:{self.port}", "DNSDIST_CONTROL": f"127.0.0.1:{control}",
                            "DNSDIST_NODES": " ".join(f"{name}=127.0.0.1:{node.port}" for name, node in nodes.items()),
                            "DNSDIST_KEY": base64.b64encode(os.urandom(32)).decode("ascii")}
        self.process = subprocess.Popen(["dnsdist", "--supervised", "--disable-syslog", "-C", self.config], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=subprocess.STDOUT, env=self.environment)

    def tell(self, command):
        """A command of its console."""
        done = subprocess.run(["dnsdist", "-C", self.config, "-c", self.environment["DNSDIST_CONTROL"], "-e", command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env=self.environment)
        return done.stdout

    def states(self):
        """{name: (state, questions under way)}"""
        found = {}
        for line in self.tell("showServers()").splitlines():
            words = line.split()
            if len(words) > 4 and words[0].isdigit():
                found[words[1]] = (words[3], int(words[-1]) if words[-1].isdigit() else 0)
        return found

    def wait_for(self, name, states):
        until = time.monotonic() + PATIENCE
        while self.states().get(name, ("", 0))[0] not in states:
            if time.monotonic() > until:
                raise AssertionError(f"{name} is not {' or '.join(states)}: {self.tell('showServers()')}")
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.log.close()


def ask_as_stub(port, name):
    """(attempts that it took, reply); a stub asks again when nothing comes, from another port. (None, None): never answered."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            octets = dns_message.ask_udp("127.0.0.1", port, dns_message.question(name), ATTEMPT_SECONDS)
            return attempt, dns_message.parse(octets)
        except OSError:
            continue
    return None, None


class Fleet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="vouch-fleet-")
        folder = pathlib.Path(cls.holder.name)
        cls.lab = Lab(OPTIONS.lab, folder / "lab")
        cls.names = [row[0] for row in cls.lab.rows("examples.tsv") if len(row) > 3 and row[1] == "A" and row[3] == "NOERROR"]
        cls.nodes = {}
        for name in ("node-1", "node-2"):
            (folder / name).mkdir()
            cls.nodes[name] = Vouchd(OPTIONS.vouchd, cls.lab, folder / name, server={
                "proxy_protocol_from": ["127.0.0.1/32"], "allow_from": ["127.0.0.1/32"], "cookie_secret": SECRET, "nsid": name})
        cls.dnsdist = Dnsdist(folder, cls.nodes)
        for name in cls.nodes:
            cls.dnsdist.wait_for(name, ("up",))
        for name in cls.names:  # what is measured is the fleet, not how long a first resolution takes
            for _ in range(2 * len(cls.nodes)):
                ask_as_stub(cls.dnsdist.port, name)

    @classmethod
    def tearDownClass(cls):
        cls.dnsdist.stop()
        for node in cls.nodes.values():
            if node.is_running():
                node.stop()
            node.log.close()
        cls.lab.stop()
        cls.holder.cleanup()

    def load(self, seconds, meanwhile):
        """Stub clients that ask for `seconds`; what is done meanwhile. Returns how many attempts each question took."""
        until = time.monotonic() + seconds

        def client(number):
            attempts = []
            while time.monotonic() < until:
                name = self.names[(number + len(attempts)) % len(self.names)]
                took, reply = ask_as_stub(self.dnsdist.port, name)
                attempts.append(took if reply is not None and reply.rcode == "NOERROR" else None)
            return attempts
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            running = [pool.submit(client, number) for number in range(CLIENTS)]
            time.sleep(seconds / 4)
            meanwhile()
            return [took for each in running for took in each.result()]

    def test_clients_are_known_through_the_proxy(self):
        _, reply = ask_as_stub(self.dnsdist.port, self.names[0])
        self.assertEqual(reply.rcode, "NOERROR")
        octets = dns_message.question(self.names[0])
        with self.assertRaises(OSError):  # no node answers it, though the proxy passes it on
            dns_message.ask_udp("127.0.0.1", self.dnsdist.port, octets, 3, source=STRANGER)

    def test_cookies_are_worth_the_same_everywhere(self):
        """One node's server cookie is another's: the same hash over the same client and second."""
        seen = set()
        mine = os.urandom(8)
        cookie = mine
        for name in self.nodes:
            others = [other for other in self.nodes if other != name]
            for other in others:
                self.dnsdist.tell(f"for _, s in ipairs(getServers()) do if s.name == '{other}' then s:setDown() end end")
            octets = dns_message.ask_udp("127.0.0.1", self.dnsdist.port,
                                         dns_message.question(self.names[0], options=dns_message.option(COOKIE_OPTION, cookie)), 5)
            cookie = dict(dns_message.parse(octets).options)[COOKIE_OPTION]
            self.assertEqual(cookie[:8], mine)
            self.assertEqual(len(cookie), 24)
            seen.add(cookie[8:])
            for other in others:
                self.dnsdist.tell(f"for _, s in ipairs(getServers()) do if s.name == '{other}' then s:setAuto() end end")
                self.dnsdist.wait_for(other, ("up",))
        self.assertEqual(len(seen), 1, "each node answered with a server cookie of its own")

    def test_a_node_that_is_killed_is_missed_by_nobody(self):
        node = self.nodes["node-1"]

        def kill():
            node.process.kill()
            node.process.wait(PATIENCE)
        attempts = self.load(KILL_SECONDS, kill)
        self.assertGreater(len(attempts), 100)
        self.assertNotIn(None, attempts, "a client was left without its answer")
        self.dnsdist.wait_for("node-1", ("down",))
        again = sum(took > 1 for took in attempts)
        print(f"killed: {len(attempts)} questions, all answered, {again} of them at a second or third attempt")
        node.start()
        self.dnsdist.wait_for("node-1", ("up",))

    def test_an_upgrade_loses_nothing(self):
        """Drained, replaced, taken back: docs/guide-isp.md. dnsperf never asks twice, so what is lost shows."""
        questions = pathlib.Path(self.holder.name, "questions")
        questions.write_text("".join(f"{name} A\n" for name in self.names), encoding="ascii")
        load = subprocess.Popen(["dnsperf", "-s", "127.0.0.1", "-p", str(self.dnsdist.port), "-d", questions, "-l",
                                 str(UPGRADE_SECONDS), "-Q", str(UPGRADE_RATE), "-t", "5"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(UPGRADE_SECONDS / 4)
        node = self.nodes["node-2"]
        self.dnsdist.tell("getServer(1):setDown()")
        time.sleep(1)  # what was under way is answered
        self.assertEqual(node.stop(), 0)
        node.start()
        self.dnsdist.tell("getServer(1):setAuto()")
        self.dnsdist.wait_for("node-2", ("up",))
        said, _ = load.communicate(timeout=PATIENCE + UPGRADE_SECONDS)
        self.assertEqual(load.returncode, 0, said)
        sent = int(re.search(r"Queries sent:\s+(\d+)", said).group(1))
        completed = int(re.search(r"Queries completed:\s+(\d+)", said).group(1))
        print(f"upgraded: {sent} questions, {sent - completed} lost")
        self.assertGreater(sent, UPGRADE_RATE)
        self.assertEqual(completed, sent, said)
        self.assertRegex(said, r"NOERROR \d+ \(100\.00%\)")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("vouchd", "lab", "project"):
        parser.add_argument(f"--{name}", required=True)
    OPTIONS, rest = parser.parse_known_args()
    for needed in ("dnsdist", "dnsperf"):
        if not shutil.which(needed):
            print(f"skipped: {needed} is not installed (apt-get install {needed})")
            sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
