#!/usr/bin/env python3
"""What vouchd's encrypted transports stand or fall by, on the lab: who may ask, behind a proxy or not; how a certificate is
made, renewed and refused; and resolvers that forward to it over TLS, another vouchd among them. Nothing leaves loopback.

    encryption_on_the_lab_test.py --vouchd FILE --lab FILE

Exit status 77 when something could not be tried because a program is not installed, or a transport not built in, and all the
rest went well; what it was is printed.
"""
import contextlib
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
import transport_clients as clients  # noqa: E402
from dns_message import question  # noqa: E402
from lab_kit import PATIENCE, Vouchd, free_port  # noqa: E402
from transport_cases import PLAIN_NAME, SECURE_NAME, Case, Skipped, main, make_pair, server_of  # noqa: E402
from transport_clients import Question, missing, run  # noqa: E402


def certificate_at(server, port):
    """What it presents to a new client, in DER."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with server.open_tls(port, context) as stream:
        return stream.getpeercert(binary_form=True)


def der(file):
    return ssl.PEM_cert_to_DER_cert(re.search("-----BEGIN CERTIFICATE.*?-----END CERTIFICATE-----\n",
                                              file.read_text(encoding="ascii"), re.DOTALL).group(0))


class WhoMayAsk(Case):
    def test_strangers_get_no_data_on_any_transport(self):
        vouchd = self.start_vouchd(server={"allow_from": ["127.0.0.2/32"]})
        server = server_of(vouchd)
        for transport in self.raw_transports(vouchd):
            with self.subTest(transport=transport):
                reply = clients.ask(server, transport, question(SECURE_NAME), seconds=2)
                self.assertTrue(reply is None or (reply.rcode == "REFUSED" and not reply.answer), reply)
                if transport != "http3":
                    reply = clients.ask(server, transport, question(SECURE_NAME), source="127.0.0.2")
                    self.assertEqual(reply and reply.rcode, "NOERROR")
        for transport in self.transports_of(vouchd, "kdig", clients.KDIG):
            with self.subTest(transport=transport, client="kdig"):
                told = clients.ask_with_kdig(server, transport, Question(SECURE_NAME), source="127.0.0.9", more=["+timeout=2"])
                self.assertIn(told.rcode, (None, "REFUSED"))
                told = clients.ask_with_kdig(server, transport, Question(SECURE_NAME), source="127.0.0.2")
                self.assertEqual(told.rcode, "NOERROR", told.text)
        self.assertEqual(vouchd.statistics()["tls_handshakes"], 1 + (not missing("kdig")))  # none was wasted on strangers

    def test_in_the_clear_for_a_reverse_proxy(self):
        """HTTP/2 from the first octet, and no upgrade to it from anything else."""
        self.need("curl")
        port = free_port()
        vouchd = self.start_vouchd(server={"https": {"cleartext_listen": [f"127.0.0.1@{port}"]}})
        self.need_served(vouchd, "https")
        url = f"http://127.0.0.1:{port}/dns-query?dns={clients.dns_parameter(question(SECURE_NAME, number=0))}"
        answer = self.folder / "answer"
        for words, status in ((["--http2-prior-knowledge"], "200"), (["--http2"], "400"), (["--http1.1"], "400")):
            said = run(["curl", "--silent", *words, "--output", str(answer), "--write-out", "%{http_code}", url])[1]
            self.assertEqual(said, status, words)
            if status == "200":
                self.assertEqual(dns_message.parse(answer.read_bytes()).rcode, "NOERROR")

    PROXY, OTHER = "127.0.0.3", "127.0.0.4"
    GUEST, STRANGER = "192.0.2.7", "198.51.100.7"

    @staticmethod
    def proxy_header(client, kind=0x11, command=0x21, more=b""):
        """PROXY, version 2, for TCP (0x11) or UDP (0x12) over IPv4."""
        addresses = socket.inet_aton(client) + socket.inet_aton("203.0.113.1") + struct.pack(">2H", 40000, 53) + more
        return b"\r\n\r\n\0\r\nQUIT\n" + struct.pack(">BBH", command, kind, len(addresses)) + addresses

    def ask_through(self, server, transport, source, header, seconds=PATIENCE):
        """A Reply, or None."""
        message = question(SECURE_NAME)
        port = server.ports[transport]
        try:
            if transport == "udp":
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
                    mine.settimeout(seconds)
                    mine.bind((source, 0))
                    mine.sendto(header + message, ("127.0.0.1", port))
                    return dns_message.parse(mine.recv(65535))
            with warnings.catch_warnings(), dns_message.connect("127.0.0.1", port, seconds, source) as plain:
                warnings.simplefilter("ignore", ResourceWarning)  # a handshake that fails leaves its object to the collector
                plain.sendall(header)
                if transport == "tcp":
                    return dns_message.parse(dns_message.ask_on(plain, message))
                context = server.context({"tls": "dot", "https": "h2"}[transport])
                with context.wrap_socket(plain, server_hostname=server.name) as stream:
                    if transport == "tls":
                        return dns_message.parse(dns_message.ask_on(stream, message))
                    connection = clients.http2_client.Connection(stream, server.name)
                    response = clients.post(connection, message, seconds)
                    return dns_message.parse(response.body) if response.status == 200 else None
        except (OSError, dns_message.Malformed):
            return None

    def test_behind_a_proxy(self):
        vouchd = self.start_vouchd(server={"allow_from": ["192.0.2.0/24", f"{self.OTHER}/32"],
                                           "proxy_protocol_from": [f"{self.PROXY}/32"]})
        server = server_of(vouchd)
        for transport in ("udp", "tcp", "tls", "https"):
            if not self.is_served(vouchd, transport):
                continue
            kind = 0x12 if transport == "udp" else 0x11
            headers = {
                "of a guest": (self.PROXY, self.proxy_header(self.GUEST, kind), True),
                "with a TLV": (self.PROXY, self.proxy_header(self.GUEST, kind, more=b"\x04\0\x10" + b"x" * 16), True),
                "of a stranger": (self.PROXY, self.proxy_header(self.STRANGER, kind), False),
                "for the proxy itself, which may not ask": (self.PROXY, self.proxy_header(self.GUEST, 0, command=0x20), False),
                "none": (self.PROXY, b"", False),
                "version 1": (self.PROXY, f"PROXY TCP4 {self.GUEST} 127.0.0.1 1 2\r\n".encode("ascii"), False),
                "of another": (self.OTHER, self.proxy_header(self.GUEST, kind), False),
                "none, and none due": (self.OTHER, b"", True),
                "too long": (self.PROXY, self.proxy_header(self.GUEST, kind, more=b"\x04\x07\xd0" + b"x" * 2000), False),
                "lengths that lie": (self.PROXY, self.proxy_header(self.GUEST, kind)[:-1], False),
            }
            for name, (source, header, is_served) in headers.items():
                with self.subTest(transport=transport, header=name):
                    reply = self.ask_through(server, transport, source, header, PATIENCE if is_served else 1)
                    if is_served:
                        self.assertEqual(reply and reply.rcode, "NOERROR")
                    else:
                        self.assertTrue(reply is None or not reply.answer)
        self.assertTrue(vouchd.is_running())

    def test_kdig_as_a_proxy(self):
        self.need("kdig")
        if "+[no]proxy" not in run(["kdig", "--help"])[1]:
            Skipped.note("this kdig knows no PROXY protocol")
            self.skipTest("this kdig knows no PROXY protocol")
        vouchd = self.start_vouchd(server={"allow_from": ["192.0.2.0/24"], "proxy_protocol_from": [f"{self.PROXY}/32"]})
        for transport in ("udp", "tcp"):
            for client, rcodes in ((self.GUEST, {"NOERROR"}), (self.STRANGER, {None, "REFUSED"})):
                with self.subTest(transport=transport, client=client):
                    told = clients.ask_with_kdig(server_of(vouchd), transport, Question(SECURE_NAME), source=self.PROXY,
                                                 more=[f"+proxy={client}-203.0.113.1", "+timeout=2"])
                    self.assertIn(told.rcode, rcodes, told.text)


class Certificates(Case):
    def pair(self, name="first.lab"):
        self.need("openssl")
        files = self.folder / "server.pem", self.folder / "server.key"
        make_pair(*files, name)
        return files

    def renew(self, vouchd, files, name):
        fresh = self.folder / "fresh.pem", self.folder / "fresh.key"
        make_pair(*fresh, name)
        before = vouchd.logged().count("event=certificate ")
        for new, old in zip(fresh, files):
            os.replace(new, old)
        vouchd.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + PATIENCE
        while vouchd.logged().count("event=certificate ") == before:
            self.assertLess(time.monotonic(), until, vouchd.logged())
            time.sleep(0.02)

    def presented(self, vouchd):
        """{transport: what a new client is shown}; over QUIC the key's pin, which is what kdig tells."""
        server = server_of(vouchd, name="localhost")
        return {transport: certificate_at(server, server.ports[transport])
                for transport in ("tls", "https") if self.is_served(vouchd, transport)}

    def pin_over_quic(self, vouchd):
        told = clients.ask_with_kdig(server_of(vouchd), "quic", Question(SECURE_NAME), trust=[], more=["-d"])
        found = re.search(r"SHA-256 PIN: (\S+)", told.text)
        return found and found.group(1)

    def test_renewed_without_a_restart(self):
        files = self.pair()
        vouchd = self.start_vouchd(pair=files)
        vouchd.ca = files[0]
        open_since = {}
        server = server_of(vouchd, name="first.lab")
        if self.is_served(vouchd, "https"):
            open_since["https"] = server.open_http2()
        with server.open_tls(server.ports["tls"], server.context("dot")) as stream:
            for attempt in ("second.lab", "third.lab"):
                self.renew(vouchd, files, attempt)
                self.assertEqual(set(self.presented(vouchd).values()), {der(files[0])})
                if self.is_served(vouchd, "quic") and not missing("kdig"):
                    pin = re.findall(r'event=certificate .*pin="?([^" ]+)', vouchd.logged())[-1]
                    self.assertEqual(self.pin_over_quic(vouchd), pin)
                self.assertEqual(dns_message.parse(dns_message.ask_on(stream, question(SECURE_NAME))).rcode, "NOERROR")
                if "https" in open_since:
                    self.assertEqual(clients.get(open_since["https"], question(SECURE_NAME)).status, 200)
        for connection in open_since.values():
            connection.close()

    def test_renewed_while_clients_come_and_go(self):
        files = self.pair()
        vouchd = self.start_vouchd(pair=files)
        server = server_of(vouchd, name="localhost")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        lost, asked, is_over = [], [], threading.Event()

        def come_and_go():
            while not is_over.is_set():
                try:
                    with server.open_tls(server.ports["tls"], context) as stream:
                        for _ in range(3):
                            dns_message.ask_on(stream, question(SECURE_NAME))
                            asked.append(1)
                except OSError as problem:
                    lost.append(problem)
        threads = [threading.Thread(target=come_and_go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(8):
            self.renew(vouchd, files, f"turn{turn}.lab")
        is_over.set()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(lost, [])
        self.assertGreater(len(asked), 20)

    def test_a_broken_pair_is_refused_and_the_old_one_serves_on(self):
        files = self.pair()
        vouchd = self.start_vouchd(pair=files)
        good = [file.read_bytes() for file in files]
        right = der(files[0])
        other = self.folder / "other.pem", self.folder / "other.key"
        make_pair(*other, "other.lab")
        broken = {
            "a key of another": (good[0], other[1].read_bytes()),
            "no certificate": (b"", good[1]),
            "a certificate cut short": (good[0][:300], good[1]),
            "garbage": (os.urandom(500), os.urandom(500)),
            "no key": (good[0], b""),
            "both files gone": None,
        }
        for name, pair in broken.items():
            with self.subTest(pair=name):
                for file, octets in zip(files, pair or (None, None)):
                    if octets is None:
                        file.unlink()
                    else:
                        file.write_bytes(octets)
                before = vouchd.logged().count("event=certificate_kept")
                vouchd.process.send_signal(signal.SIGHUP)
                until = time.monotonic() + PATIENCE
                while vouchd.logged().count("event=certificate_kept") == before and time.monotonic() < until:
                    time.sleep(0.02)
                said = [line for line in vouchd.logged().splitlines() if "event=certificate_kept" in line]
                self.assertEqual(len(said), before + 1)
                self.assertRegex(said[-1], 'problem=".{10,}"')
                self.assertEqual(set(self.presented(vouchd).values()), {right})
        for file, octets in zip(files, good):
            file.write_bytes(octets)
        self.renew(vouchd, files, "mended.lab")
        self.assertEqual(set(self.presented(vouchd).values()), {der(files[0])})

    def test_a_broken_pair_at_the_start_is_told(self):
        files = self.pair()
        files[1].write_bytes(b"")
        with self.assertRaises(RuntimeError) as told:
            folder = self.folder / "vouchd"
            folder.mkdir()
            Vouchd(self.options.vouchd, self.lab, folder, encrypted=("tls",), pair=files)
        self.assertIn(files[1].name, str(told.exception))

    def test_servers_that_share_a_secret_resume_each_others_sessions(self):
        """So does one after its restart; without a secret of theirs, none."""
        secret = self.folder / "tickets"
        secret.write_bytes(os.urandom(64))
        secret.chmod(0o600)
        told = {"tls": {"ticket_secret_file": secret}}
        one, two = (self.start_vouchd(name, encrypted=("tls",), server=told) for name in ("one", "two"))
        stranger = self.start_vouchd("stranger", encrypted=("tls",))
        context = server_of(one).context("dot")
        with server_of(one).open_tls(one.ports["tls"], context) as stream:
            dns_message.ask_on(stream, question(SECURE_NAME))
            session = stream.session
        self.assertEqual(one.stop(), 0)
        one.start()
        for vouchd, is_resumed in ((two, True), (one, True), (stranger, False)):
            with server_of(vouchd).open_tls(vouchd.ports["tls"], context, session=session) as stream:
                self.assertEqual(stream.session_reused, is_resumed)
                self.assertEqual(dns_message.parse(dns_message.ask_on(stream, question(SECURE_NAME))).rcode, "NOERROR")

    def test_without_a_pair_it_makes_its_own(self):
        vouchd = self.start_vouchd(pair=False)
        pin = vouchd.wait_for_log(r'event=certificate .*pin="?([^" ]+)').group(1)
        self.assertIn("self_signed=yes", vouchd.logged())
        self.need("kdig")
        server = server_of(vouchd)
        for transport in ("tls", "https-post", "quic"):
            if self.is_served(vouchd, transport):
                with self.subTest(transport=transport):
                    told = clients.ask_with_kdig(server, transport, Question(SECURE_NAME), trust=[f"+tls-pin={pin}"])
                    self.assertEqual(told.rcode, "NOERROR", told.text)
                    wrong = "A" * 43 + "="
                    told = clients.ask_with_kdig(server, transport, Question(SECURE_NAME), trust=[f"+tls-pin={wrong}"])
                    self.assertIsNone(told.rcode, told.text)
        keys = [file for file in vouchd.folder.iterdir() if file.suffix in (".key", ".secret") or "key" in file.name]
        self.assertTrue(keys)
        for file in keys:
            self.assertEqual(file.stat().st_mode & 0o077, 0, file)
        self.assertEqual(vouchd.stop(), 0)
        vouchd.start()
        self.assertEqual(set(re.findall(r'event=certificate .*pin="?([^" ]+)', vouchd.logged())), {pin})


class Forwarders(Case):
    NAMES = [(SECURE_NAME, "NOERROR"), (PLAIN_NAME, "NOERROR"), ("text.large.nsec.", "NOERROR"), ("missing.alg8.nsec.", "NXDOMAIN"),
             ("www.rrsig-expired.nsec3.", "SERVFAIL")] + [(f"f{i}.wild.nsec.", "NOERROR") for i in range(40)]

    def ask_all(self, port):
        for name, rcode in self.NAMES:
            kind = "TXT" if name.startswith("text.") else "A"
            reply = dns_message.ask("127.0.0.1", port, name, kind, timeout=clients.SECONDS, do=True)
            with self.subTest(name=name):
                self.assertEqual(reply and reply.rcode, rcode)

    @staticmethod
    def answers(port):
        return lambda: dns_message.ask("127.0.0.1", port, "localhost.", timeout=0.5) is not None

    def test_unbound_forwards_to_it(self):
        self.need("unbound")
        vouchd = self.start_vouchd()
        port = free_port()
        file = self.folder / "unbound.conf"
        file.write_text(f"""server:
  interface: 127.0.0.1
  port: {port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{self.folder}"
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  num-threads: 1
  module-config: "validator iterator"
  trust-anchor-file: "{self.lab.folder}/root.anchors"
  tls-cert-bundle: "{vouchd.ca}"
  do-ip6: no
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@{vouchd.ports['tls']}#dns.lab
""", encoding="utf-8")
        self.start(["unbound", "-d", "-c", str(file)], self.answers(port))
        self.ask_all(port)
        told = vouchd.statistics()
        self.assertGreater(told["queries_encrypted"], 10)  # it makes some answers by itself, from proofs
        self.assertEqual(told["queries_udp"], 0)

    def test_stubby_forwards_to_it(self):
        self.need("stubby")
        vouchd = self.start_vouchd()
        port = free_port()
        file = self.folder / "stubby.yml"
        file.write_text(f"""resolution_type: GETDNS_RESOLUTION_STUB
dns_transport_list: [GETDNS_TRANSPORT_TLS]
tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
tls_query_padding_blocksize: 128
tls_ca_file: "{vouchd.ca}"
edns_client_subnet_private: 1
idle_timeout: 9000
listen_addresses: [127.0.0.1@{port}]
upstream_recursive_servers:
  - address_data: 127.0.0.1
    tls_port: {vouchd.ports['tls']}
    tls_auth_name: "dns.lab"
""", encoding="utf-8")
        self.start(["stubby", "-C", str(file)], self.answers(port))
        self.ask_all(port)
        told = vouchd.statistics()
        self.assertGreaterEqual(told["queries_encrypted"], len(self.NAMES))
        self.assertEqual(told["queries_udp"], 0)

    def forward(self, vouchd, port, name, more=""):
        """Another vouchd that asks this one for everything, over TLS."""
        zone = f"{{zone: ., servers: ['127.0.0.1@{port}'], tls: true, tls_name: {name}{more}}}"
        file = self.folder / "check.yaml"
        lines = f"forward: {{zones: [{zone}]}}\n"
        file.write_text(lines + f"outgoing: {{tls_ca_file: '{vouchd.ca}'}}\n", encoding="utf-8")
        status, said = run([self.options.vouchd, "--config", str(file), "--check-config"])
        if status != 0:
            Skipped.note("this vouchd does not forward over TLS: " + said.splitlines()[0])
            self.skipTest("this vouchd does not forward over TLS")
        front = self.start_vouchd(f"front-{name}", encrypted=(), more=lines)
        text = front.file.read_text(encoding="utf-8").replace("outgoing: {", f"outgoing: {{tls_ca_file: '{vouchd.ca}', ")
        self.assertEqual(front.stop(), 0)
        front.file.write_text(text, encoding="utf-8")
        front.start()
        return front

    def test_vouchd_forwards_to_vouchd(self):
        vouchd = self.start_vouchd()
        with Wire(vouchd.ports["tls"]) as wire:
            front = self.forward(vouchd, wire.port, "dns.lab")
            self.ask_all(front.port)
            told = vouchd.statistics()
            self.assertGreater(told["queries_encrypted"], 10)  # it makes some answers by itself, from proofs
            self.assertEqual(told["queries_udp"] + told["queries_tcp"], 0)
            self.assertEqual(wire.datagrams, 0)
            self.assertNotIn(b"wild", wire.octets)

    def test_vouchd_tells_nothing_to_one_that_it_cannot_trust(self):
        vouchd = self.start_vouchd()
        with Wire(vouchd.ports["tls"]) as wire:
            front = self.forward(vouchd, wire.port, "other.lab")
            reply = front.reply("f1.wild.nsec.", do=True)
            self.assertEqual(reply.rcode, "SERVFAIL")
            self.assertTrue({code for code, _ in reply.ede} & {22, 23}, reply.ede)
            self.assertIn("other.lab", " ".join(text for _, text in reply.ede))
            self.assertGreater(len(wire.octets), 0)  # it tried
            self.assertEqual(wire.datagrams, 0)
            self.assertNotIn(b"wild", wire.octets)
            told = vouchd.statistics()
            self.assertEqual(told["queries_encrypted"] + told["queries_udp"] + told["queries_tcp"], 0)
            self.assertGreater(front.statistics()["upstream_untrusted"], 0)


class Wire:
    """Carries TCP connections to a port of loopback, and remembers what the clients said; counts datagrams to the same port."""

    def __init__(self, target):
        self.target, self.octets, self.datagrams = target, b"", 0
        self.port = free_port()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.bait = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.bait.bind(("127.0.0.1", self.port))

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        threading.Thread(target=self._count, daemon=True).start()
        return self

    def __exit__(self, *_):
        for each in (self.listener, self.bait):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes who waits in it
            each.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._connect, args=(self.listener.accept()[0],), daemon=True).start()

    def _connect(self, client):
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._carry, args=(server, client, False), daemon=True)
            back.start()
            self._carry(client, server, True)
            back.join()

    def _carry(self, origin, to, is_noted):
        with contextlib.suppress(OSError):
            while octets := origin.recv(65536):
                if is_noted:
                    self.octets += octets
                to.sendall(octets)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    def _count(self):
        with contextlib.suppress(OSError):
            while self.bait.recv(65536):
                self.datagrams += 1


if __name__ == "__main__":
    main(__doc__)
