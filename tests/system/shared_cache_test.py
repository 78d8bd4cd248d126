#!/usr/bin/env python3
"""The cache that a fleet shares: two vouchds on the lab with a Redis server between them. One resolves, then the authorities
fall silent, and what the other answers it can only have from the store. The store is killed, replaced by something hostile,
and spoken to over TLS: no client is ever worse off than without it. Nothing leaves loopback."""
import argparse
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from control_kit import ask_control  # noqa: E402
from lab_kit import PATIENCE, SKIPPED, Lab, Vouchd, flow, free_port  # noqa: E402

OPTIONS = None
SECURE = "www.alg13.nsec."
OTHER = "www.alg8.nsec."
UNSIGNED = "www.shop.plain."
MISSING = "nobody-has-this-name.alg13.nsec."
SECRET = "a secret of the fleet, long enough for all of it"
PASSWORD = "open sesame"


class Redis:
    """A server of its own on loopback. tls: the folder that has server.pem, server.key and ca.pem."""

    def __init__(self, folder, port=None, tls=None):
        self.port = port or free_port()
        self.tls = tls
        self.log = open(pathlib.Path(folder, "redis.log"), "a", encoding="utf-8")
        command = ["redis-server", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(folder),
                   "--requirepass", PASSWORD]
        if tls:
            command += ["--port", "0", "--tls-port", str(self.port), "--tls-cert-file", str(tls / "server.pem"),
                        "--tls-key-file", str(tls / "server.key"), "--tls-ca-cert-file", str(tls / "ca.pem"),
                        "--tls-auth-clients", "no"]
        else:
            command += ["--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        until = time.monotonic() + PATIENCE
        while self.tell("PING") != ["PONG"]:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("redis-server did not start: " + pathlib.Path(self.log.name).read_text(encoding="utf-8"))
            time.sleep(0.05)

    def tell(self, *words):
        command = ["redis-cli", "--no-auth-warning", "-a", PASSWORD, "-p", str(self.port)]
        if self.tls:
            command += ["--tls", "--cacert", str(self.tls / "ca.pem")]
        done = subprocess.run(command + list(words), capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.stdout.split()

    def keys(self):
        return sorted(self.tell("KEYS", "*"))

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(PATIENCE)
        self.log.close()


class Hostile:
    """Speaks enough of the protocol to be let in, and then answers each GET with whatever it was made with."""

    def __init__(self, answer, port=None):
        self.answer = answer
        self.asked = 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port or 0))
        self.socket.listen()
        self.port = self.socket.getsockname()[1]
        self.over = False
        self.connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.over:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as words:
                while True:
                    head = words.readline()
                    if not head:
                        return
                    command = []
                    for _ in range(int(head[1:])):
                        size = int(words.readline()[1:])
                        command.append(words.read(size + 2)[:-2])
                    if command[0] == b"GET":
                        self.asked += 1
                        connection.sendall(self.answer)
                    elif command[0] == b"PING":
                        connection.sendall(b"+PONG\r\n")
                    else:
                        connection.sendall(b"+OK\r\n")
        except (OSError, ValueError):
            return

    def stop(self):
        self.over = True
        self.socket.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class SharedCache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="vouch-shared-")
        cls.lab = Lab(OPTIONS.lab, cls.folder.name + "/lab")

    @classmethod
    def tearDownClass(cls):
        cls.lab.stop()
        cls.folder.cleanup()

    def setUp(self):
        self.own = tempfile.TemporaryDirectory(prefix="vouch-shared-")
        self.vouchds, self.stores = [], []

    def tearDown(self):
        self.lab.tell("clear")
        for vouchd in self.vouchds:
            self.assertTrue(vouchd.is_running())
            self.assertEqual(vouchd.stop(), 0)
            vouchd.log.close()
        for store in self.stores:
            store.stop()
        self.own.cleanup()

    def store(self, made):
        self.stores.append(made)
        return made

    def node(self, port, secret=SECRET, more="", dnssec=None, connects=True, **shared):
        folder = pathlib.Path(self.own.name, f"node-{len(self.vouchds)}")
        folder.mkdir()
        for name, text in (("fleet.secret", secret), ("store.password", PASSWORD)):
            (folder / name).write_text(text + "\n", encoding="utf-8")
            (folder / name).chmod(0o600)
        keys = {"server": [f"127.0.0.1@{port}"], "secret_file": "fleet.secret", "password_file": "store.password",
                "patience": "1000ms", **shared}
        node = Vouchd(OPTIONS.vouchd, self.lab, folder, mode="enforce", more=f"shared_cache: {flow(keys)}\n{more}",
                      server={"workers": 1}, dnssec=dnssec)
        self.vouchds.append(node)
        if connects:
            self.ready(node)
        return node

    def ready(self, node, since=0):
        self.assertIsNotNone(node.wait_for_log("event=shared_cache_ready", since=since), node.logged())

    def stats(self, node):
        return ask_control(node.control, "stats")[-1]["shared_cache"]

    def wait_for(self, what, found):
        until = time.monotonic() + PATIENCE
        while not found():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(0.02)

    def fill(self, node, store):
        for name in (SECURE, UNSIGNED):
            self.assertEqual(node.reply(name).rcode, "NOERROR", name)
        self.assertEqual(node.reply(MISSING).rcode, "NXDOMAIN")
        self.wait_for("three entries", lambda: len(store.keys()) >= 3)

    def check_shared(self, store, **shared):
        one = self.node(store.port, **shared)
        other = self.node(store.port, **shared)
        self.fill(one, store)
        first = one.reply(SECURE, do=True)
        self.lab.tell("drop=1")
        again = other.reply(SECURE, do=True)
        self.assertEqual((again.rcode, again.ad), ("NOERROR", True))
        self.assertEqual(again.data(), first.data())
        self.assertLessEqual(again.answer[0].ttl, first.answer[0].ttl)
        self.assertEqual((other.reply(UNSIGNED, do=True).rcode, other.reply(UNSIGNED, do=True).ad), ("NOERROR", False))
        gone = other.reply(MISSING, do=True)
        self.assertEqual((gone.rcode, gone.ad), ("NXDOMAIN", True))
        self.assertTrue(any(record.type == "SOA" for record in gone.authority), gone.authority)
        self.assertEqual(self.stats(other)["hits"], 3)
        return one, other

    def test_what_one_node_resolved_the_other_answers_as_secure_as_it_was(self):
        store = self.store(Redis(self.own.name))
        _, other = self.check_shared(store)
        self.assertNotIn("shared_cache_away", other.logged())
        # What anybody with a look at the keys sees of it, and for how long.
        for key in store.keys():
            self.assertRegex(key, r"^vouch:[0-9a-f]{32}$")
            life = int(store.tell("PTTL", key)[0])
            self.assertTrue(0 < life <= 7 * 86400 * 1000, life)
        # From here on it is the node's own.
        before = self.stats(other)["hits"]
        self.assertEqual(other.reply(SECURE).rcode, "NOERROR")
        self.assertEqual(self.stats(other)["hits"], before)
        status = ask_control(other.control, "status")[-1]["shared_cache"]
        self.assertEqual((status["workers_connected"], status["workers_paused"]), (1, 0))

    def test_the_same_over_tls(self):
        store = self.store(Redis(self.own.name, tls=self.lab.folder / "tls"))
        self.check_shared(store, tls=True, tls_ca_file=str(self.lab.folder / "tls/ca.pem"))

    def test_over_tls_nothing_is_said_to_who_does_not_prove_to_be_the_store(self):
        store = self.store(Redis(self.own.name, tls=self.lab.folder / "tls"))
        node = self.node(store.port, connects=False, tls=True, tls_name="another.example",
                         tls_ca_file=str(self.lab.folder / "tls/ca.pem"))
        self.assertIsNotNone(node.wait_for_log("event=shared_cache_away"), node.logged())
        self.assertEqual(node.reply(SECURE).rcode, "NOERROR")
        self.assertGreater(self.stats(node)["failures"]["untrusted"], 0)
        self.assertEqual(store.keys(), [])

    def test_a_store_that_is_killed_costs_no_answer_and_is_found_again(self):
        store = self.store(Redis(self.own.name))
        node = self.node(store.port)
        self.assertEqual(node.reply(SECURE).rcode, "NOERROR")
        before = len(node.logged())
        store.stop()
        for name in (OTHER, UNSIGNED):
            self.assertEqual(node.reply(name).rcode, "NOERROR", name)
        self.assertEqual(node.reply(MISSING).rcode, "NXDOMAIN")
        self.assertIsNotNone(node.wait_for_log("event=shared_cache_away", since=before), node.logged())
        again = self.store(Redis(self.own.name, port=store.port))
        self.ready(node, since=before)
        self.assertEqual(node.reply("ns1.alg13.nsec.").rcode, "NOERROR")
        self.wait_for("an entry", again.keys)

    def test_a_wrong_password_is_told_and_costs_nothing(self):
        store = self.store(Redis(self.own.name))
        folder = pathlib.Path(self.own.name, "wrong")
        folder.mkdir()
        (folder / "password").write_text("wrong\n", encoding="utf-8")
        (folder / "password").chmod(0o600)
        node = self.node(store.port, connects=False, password_file=str(folder / "password"))
        self.assertIsNotNone(node.wait_for_log("event=shared_cache_away .*WRONGPASS"), node.logged())
        self.assertEqual(node.reply(SECURE).rcode, "NOERROR")
        self.assertEqual(store.keys(), [])

    def test_other_secrets_and_other_grounds_share_nothing(self):
        store = self.store(Redis(self.own.name))
        self.fill(self.node(store.port), store)
        stranger = self.node(store.port, secret="another secret, of another fleet, as long as the first")
        doubter = self.node(store.port, dnssec={"negative_trust_anchors": ["elsewhere.nsec."]})
        self.lab.tell("drop=1")
        for node in (stranger, doubter):
            self.assertIn(node.ask(SECURE)[0], (2, None))
            stats = self.stats(node)
            self.assertEqual((stats["hits"], sum(stats["refused"].values())), (0, 0))
            self.assertGreater(stats["misses"], 0)

    def test_what_was_altered_or_put_elsewhere_is_refused(self):
        store = self.store(Redis(self.own.name))
        one = self.node(store.port)
        self.assertEqual(one.reply(OTHER).rcode, "NOERROR")
        self.wait_for("an entry", store.keys)
        (of_other,) = store.keys()
        self.assertEqual(one.reply(SECURE).rcode, "NOERROR")
        self.wait_for("another", lambda: len(store.keys()) == 2)
        (of_secure,) = [key for key in store.keys() if key != of_other]
        self.assertEqual(store.tell("COPY", of_other, of_secure, "REPLACE"), ["1"])
        self.assertEqual(store.tell("SETRANGE", of_other, "30", "x")[0].isdigit(), True)
        other = self.node(store.port)
        for name in (SECURE, OTHER):  # resolved, as if there were no store
            again = other.reply(name, do=True)
            self.assertEqual((again.rcode, again.ad, again.data()), ("NOERROR", True, one.reply(name, do=True).data()))
        stats = self.stats(other)
        self.assertEqual((stats["hits"], stats["refused"]["forged"]), (0, 2))

    def test_what_was_flushed_does_not_come_back(self):
        store = self.store(Redis(self.own.name))
        one = self.node(store.port)
        self.fill(one, store)
        other = self.node(store.port)
        before = len(store.keys())
        ask_control(one.control, "flush name", name=SECURE)
        self.wait_for("its entry to go", lambda: len(store.keys()) < before)
        ask_control(other.control, "flush zone", zone="plain.")
        self.lab.tell("drop=1")
        self.assertIn(other.ask(SECURE)[0], (2, None))    # taken out of the store
        self.assertIn(other.ask(UNSIGNED)[0], (2, None))  # is there, and not believed
        self.assertEqual(self.stats(other)["refused"]["forgotten"], 1)
        self.assertEqual(other.reply(MISSING).rcode, "NXDOMAIN")  # nobody flushed it
        ask_control(other.control, "flush all")
        self.assertIn(other.ask(MISSING)[0], (2, None))

    def test_a_silent_store_is_soon_left_alone(self):
        node = self.node(self.store(Hostile(b"")).port, patience="50ms")
        for number in range(8):
            self.assertEqual(node.reply(f"nobody-{number}.shop.plain.").rcode, "NXDOMAIN")
        stats = self.stats(node)
        self.assertGreater(stats["late"] + stats["broken_off"], 0)
        self.assertLess(stats["late"], 8)
        self.assertEqual(stats["hits"], 0)

    def test_a_hostile_store_does_no_harm(self):
        for answer in (b"what is this\r\n", b"$999999999\r\n" + b"x" * 200_000, b"*2147483647\r\n", b"$-7\r\n", b":1\r\n",
                       b"-ERR no\r\n", b"$5\r\nhello\r\n", b"+OK\r\n+OK\r\n+OK\r\n", b"$9223372036854775807\r\nx",
                       b"*1\r\n" * 50, b"$0\r\n\r\n"):
            with self.subTest(answer=answer[:20]):
                hostile = self.store(Hostile(answer))
                node = self.node(hostile.port)
                self.assertEqual(node.reply(SECURE).rcode, "NOERROR")
                self.assertEqual(node.reply(MISSING).rcode, "NXDOMAIN")
                self.assertGreater(hostile.asked, 0)
                self.assertEqual(self.stats(node)["hits"], 0)
                self.assertTrue(node.is_running())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--vouchd", required=True, type=pathlib.Path)
    parser.add_argument("--lab", required=True, type=pathlib.Path)
    OPTIONS, rest = parser.parse_known_args()
    if not shutil.which("redis-server") or not shutil.which("redis-cli"):
        print("skipped: redis-server or redis-cli is not installed")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
