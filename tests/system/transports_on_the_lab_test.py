#!/usr/bin/env python3
"""vouchd serves one truth over every transport: the same questions over UDP, TCP, TLS, HTTPS, QUIC and HTTP/3, by sockets of
our own and by the clients that people use; and what each transport adds by its RFC. Nothing leaves loopback; every load is
bounded.

    transports_on_the_lab_test.py --vouchd FILE --lab FILE

Exit status 77 when something could not be tried because a client is not installed, or a transport not built in, and all the
rest went well; what it was is printed.
"""
import contextlib
import http.server
import pathlib
import re
import ssl
import struct
import sys
import tempfile
import threading
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
import transport_clients as clients  # noqa: E402
from dns_message import KEEPALIVE_OPTION, TYPES, option, question  # noqa: E402
from lab_kit import PATIENCE, Vouchd  # noqa: E402
from transport_cases import PLAIN_NAME, SECURE_NAME, Case, Skipped, main, make_pair, server_of  # noqa: E402
from transport_clients import ENCRYPTED, RAW, HttpStatus, Question, missing, run  # noqa: E402

PADDING_BLOCK = 468          # RFC 8467 section 4.1
IDLE_TENTHS = {"tcp": 100, "tls": 300}  # the defaults of server.tcp.idle_timeout and server.tls.idle_timeout

# What is asked, and what must come: rcode, AD, INFO-CODEs of extended errors, whether it fits into no datagram.
TABLE = [
    (Question(SECURE_NAME, do=True), "NOERROR", True, set(), False),
    (Question(SECURE_NAME), "NOERROR", False, set(), False),
    (Question(SECURE_NAME, ad=True), "NOERROR", True, set(), False),
    (Question(SECURE_NAME, do=True, cd=True), "NOERROR", None, set(), False),
    (Question(SECURE_NAME, edns=False), "NOERROR", False, set(), False),
    (Question("www.insecure.nsec.", do=True), "NOERROR", False, set(), False),
    (Question(PLAIN_NAME, do=True, ad=True), "NOERROR", False, set(), False),
    (Question("www.rrsig-expired.nsec3.", do=True), "SERVFAIL", False, {7}, False),
    (Question("www.rrsig-expired.nsec3.", do=True, cd=True), "NOERROR", False, None, False),
    (Question("www.rrsig-missing.nsec3."), "SERVFAIL", False, {10}, False),
    (Question("www.rrsig-missing.nsec3.", edns=False), "SERVFAIL", False, set(), False),
    (Question("missing.nsec-missing.nsec3.", do=True), "SERVFAIL", False, {12}, False),
    (Question("missing.alg8.nsec.", do=True), "NXDOMAIN", True, set(), False),
    (Question("missing.nsec3.", do=True), "NXDOMAIN", True, set(), False),
    (Question("www.types.nsec.", "MX", do=True), "NOERROR", True, set(), False),
    (Question("anything.wild.nsec.", do=True), "NOERROR", True, set(), False),
    (Question("five.alias.nsec.", do=True), "NOERROR", True, set(), False),
    (Question("www.old.dname.nsec."), "NOERROR", False, set(), False),
    (Question("text.large.nsec.", "TXT", do=True), "NOERROR", True, set(), True),
    (Question("some.large.nsec.", do=True), "NOERROR", True, set(), True),
    (Question("types.nsec.", "ANY"), "NOERROR", False, set(), False),
    (Question("www.types.nsec.", "HTTPS", do=True), "NOERROR", True, set(), False),
    (Question("alg13.nsec.", "DNSKEY", do=True), "NOERROR", True, set(), False),
    (Question("www.servfail.plain."), "SERVFAIL", False, None, False),
    (Question("localhost."), "NOERROR", False, set(), False),
    (Question(".", "NS", do=True), "NOERROR", True, set(), False),
]


def with_head(message, flags=None, counts=None):
    """A message with other words in its header."""
    number, old_flags, *old_counts = struct.unpack(">6H", message[:12])
    return struct.pack(">6H", number, old_flags if flags is None else flags, *(counts or old_counts)) + message[12:]


def opcode(number):
    return with_head(question(SECURE_NAME), flags=number << 11 | dns_message.RD)


ASKED = dns_message.wire_name(SECURE_NAME) + struct.pack(">2H", 1, 1)
OPT = b"\0" + struct.pack(">HHIH", TYPES["OPT"], 1232, 0, 0)
HEAD_ONE = struct.pack(">6H", 0, dns_message.RD, 1, 0, 0, 0)
# Queries that no client of anybody's sends, and the rcodes that are right. None: no answer may come.
ODD = {
    "STATUS": (opcode(2), {"NOTIMP"}),
    "NOTIFY": (opcode(4), {"NOTIMP"}),
    "UPDATE": (opcode(5), {"NOTIMP", "FORMERR"}),
    "a response": (with_head(question(SECURE_NAME), flags=0x8180), None),
    "no question": (struct.pack(">6H", 0, dns_message.RD, 0, 0, 0, 0), {"FORMERR"}),
    "two questions": (struct.pack(">6H", 0, dns_message.RD, 2, 0, 0, 0) + ASKED + ASKED, {"FORMERR"}),
    "EDNS version 1": (with_head(HEAD_ONE + ASKED, counts=(1, 0, 0, 1)) + b"\0" + struct.pack(">HHIH", 41, 1232, 1 << 16, 0),
                       {"BADVERS"}),
    "two OPTs": (with_head(HEAD_ONE + ASKED, counts=(1, 0, 0, 2)) + OPT + OPT, {"FORMERR"}),
    "an option that runs over": (question(SECURE_NAME, options=b"\x00\x0a\x00\xff"), {"FORMERR"}),
    "a pointer to itself": (HEAD_ONE + b"\xc0\x0c" + struct.pack(">2H", 1, 1), {"FORMERR"}),
    "a name cut short": (HEAD_ONE + b"\x3fabc", {"FORMERR"}),
    "no recursion desired": (question("never-asked.wild.nsec.", rd=False), {"REFUSED"}),
    "AXFR": (question("nsec.", "TYPE252"), {"NOTIMP", "REFUSED"}),
    "IXFR": (question("nsec.", "TYPE251"), {"NOTIMP", "REFUSED"}),
    "type OPT": (question("nsec.", "OPT"), {"NOTIMP", "REFUSED", "FORMERR"}),
    "class CHAOS": (HEAD_ONE + dns_message.wire_name("version.bind.") + struct.pack(">2H", 16, 3), {"REFUSED", "NOTIMP"}),
    "class ANY": (HEAD_ONE + dns_message.wire_name(SECURE_NAME) + struct.pack(">2H", 1, 255), {"REFUSED", "NOTIMP", "NOERROR"}),
    "octets behind the end": (question(SECURE_NAME) + b"\0" * 40, {"FORMERR", "NOERROR"}),
    "octets that are no letters": (HEAD_ONE + b"\x04\x00\xff. \x04nsec\0" + struct.pack(">2H", 1, 1), {"NXDOMAIN"}),
    "a name of 255 octets": (HEAD_ONE + b"\x3d" + b"a" * 61 + (b"\x3f" + b"b" * 63) * 2 + b"\x39" + b"c" * 57 + b"\x04nsec\0" +
                             struct.pack(">2H", 1, 1), {"NXDOMAIN"}),
}


@contextlib.contextmanager
def serve_page():
    """A web server on loopback, for clients that resolve a name in order to go there."""
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"the page")

        def log_message(self, *_):
            pass
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


# Requests that are no DNS over HTTPS (RFC 8484), and the status that each gets: method, path, header fields, body.
DNS_QUERY = question(SECURE_NAME, number=0)
AS_PARAMETER = clients.dns_parameter(DNS_QUERY)
MESSAGE_TYPE = clients.MESSAGE
MISUSE = [
    (400, "GET", "/dns-query", [], None),
    (400, "GET", "/dns-query?", [], None),
    (400, "GET", "/dns-query?dns", [], None),
    (400, "GET", "/dns-query?dns=", [], None),
    (400, "GET", f"/dns-query?DNS={AS_PARAMETER}", [], None),
    (400, "GET", f"/dns-query?dns={AS_PARAMETER}&dns={AS_PARAMETER}", [], None),
    (400, "GET", f"/dns-query?dns={AS_PARAMETER}!", [], None),
    (400, "GET", f"/dns-query?dns={AS_PARAMETER}%3D", [], None),
    (400, "GET", "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQABAA==", [], None),
    (400, "GET", "/dns-query?dns=AAABAAAB+AAAAAAAA3d3/w", [], None),
    (400, "GET", "/dns-query?dns=AAABAAABAAAAAAA", [], None),    # 11 octets
    (400, "GET", "/dns-query?dns=AAABAAABAAAAAAAAA", [], None),  # a character that makes no octet
    (400, "POST", "/dns-query", [MESSAGE_TYPE], b""),
    (400, "POST", "/dns-query", [MESSAGE_TYPE], DNS_QUERY[:11]),
    (404, "GET", f"/?dns={AS_PARAMETER}", [], None),
    (404, "GET", f"/dns-query/?dns={AS_PARAMETER}", [], None),
    (404, "GET", f"/dns-quer?dns={AS_PARAMETER}", [], None),
    (404, "GET", f"/DNS-query?dns={AS_PARAMETER}", [], None),
    (404, "POST", "/resolve", [MESSAGE_TYPE], DNS_QUERY),
    (405, "HEAD", f"/dns-query?dns={AS_PARAMETER}", [], None),
    (405, "PUT", "/dns-query", [MESSAGE_TYPE], DNS_QUERY),
    (405, "DELETE", "/dns-query", [], None),
    (405, "OPTIONS", "/dns-query", [], None),
    (405, "PATCH", "/dns-query", [MESSAGE_TYPE], DNS_QUERY),
    (405, "TRACE", "/dns-query", [], None),
    (405, "get", f"/dns-query?dns={AS_PARAMETER}", [], None),
    (413, "POST", "/dns-query", [MESSAGE_TYPE], DNS_QUERY + b"\0" * 65536),
    (413, "POST", "/dns-query", [MESSAGE_TYPE, ("content-length", "65536")], DNS_QUERY + b"\0" * (65536 - len(DNS_QUERY))),
    (415, "POST", "/dns-query", [], DNS_QUERY),
    (415, "POST", "/dns-query", [("content-type", "application/dns-json")], b"{}"),
    (415, "POST", "/dns-query", [("content-type", "application/x-www-form-urlencoded")], DNS_QUERY),
    (415, "POST", "/dns-query", [("content-type", "application/dns-messages")], DNS_QUERY),
    (415, "POST", "/dns-query", [MESSAGE_TYPE, ("content-encoding", "gzip")], DNS_QUERY),
    (431, "GET", f"/dns-query?dns={AS_PARAMETER}", [(f"x-{number}", "y" * 1000) for number in range(12)], None),
    # What looks odd and is sound.
    (200, "GET", f"/dns-query?dns={AS_PARAMETER}", [], None),
    (200, "GET", f"/dns-query?ct&x=1&dns={AS_PARAMETER}&y", [], None),
    (200, "GET", f"/dns-query?dns={AS_PARAMETER}", [("accept", "text/html")], None),
    (200, "POST", "/dns-query?dns=nonsense", [MESSAGE_TYPE], DNS_QUERY),
    (200, "POST", "/dns-query", [("content-type", "Application/DNS-Message; charset=x")], DNS_QUERY),
    (200, "POST", "/dns-query", [MESSAGE_TYPE, ("content-encoding", "identity")], DNS_QUERY),
]


class OneTruth(Case):
    """All that only asks shares one vouchd."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = tempfile.TemporaryDirectory(prefix="vouch-transports-")
        cls.vouchd = Vouchd(cls.options.vouchd, cls.lab, cls.own.name, mode="enforce", encrypted=("tls", "https", "quic"))
        cls.server = server_of(cls.vouchd)
        for asked, *_ in TABLE:  # what is in the cache cannot differ by who asked first
            for _ in range(2):
                clients.ask(cls.server, "tcp", asked.message())

    @classmethod
    def tearDownClass(cls):
        status = cls.vouchd.stop()
        cls.vouchd.log.close()
        cls.own.cleanup()
        if status != 0:
            raise AssertionError(f"vouchd ended with status {status}")

    def check(self, seen, rcode, ad, errors):
        self.assertEqual(seen.rcode, rcode)
        if ad is not None:
            self.assertEqual("ad" in seen.flags, ad)
        if errors is not None:
            self.assertEqual(seen.errors, errors)
        self.assertTrue({"ra", "rd"} <= seen.flags)

    def test_same_answer_to_our_own_sockets(self):
        for asked, rcode, ad, errors, is_large in TABLE:
            reference = clients.seen_by_us(clients.ask(self.server, "tcp", asked.message()))
            for transport in self.raw_transports(self.vouchd):
                with self.subTest(asked=str(asked), transport=transport):
                    message = asked.message()
                    reply = clients.ask(self.server, transport, message)
                    self.assertIsNotNone(reply)
                    self.assertEqual(reply.number, struct.unpack(">H", message[:2])[0])
                    if transport == "udp" and is_large:
                        self.assertTrue(reply.tc)
                        self.assertEqual(reply.answer, [])
                        continue
                    self.check(clients.seen_by_us(reply), rcode, ad, errors)
                    self.assertEqual(clients.seen_by_us(reply), reference)
                    self.assertFalse(reply.tc)
                    self.check_padding(transport, asked.edns, reply.size, clients.is_padded(reply))

    def check_padding(self, transport, edns, size, is_padded):
        self.assertEqual(is_padded, edns and transport in ENCRYPTED)
        if is_padded:
            self.assertEqual(size % PADDING_BLOCK, 0)

    def same_answer_to(self, client, table, ask):
        for asked, rcode, ad, errors, is_large in TABLE:
            reference = None
            for transport in self.transports_of(self.vouchd, client, table):
                with self.subTest(asked=str(asked), transport=transport, client=client):
                    text = ask(self.server, transport, asked)
                    self.assertIsNotNone(text.rcode, text.text)
                    seen = text.seen()
                    if transport == "udp" and is_large:
                        self.assertIn("tc", seen.flags)
                        continue
                    self.check(seen, rcode, ad, errors)
                    self.assertNotIn("tc", seen.flags)
                    reference = reference or seen
                    self.assertEqual(seen, reference)
                    self.check_padding(transport, asked.edns, text.size, text.is_padded)
                    if transport == "quic":
                        self.assertEqual(text.number, 0)  # RFC 9250 section 4.2.1

    def test_same_answer_to_kdig(self):
        self.need("kdig")
        self.same_answer_to("kdig", clients.KDIG, clients.ask_with_kdig)

    def test_same_answer_to_dig(self):
        self.need("dig")
        if "+[no]https" not in run(["dig", "-h"])[1]:
            Skipped.note("this dig is too old for TLS")
            self.skipTest("this dig is too old for TLS")
        self.same_answer_to("dig", clients.DIG, clients.ask_with_dig)

    def test_over_ipv6(self):
        if not self.vouchd.ipv6:
            self.skipTest("no IPv6 here")
        server = server_of(self.vouchd, "::1")
        for transport in self.raw_transports(self.vouchd):
            with self.subTest(transport=transport):
                reply = clients.ask(server, transport, question(SECURE_NAME, do=True))
                self.assertTrue(reply and reply.ad)
        for transport in self.transports_of(self.vouchd, "kdig", clients.KDIG):
            with self.subTest(transport=transport, client="kdig"):
                text = clients.ask_with_kdig(server, transport, Question(SECURE_NAME, do=True))
                self.assertEqual(text.rcode, "NOERROR", text.text)

    def test_odd_queries(self):
        for name, (message, rcodes) in ODD.items():
            reference = None
            for transport in self.raw_transports(self.vouchd):
                if transport == "http3" and rcodes is None:
                    continue  # gtlsclient does not tell silence from a status
                with self.subTest(query=name, transport=transport):
                    if rcodes is None:
                        self.expect_no_answer(transport, message)
                        continue
                    reply = clients.ask(self.server, transport, message)
                    self.assertIsNotNone(reply)
                    self.assertIn(reply.rcode, rcodes)
                    self.assertTrue(reply.flags & 0x8000)
                    seen = clients.seen_by_us(reply)
                    reference = reference or seen
                    self.assertEqual((seen.rcode, seen.flags, seen.data), (reference.rcode, reference.flags, reference.data))

    def expect_no_answer(self, transport, message):
        try:
            RAW[transport](self.server, message, None, 1)
        except HttpStatus as status:
            self.assertGreaterEqual(status.response.status, 400)
        except OSError:
            pass
        else:
            self.fail("it was answered")

    def test_a_message_too_short_to_answer(self):
        for transport in self.raw_transports(self.vouchd):
            if transport != "http3":
                with self.subTest(transport=transport):
                    self.expect_no_answer(transport, b"\0" * 11)
        self.assertTrue(self.vouchd.is_running())

    def test_keepalive_where_it_may_be(self):
        """RFC 7828: over TCP and TLS, to those who ask; not over UDP (section 3.2.1), nor where another layer keeps alive."""
        asking = question(SECURE_NAME, options=option(KEEPALIVE_OPTION))
        for transport in self.raw_transports(self.vouchd):
            with self.subTest(transport=transport):
                reply = clients.ask(self.server, transport, asking)
                self.assertEqual(clients.keepalive_of(reply), IDLE_TENTHS.get(transport))
                self.assertIsNone(clients.keepalive_of(clients.ask(self.server, transport, question(SECURE_NAME))))

    def test_keepalive_is_an_error_over_quic(self):
        """RFC 9250 section 5.5.2: DOQ_PROTOCOL_ERROR."""
        self.need("kdig")
        self.need_served(self.vouchd, "quic")
        told = clients.ask_with_kdig(self.server, "quic", Question(SECURE_NAME), more=["+ednsopt=11", "+timeout=2"])
        self.assertIsNone(told.rcode, told.text)
        self.assertEqual(clients.ask_with_kdig(self.server, "quic", Question(SECURE_NAME)).rcode, "NOERROR")

    def test_many_questions_on_one_connection(self):
        names = [f"n{i}.wild.nsec." for i in range(60)]
        for transport in ("tcp", "tls"):
            with self.subTest(transport=transport):
                with self.open(transport) as stream:
                    self.pipeline(stream, names)
        if self.is_served(self.vouchd, "https"):
            connection = self.server.open_http2()
            numbers = [connection.start("GET", f"/dns-query?dns={clients.dns_parameter(question(name))}") for name in names]
            for number in numbers:
                response = connection.response(number, PATIENCE)
                self.assertEqual(response.status, 200)
                self.assertEqual(dns_message.parse(response.body).rcode, "NOERROR")
            connection.close()

    def open(self, transport):
        if transport == "tls":
            return self.server.open_tls(self.server.ports["tls"], self.server.context("dot"))
        return dns_message.connect("127.0.0.1", self.server.ports["tcp"], PATIENCE)

    def pipeline(self, stream, names):
        messages = {number: question(name, number=number) for number, name in enumerate(names)}
        stream.settimeout(PATIENCE)
        stream.sendall(b"".join(struct.pack(">H", len(message)) + message for message in messages.values()))
        for _ in names:
            octets = dns_message.receive_all(stream, struct.unpack(">H", dns_message.receive_all(stream, 2))[0])
            reply = dns_message.parse(octets)
            self.assertEqual(reply.rcode, "NOERROR")
            self.assertIsNotNone(messages.pop(reply.number, None))
        self.assertEqual(messages, {})

    def test_message_in_many_records_and_many_in_one(self):
        with self.open("tls") as stream:
            message = question(SECURE_NAME)
            for octet in struct.pack(">H", len(message)) + message:
                stream.sendall(bytes([octet]))
            stream.settimeout(PATIENCE)
            length = struct.unpack(">H", dns_message.receive_all(stream, 2))[0]
            self.assertEqual(dns_message.parse(dns_message.receive_all(stream, length)).rcode, "NOERROR")

    def test_http_lifetimes_and_types(self):
        """RFC 8484 section 5.1: no answer may be kept longer by HTTP than by DNS."""
        self.need_served(self.vouchd, "https")
        connection = self.server.open_http2()
        for asked, *_ in TABLE:
            with self.subTest(asked=str(asked)):
                for how in (clients.get, clients.post):
                    response = how(connection, asked.message(number=0))
                    self.assertEqual(response.status, 200)
                    self.assertEqual(response.headers["content-type"], "application/dns-message")
                    self.assertEqual(int(response.headers["content-length"]), len(response.body))
                    self.assertNotIn("server", response.headers)
                    if self.vouchd.serves("http3"):  # RFC 7838: where it is
                        self.assertEqual(response.headers["alt-svc"], f'h3=":{self.server.ports["http3"]}"')
                    reply = dns_message.parse(response.body)
                    max_age = int(re.fullmatch(r"max-age=(\d+)", response.headers["cache-control"]).group(1))
                    lifetimes = [record.ttl for record in (reply.answer or reply.authority)]
                    self.assertLessEqual(max_age, min(lifetimes, default=0))
                    if reply.answer and reply.rcode == "NOERROR" and min(lifetimes) > 0:
                        self.assertGreater(max_age, 0)
        connection.close()

    def test_every_misuse_has_its_status(self):
        self.need_served(self.vouchd, "https")
        connection = self.server.open_http2()
        for status, method, path, fields, body in MISUSE:
            with self.subTest(method=method, path=path[:60], fields=fields[:2], octets=len(body or b"")):
                response = connection.request(method, path, *fields, body=body)
                self.assertEqual(response.status, status)
                if status == 200:
                    self.assertEqual(dns_message.parse(response.body).rcode, "NOERROR")
                else:
                    self.assertNotEqual(response.headers["content-type"], "application/dns-message")
                    self.assertEqual("allow" in response.headers, status == 405)
        connection.close()

    def test_certificates_are_worth_checking(self):
        self.need("kdig")
        right = Question(SECURE_NAME)
        other_ca = self.folder / "other.pem"
        self.need("openssl")
        make_pair(other_ca, self.folder / "other.key", "other.lab")
        for transport in ("tls", "https-post", "quic"):
            if not self.is_served(self.vouchd, transport):
                continue
            with self.subTest(transport=transport):
                for name in ("dns.lab", "localhost"):
                    trust = [f"+tls-ca={self.server.ca}", f"+tls-hostname={name}"]
                    self.assertEqual(clients.ask_with_kdig(self.server, transport, right, trust=trust).rcode, "NOERROR")
                for trust in ([f"+tls-ca={self.server.ca}", "+tls-hostname=wrong.lab"],
                              [f"+tls-ca={other_ca}", "+tls-hostname=dns.lab"]):
                    told = clients.ask_with_kdig(self.server, transport, right, trust=trust)
                    self.assertIsNone(told.rcode, told.text)

    def test_versions_and_suites(self):
        warnings.simplefilter("ignore", DeprecationWarning)  # that the old versions are old is the point
        for port in [self.server.ports[t] for t in ("tls", "https") if self.is_served(self.vouchd, t)]:
            context = self.server.context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with self.server.open_tls(port, context) as stream:
                self.assertEqual(stream.version(), "TLSv1.2")
                self.assertIn("ECDHE", stream.cipher()[0])
            with self.server.open_tls(port, self.server.context()) as stream:
                self.assertEqual(stream.version(), "TLSv1.3")
            for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
                context = self.server.context()
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.minimum_version = context.maximum_version = old
                with self.assertRaises(OSError):
                    self.server.open_tls(port, context).close()
            context = self.server.context()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("AES128-SHA256:AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")
            with self.assertRaises(OSError):
                self.server.open_tls(port, context).close()

    def test_protocols_by_name(self):
        for transport, offered, chosen in (("tls", ("dot",), "dot"), ("tls", ("h2", "dot"), "dot"), ("tls", (), None),
                                           ("https", ("h2",), "h2"), ("https", ("http/1.1", "h2"), "h2")):
            if self.is_served(self.vouchd, transport):
                with self.subTest(transport=transport, offered=offered):
                    with self.server.open_tls(self.server.ports[transport], self.server.context(*offered)) as stream:
                        self.assertEqual(stream.selected_alpn_protocol(), chosen)

    def test_sessions_are_resumed_whatever_worker_gets_them(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.server.context("dot")
            context.maximum_version = context.minimum_version = version
            with self.server.open_tls(self.server.ports["tls"], context) as first:
                self.assertFalse(first.session_reused)
                dns_message.ask_on(first, question(SECURE_NAME))
                session = first.session
            for _ in range(12):
                with self.server.open_tls(self.server.ports["tls"], context, session=session) as again:
                    self.assertTrue(again.session_reused)
                    self.assertEqual(dns_message.parse(dns_message.ask_on(again, question(SECURE_NAME))).rcode, "NOERROR")
                    session = again.session
        self.assertGreaterEqual(self.vouchd.statistics()["tls_resumed"], 24)

    def test_gnutls_resumes(self):
        self.need("gnutls-cli")
        _, said = run(["gnutls-cli", "--resume", "--waitresumption", f"--x509cafile={self.server.ca}", "--verify-hostname=dns.lab",
                       "--sni-hostname=dns.lab", "--alpn=dot", "-p", str(self.server.ports["tls"]), "127.0.0.1"])
        self.assertIn("This is a resumed session", said)

    def test_curl_resolves_by_it(self):
        self.need("curl")
        self.need_served(self.vouchd, "https")
        response = self.folder / "answer"
        url = f"https://dns.lab:{self.server.ports['https']}/dns-query"
        common = ["curl", "--silent", "--show-error", "--fail", "--cacert", str(self.server.ca), "--resolve",
                  f"dns.lab:{self.server.ports['https']}:127.0.0.1", "--output", str(response)]
        message = self.folder / "query"
        message.write_bytes(question(SECURE_NAME, number=0))
        for more in ([f"{url}?dns={clients.dns_parameter(message.read_bytes())}"],
                     ["-H", "content-type: application/dns-message", "--data-binary", f"@{message}", url]):
            status, said = run(common + more)
            self.assertEqual(status, 0, said)
            self.assertEqual(dns_message.parse(response.read_bytes()).rcode, "NOERROR")
        with serve_page() as port:
            status, said = run(["curl", "--silent", "--show-error", "--fail", "--cacert", str(self.server.ca), "--doh-url",
                                f"https://localhost:{self.server.ports['https']}/dns-query",
                                f"http://somewhere.localhost.:{port}/"])
            self.assertEqual((status, said), (0, "the page"))

    def test_h2load_loses_nothing(self):
        self.need("h2load")
        self.need_served(self.vouchd, "https")
        query = question(SECURE_NAME, number=0)
        posted = self.folder / "query"
        posted.write_bytes(query)
        url = f"https://127.0.0.1:{self.server.ports['https']}/dns-query"
        for more in ([f"{url}?dns={clients.dns_parameter(query)}"],
                     ["-d", str(posted), "-H", "content-type: application/dns-message", url]):
            _, said = run(["h2load", "-n", "2000", "-c", "10", "-m", "10", *more])
            self.assertRegex(said, r"requests: 2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout")
            self.assertRegex(said, r"status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx")

    def test_dnsperf_loses_nothing(self):
        self.need("dnsperf")
        names = self.folder / "names"
        names.write_text("".join(f"{SECURE_NAME} A\n" for _ in range(2000)), encoding="ascii")
        https = f"https://localhost:{self.server.ports['https']}/dns-query"
        for transport, words in (("udp", ["-m", "udp"]), ("tcp", ["-m", "tcp"]), ("tls", ["-m", "dot"]),
                                 ("https", ["-m", "doh", "-O", f"doh-uri={https}", "-O", "doh-method=GET"]),
                                 ("https", ["-m", "doh", "-O", f"doh-uri={https}", "-O", "doh-method=POST"])):
            if not self.is_served(self.vouchd, transport):
                continue
            with self.subTest(words=words[1:]):
                _, said = run(["dnsperf", "-s", "127.0.0.1", "-p", str(self.server.ports[transport]), "-d", str(names), "-n", "1",
                               "-l", "2", "-c", "10", "-q", "100", "-t", "10", *words])
                self.assertRegex(said, r"Queries lost:\s+0 ", said)
                self.assertRegex(said, r"Queries completed:\s+[1-9]")
                self.assertRegex(said, r"Response codes:\s+NOERROR \d+ \(100\.00%\)")


if __name__ == "__main__":
    main(__doc__)
