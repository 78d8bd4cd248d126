#!/usr/bin/env python3
"""A well-behaved client beside hostile ones: asks cached names over UDP, TCP, TLS and HTTPS without pause until its standard
input ends, then says what came of it, a line for each transport: name, asked, answered, and in seconds the slowest answer on a
new connection.
A program of its own, so that whatever keeps a test busy does not keep its questions."""
import argparse
import base64
import pathlib
import socket
import ssl
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import dns_message  # noqa: E402
import http2_client  # noqa: E402

PATIENCE = 5        # seconds for an answer; later is lost
PAUSE = 0.02        # between two questions
PER_CONNECTION = 10  # questions on one connection, then a new one: newcomers must be served, too


class Asker(threading.Thread):
    def __init__(self, transport, args):
        super().__init__(daemon=True)
        self.transport, self.args = transport, args
        self.asked = self.answered = 0
        self.slowest = 0.0
        self.stream, self.left = None, 0
        self.context = ssl.create_default_context(cafile=args.ca)
        self.context.set_alpn_protocols(["h2"] if transport == "https" else ["dot"])
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.is_set():
            name = self.args.names[self.asked % len(self.args.names)]
            self.asked += 1
            self.answered += self.ask(dns_message.question(name))
            self.is_over.wait(PAUSE)
        self.close()

    def ask(self, message):
        try:
            octets = self.ask_udp(message) if self.transport == "udp" else self.ask_stream(message)
            reply = dns_message.parse(octets)
            return reply.rcode == "NOERROR" and reply.number == struct.unpack(">H", message[:2])[0]
        except (OSError, dns_message.Malformed):
            self.close()
            return False

    def ask_udp(self, message):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
            mine.bind((self.args.source, 0))
            mine.settimeout(PATIENCE)
            mine.sendto(message, (self.args.server, self.args.port))
            return mine.recv(65535)

    def ask_stream(self, message):
        if self.left > 0:
            try:
                self.left -= 1
                return self.ask_on_stream(message)
            except TimeoutError:
                raise
            except OSError:  # an idle connection may be closed at any time (RFC 7766 section 6.2.3): asked anew
                self.close()
        self.close()
        began = time.monotonic()
        self.stream = self.connect()
        self.left = PER_CONNECTION - 1
        octets = self.ask_on_stream(message)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return octets

    def ask_on_stream(self, message):
        if self.transport != "https":
            return dns_message.ask_on(self.stream, message)
        query = base64.urlsafe_b64encode(message).rstrip(b"=").decode("ascii")
        return self.stream.request("GET", f"/dns-query?dns={query}", timeout=PATIENCE).body

    def connect(self):
        port = {"tcp": self.args.port, "tls": self.args.tls_port, "https": self.args.https_port}[self.transport]
        plain = dns_message.connect(self.args.server, port, PATIENCE, self.args.source)
        if self.transport == "tcp":
            return plain
        try:
            stream = self.context.wrap_socket(plain, server_hostname="dns.lab")
            return http2_client.Connection(stream, "dns.lab") if self.transport == "https" else stream
        except OSError:
            plain.close()
            raise

    def close(self):
        if self.stream:
            self.stream.close()
        self.stream, self.left = None, 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":", maxsplit=1)[0])
    parser.add_argument("--server", default="127.0.0.1")
    parser.add_argument("--source", default="127.0.0.2")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-port", type=int, required=True)
    parser.add_argument("--https-port", type=int, help="else HTTPS is left out")
    parser.add_argument("--ca", required=True)
    parser.add_argument("names", nargs="+")
    args = parser.parse_args()
    transports = ["udp", "tcp", "tls"] + (["https"] if args.https_port else [])
    askers = [Asker(transport, args) for transport in transports]
    for asker in askers:
        asker.start()
    print("begun", flush=True)
    sys.stdin.read()
    for asker in askers:
        asker.is_over.set()
    for asker in askers:
        asker.join(2 * PATIENCE)
        print(asker.transport, asker.asked, asker.answered, f"{asker.slowest:.3f}")


if __name__ == "__main__":
    main()
