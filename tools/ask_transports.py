#!/usr/bin/env python3
"""Asks a resolver the same questions over every transport it serves, each with a client that real people use, and prints what
came back: kdig for UDP, TCP, TLS, HTTPS (HTTP/2) and QUIC, gtlsclient for HTTP/3. Certificates are checked.

    ask_transports.py --port 5300 --tls-port 5853 --https-port 5443 --ca ca.pem --hostname dns.lab NAME=VERDICT ...

VERDICT is secure, insecure or bogus: secure must show in AD, bogus in SERVFAIL with an Extended DNS Error.
Exit status 0 if every answer is right over every transport whose client is installed, 1 if not, 2 if none is.
"""
import argparse
import base64
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

SECONDS = 10  # more than the slowest answer takes
TRANSPORTS = ("udp", "tcp", "tls", "https", "quic", "http3")
KNOT = {"udp": [], "tcp": ["+tcp"], "tls": ["+tls"], "https": ["+https"], "quic": ["+quic"]}


def run(command, **more):
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=2 * SECONDS, **more).stdout
    except subprocess.TimeoutExpired:
        return b""


class Answer:
    """rcode, AD and EDE of one reply; rcode None when there was none."""

    def __init__(self, rcode=None, ad=False, error="", data=""):
        self.rcode, self.ad, self.error, self.data = rcode, ad, error, data

    def verdict(self):
        if self.rcode == "SERVFAIL" and self.error:
            return "bogus"
        if self.rcode in ("NOERROR", "NXDOMAIN"):
            return "secure" if self.ad else "insecure"
        return self.rcode or "no answer"


def ask_with_kdig(args, name, transport):
    port = {"tls": args.tls_port, "quic": args.tls_port, "https": args.https_port}.get(transport, args.port)
    # In this order: +quic makes its settings from what has been said of TLS, and kdig 3.2 crashes over what comes later.
    secured = transport in ("tls", "https", "quic")
    trust = [f"+tls-ca={args.ca}", f"+tls-hostname={args.hostname}"] if secured else []
    text = run(["kdig", f"@{args.server}", "-p", str(port), *trust, *KNOT[transport], "+dnssec", "+noauthority", "+retry=0",
                f"+timeout={SECONDS}", name, "A"]).decode("utf-8", "replace")
    status = re.search(r"; status: ([A-Z]+)", text)
    if not status:
        return Answer()
    flags = re.search(r";; Flags:([^;]*);", text)
    told = re.search(r";; (?:EDE|Option \(15\)): *(.*)", text)
    data = re.search(r"\sA\s+([0-9.]+)\n", text)
    return Answer(status.group(1), bool(flags) and " ad" in flags.group(1), told.group(1) if told else "",
                  data.group(1) if data else "")


def query(name):
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    qname = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    opt = b"\0" + struct.pack(">HHIH", 41, 1232, 0x8000, 0)
    return struct.pack(">6H", 0, 0x0120, 1, 0, 0, 1) + qname + struct.pack(">2H", 1, 1) + opt


def end_of_name(message, at):
    while message[at] != 0:
        if message[at] >= 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def read_answer(message):
    """What kdig shows of a reply, from its octets."""
    _, flags, questions, answers, authorities, additionals = struct.unpack_from(">6H", message)
    at = 12
    for _ in range(questions):
        at = end_of_name(message, at) + 4
    data = error = ""
    for _ in range(answers + authorities + additionals):
        at = end_of_name(message, at)
        kind, _, _, length = struct.unpack_from(">HHIH", message, at)
        rdata = message[at + 10:at + 10 + length]
        at += 10 + length
        if kind == 1 and not data:
            data = ".".join(str(octet) for octet in rdata)
        while kind == 41 and len(rdata) >= 4:
            code, size = struct.unpack_from(">2H", rdata)
            if code == 15 and not error:
                error = f"{struct.unpack_from('>H', rdata, 4)[0]} {rdata[6:4 + size].decode('ascii', 'replace')}"
            rdata = rdata[4 + size:]
    rcodes = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}
    return Answer(rcodes.get(flags & 15, str(flags & 15)), bool(flags & 0x20), error, data)


def ask_over_http3(args, name):
    """gtlsclient (ngtcp2's own) is Debian's one client for HTTP/3; it checks no certificate."""
    dns = base64.urlsafe_b64encode(query(name)).rstrip(b"=").decode("ascii")
    with tempfile.TemporaryDirectory(prefix="vouch-http3-") as folder:
        run(["gtlsclient", "--quiet", "--no-quic-dump", "--no-http-dump", "--exit-on-all-streams-close", f"--timeout={SECONDS}s",
             f"--download={folder}", args.server, str(args.https_port),
             f"https://{args.hostname}:{args.https_port}{args.path}?dns={dns}"])
        for file in pathlib.Path(folder).iterdir():
            body = file.read_bytes()
            if len(body) >= 12:
                return read_answer(body)
    return Answer()


def ask(args, name, transport):
    try:
        return ask_over_http3(args, name) if transport == "http3" else ask_with_kdig(args, name, transport)
    except (IndexError, struct.error):
        return Answer("unreadable")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--server", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-port", type=int, required=True, help="TLS and QUIC")
    parser.add_argument("--https-port", type=int, required=True, help="HTTPS and HTTP/3")
    parser.add_argument("--path", default="/dns-query")
    parser.add_argument("--ca", required=True, help="whom to trust, in PEM")
    parser.add_argument("--hostname", required=True, help="what the certificate must name")
    parser.add_argument("questions", nargs="+", metavar="NAME=VERDICT")
    args = parser.parse_args()

    clients = {transport: "gtlsclient" if transport == "http3" else "kdig" for transport in TRANSPORTS}
    spoken = [transport for transport in TRANSPORTS if shutil.which(clients[transport])]
    if not spoken:
        print("Neither kdig (knot-dnsutils) nor gtlsclient (ngtcp2-client) is installed.", file=sys.stderr)
        return 2
    width = max(len(question.partition("=")[0]) for question in args.questions)
    print("  ".join(["name".ljust(width)] + [transport.ljust(9) for transport in spoken] + ["   ", "answer"]))
    wrong = 0
    for question in args.questions:
        name, _, expected = question.partition("=")
        answers = [ask(args, name, transport) for transport in spoken]
        is_right = all(answer.verdict() == expected for answer in answers) and len({a.data for a in answers}) == 1
        wrong += not is_right
        shown = answers[0].data or answers[0].error
        print("  ".join([name.ljust(width)] + [answer.verdict().ljust(9) for answer in answers] +
                        ["ok " if is_right else "NO ", shown]))
    for missing in sorted({clients[t] for t in TRANSPORTS if t not in spoken}):
        print(f"({missing} is not installed: its transports were not asked)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
