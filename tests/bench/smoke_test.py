#!/usr/bin/env python3
"""udpblast, udpecho and tlsload, and the command line of compare. No test here judges a timing.

    smoke_test.py --udpblast FILE --udpecho FILE --tlsload FILE --compare FILE
"""
import argparse
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAMS = {}
IDENTITY = pathlib.Path(__file__).resolve().parent / "identity"     # a pair for tests alone, good for a hundred years
COUNT = 2000
QUESTIONS = "www.example A\n# a remark\n\nexample. TYPE65400 # the same in another form\n"
WWW_A = b"\x03www\x07example\x00\x00\x01\x00\x01"
OPT_DO = b"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"


class Server:
    """A server in a thread: make_replies(query) gives the datagrams to send back."""

    def __init__(self, make_replies):
        self.make_replies, self.heard = make_replies, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.05)
        self.port = self.socket.getsockname()[1]
        self.ending = False
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        while not self.ending:
            try:
                query, client = self.socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.heard.append(query)
            for reply in self.make_replies(query):
                self.socket.sendto(reply, client)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        self.socket.close()


class TlsServer:
    """DNS over TLS 1.3 in a thread, one connection at a time in order: make_reply(query) gives the message to send back.

    hangs_up: closes each connection behind the reply; otherwise those that clients leave open stay so until the end."""

    def __init__(self, make_reply, hangs_up=False):
        self.make_reply, self.hangs_up, self.open, self.resumed = make_reply, hangs_up, [], []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(IDENTITY / "server.pem", IDENTITY / "server.key")
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.socket.settimeout(0.05)
        self.port = self.socket.getsockname()[1]
        self.ending = False
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        while not self.ending:
            try:
                client, _ = self.socket.accept()
            except TimeoutError:
                continue
            try:
                client.settimeout(20)
                self.converse(self.context.wrap_socket(client, server_side=True))
            except OSError:
                client.close()  # a client that does not like us leaves in the middle

    def converse(self, connection):
        self.resumed.append(connection.session_reused)
        framed = connection.recv(4096)
        reply = self.make_reply(framed[2:])
        connection.sendall(len(reply).to_bytes(2, "big") + reply)
        if self.hangs_up:
            connection.close()
        else:
            self.open.append(connection)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        for one in [*self.open, self.socket]:
            one.close()


def echoed(query, flags=b"\x80\x00"):
    return query[:2] + flags + query[4:]


class Load(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.questions = pathlib.Path(self.folder.name) / "questions"
        self.questions.write_text(QUESTIONS)

    def blast(self, port, *more):
        command = [PROGRAMS["udpblast"], "--queries", self.questions, "--port", port, *more]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)

    def counts(self, port, *more):
        patience = () if "--timeout" in more else ("--timeout", 20_000)  # a busy machine is not a loss
        done = self.blast(port, "--json", "--seconds", 50, *patience, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def echo(self, *more):
        server = subprocess.Popen([PROGRAMS["udpecho"], "--seconds", "60", *more], stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        ready, port = server.stdout.readline().split()
        self.assertEqual(ready, "ready")
        return server, int(port)

    def test_nothing_is_lost_on_the_floor(self):
        server, port = self.echo("--reply-size", "100")
        counted = self.counts(port, "--count", COUNT, "--window", 64, "--pid", server.pid)
        self.assertEqual((counted["sent"], counted["answered"], counted["lost"], counted["unfinished"], counted["strangers"]),
                         (COUNT, COUNT, 0, 0, 0))
        self.assertEqual(counted["rcodes"], [COUNT] + [0] * 15)
        self.assertEqual(counted["octets"], COUNT * 100)
        self.assertGreaterEqual(counted["server_cpu_us"], 0)

    def test_more_ids_than_there_are(self):
        _, port = self.echo()
        counted = self.counts(port, "--count", 70_000, "--window", 64, "--sockets", 1)
        self.assertEqual((counted["answered"], counted["lost"], counted["strangers"]), (70_000, 0, 0))

    def test_text_says_the_same(self):
        _, port = self.echo()
        done = self.blast(port, "--count", COUNT, "--window", 64)
        self.assertIn(f"answered {COUNT} of {COUNT}", done.stdout)
        self.assertIn("lost 0, unfinished 0, strangers 0", done.stdout)

    def test_the_echo_ends_by_count(self):
        server, port = self.echo("--count", "100")
        self.counts(port, "--count", 100, "--window", 10)
        self.assertEqual(server.wait(30), 0)

    def test_queries_are_what_the_list_says(self):
        with Server(lambda query: [echoed(query)]) as server:
            self.counts(server.port, "--count", 2, "--do", "--window", 1)
            self.counts(server.port, "--count", 1, "--window", 1)
        self.assertEqual(server.heard[0][2:], b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01" + WWW_A + OPT_DO)
        self.assertEqual(server.heard[1][12:], b"\x07example\x00\xff\x78\x00\x01" + OPT_DO)
        self.assertEqual(server.heard[2][2:], b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + WWW_A)

    def test_only_a_reply_to_what_was_asked_is_an_answer(self):
        def lies(query):
            other_id = bytes([query[0] ^ 0x80]) + query[1:]
            other_name = query[:13] + b"WW" + query[15:]
            return [query, echoed(other_id), echoed(other_name), query[:5]]
        with Server(lies) as server:
            counted = self.counts(server.port, "--count", 10, "--timeout", 2000)
        self.assertEqual((counted["answered"], counted["lost"], counted["strangers"]), (0, 10, 40))

    def test_a_second_reply_is_a_stranger(self):
        with Server(lambda query: [echoed(query), echoed(query)]) as server:
            # One by one, and the last query's second reply may come too late to be seen.
            counted = self.counts(server.port, "--count", 10, "--window", 1)
        self.assertEqual((counted["answered"], counted["lost"]), (10, 0))
        self.assertGreaterEqual(counted["strangers"], 9)

    def test_replies_are_told_apart(self):
        with_answer = lambda query: echoed(query)[:6] + b"\x00\x01" + query[8:]  # noqa: E731
        kinds = [lambda query: with_answer(query),
                 lambda query: with_answer(query)[:2] + b"\x82\x00" + with_answer(query)[4:],
                 lambda query: echoed(query, b"\x80\x23"),
                 lambda query: echoed(query, b"\x80\x02")]
        turn = []
        def one_of_each(query):
            turn.append(query)
            return [kinds[(len(turn) - 1) % 4](query)]
        with Server(one_of_each) as server:
            counted = self.counts(server.port, "--count", 40)
        self.assertEqual(counted["rcodes"], [20, 0, 10, 10] + [0] * 12)
        self.assertEqual((counted["positive"], counted["truncated"], counted["authentic"]), (10, 10, 10))

    def test_silence_is_loss(self):
        with Server(lambda query: []) as server:
            counted = self.counts(server.port, "--count", 50, "--timeout", 200)
        self.assertEqual((counted["sent"], counted["answered"], counted["lost"]), (50, 0, 50))

    def test_time_ends_it_too(self):
        with Server(lambda query: []) as server:
            done = self.blast(server.port, "--json", "--seconds", 1, "--timeout", 60_000, "--window", 7)
        counted = json.loads(done.stdout)
        self.assertEqual((counted["sent"], counted["lost"], counted["unfinished"]), (7, 0, 7))

    def test_troubles_are_explained(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            bound.bind(("127.0.0.1", 0))
            closed = bound.getsockname()[1]
        cases = (
            (self.blast(closed), 1, "nobody listens there"),
            (self.blast(closed, "--address", "192.0.2.1"), 1, "not on loopback"),
            (self.blast(closed, "--pid", 2**31 - 1), 1, "no process"),
            (self.blast(closed, "--window", "many"), 2, "--window wants a number from 1 to 65536"),
            (self.blast(closed, "--bananas"), 2, "unknown argument `--bananas`"),
            (self.blast(closed, "--count"), 2, "--count wants a value"),
            (self.blast(70_000), 2, "--port wants a number"),
        )
        for done, status, words in cases:
            with self.subTest(words):
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(words, done.stderr)

    def test_faults_of_the_list_are_located(self):
        too_long = ".".join(["ab"] * 90)
        for line in ("a..b A", "name", "name NOTATYPE", "name TYPE65536", "one A two", "x" * 64 + " A", too_long + " A"):
            with self.subTest(line):
                self.questions.write_text("fine A\n" + line + "\n")
                done = self.blast(1)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{self.questions}:2: ", done.stderr)
        self.questions.write_text("# nothing\n")
        self.assertIn("holds no queries", self.blast(1).stderr)


class Connections(unittest.TestCase):
    """tlsload."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.questions = pathlib.Path(self.folder.name) / "questions"
        self.questions.write_text(QUESTIONS)

    def load(self, port, *more):
        command = [PROGRAMS["tlsload"], "--queries", self.questions, "--port", port, *more]
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)

    def counts(self, port, *more):
        done = self.load(port, "--json", *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_each_connection_asks_one_question_after_a_whole_handshake(self):
        heard = []
        with TlsServer(lambda query: heard.append(query) or echoed(query)) as server:
            counted = self.counts(server.port, "--connections", 20, "--pid", os.getpid())
        self.assertEqual((counted["sent"], counted["answered"], counted["failed"], counted["resumed"]), (20, 20, 0, 0))
        self.assertGreaterEqual(counted["server_cpu_us"], 0)
        self.assertEqual(server.resumed, [False] * 20)
        self.assertEqual(heard[0], b"\0\0\x01\0\0\x01\0\0\0\0\0\0" + WWW_A)
        self.assertEqual(heard[2][:2], b"\0\x02")

    def test_resumption_is_by_the_ticket_of_the_connection_before(self):
        with TlsServer(echoed) as server:
            counted = self.counts(server.port, "--connections", 20, "--resume")
        self.assertEqual((counted["answered"], counted["resumed"]), (20, 20))
        self.assertEqual(server.resumed, [False] + [True] * 20)  # the first is not counted

    def test_a_server_without_tickets_cannot_be_resumed(self):
        with TlsServer(echoed) as server:
            server.context.num_tickets = 0
            done = self.load(server.port, "--resume")
        self.assertEqual(done.returncode, 1)
        self.assertIn("gives no tickets", done.stderr)

    def test_only_a_good_reply_is_an_answer(self):
        for reply, complaint in ((lambda query: echoed(query, b"\x80\x02"), "RCODE 2"),
                                 (lambda query: query, "no reply to the query"),
                                 (lambda query: b"\xff\xff" + echoed(query)[2:], "no reply to the query")):
            with self.subTest(complaint), TlsServer(reply) as server:
                done = self.load(server.port, "--connections", 5, "--json")
                self.assertEqual((json.loads(done.stdout)["answered"], json.loads(done.stdout)["failed"]), (0, 5))
                self.assertIn(complaint, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 3)  # the rest would say the same

    def test_the_certificate_is_looked_at_when_an_authority_is_named(self):
        with TlsServer(echoed) as server:
            self.assertEqual(self.counts(server.port, "--connections", 2, "--ca", IDENTITY / "server.pem")["answered"], 2)
            self.assertEqual(self.counts(server.port, "--connections", 2, "--ca", IDENTITY / "stranger.pem")["answered"], 0)
            done = self.load(server.port, "--ca", self.questions)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot use", done.stderr)

    def held(self, hangs_up):
        with TlsServer(echoed, hangs_up) as server:
            command = [PROGRAMS["tlsload"], "--queries", self.questions, "--port", server.port, "--connections", 5, "--hold", 50,
                       "--json"]
            with subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True) as client:
                self.assertEqual(client.stdout.readline(), "held 5\n")
                self.assertIsNone(client.poll())
                told, _ = client.communicate(timeout=30)  # closes its standard input
        return json.loads(told)

    def test_connections_are_held_until_input_ends(self):
        self.assertEqual(self.held(hangs_up=False)["closed"], 0)

    def test_those_that_the_server_closed_are_counted(self):
        self.assertEqual(self.held(hangs_up=True)["closed"], 5)

    def test_troubles_are_explained(self):
        with socket.create_server(("127.0.0.1", 0)) as bound:
            closed = bound.getsockname()[1]
        refused = self.load(closed, "--connections", 1)
        self.assertEqual((refused.returncode, refused.stdout[:8]), (0, "0 of 1 c"))
        self.assertIn("Connection refused", refused.stderr)
        cases = (
            (self.load(closed, "--address", "192.0.2.1"), 1, "not on loopback"),
            (self.load(closed, "--pid", 2**31 - 1), 1, "no process"),
            (self.load(closed, "--connections", "many"), 2, "--connections wants a number from 1 to 20000"),
            (self.load(closed, "--bananas"), 2, "unknown argument `--bananas`"),
            (self.load(70_000), 2, "--port wants a number"),
        )
        for done, status, words in cases:
            with self.subTest(words):
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(words, done.stderr)


class Compare(unittest.TestCase):
    def run_compare(self, *words):
        return subprocess.run([sys.executable, PROGRAMS["compare"], *words], capture_output=True, text=True, timeout=60,
                              check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})

    def test_help_tells_every_option_and_phase(self):
        done = self.run_compare("--help")
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("--rounds", "--peers", "--only", "--json", "--no-validation", "--lab-port", "root", "cold", "nx", "hot",
                     "hotdo", "big", "docs/benchmarks.md", "--handshakes", "dot", "doh", "doq", "handshakes", "memory", "dnsperf",
                     "h2load", "doqload", "tlsload", "dnsdist"):
            self.assertIn(word, done.stdout)

    def test_wrong_words_are_named(self):
        for words, complaint in ((("--peers", "dnsmasq"), "`dnsmasq` is none of unbound, kresd, pdns, named, dnsdist"),
                                 (("--only", "warm"), "`warm` is none of big, cold, nx, hot, hotdo, dot, doh, doq, handshakes, memory"),
                                 (("--rounds", "0"), "`0` is not a number from 1 to 50")):
            with self.subTest(complaint):
                done = self.run_compare(*words)
                self.assertEqual(done.returncode, 2)
                self.assertIn(complaint, done.stderr)

    def test_a_build_that_is_not_there_is_named_with_its_remedy(self):
        with tempfile.TemporaryDirectory() as empty:
            done = self.run_compare("--build", empty)
        self.assertEqual(done.returncode, 1)
        self.assertIn("vouchd, vouch-lab, udpblast, udpecho not found. Build first:", done.stderr)
        self.assertIn("cmake --build --preset release --target vouchd", done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("udpblast", "udpecho", "tlsload", "compare"):
        parser.add_argument(f"--{name}", required=True)
    known, rest = parser.parse_known_args()
    PROGRAMS.update(vars(known))
    unittest.main(argv=[sys.argv[0]] + rest)


if __name__ == "__main__":
    main()
