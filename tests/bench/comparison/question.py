"""DNS questions in wire form; and one asked over UDP, to see whether a server is there and whether it validates."""
import os
import socket
import struct

TYPES = {"A": 1, "SOA": 6, "AAAA": 28}
ATTEMPT_SECONDS = 0.5


def wire(name, qtype, qid=b"\0\0"):
    """A query with RD=1 and without EDNS. Its id is 0 where HTTP tells queries apart (RFC 8484 section 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.strip(".").split(".") if label)
    return qid + b"\x01\0" + struct.pack(">4H", 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", TYPES[qtype], 1)


def ask(port, name, qtype="SOA", address="127.0.0.1"):
    """(rcode, number of answer records, AD) or None when no reply came. DO=1."""
    qid = os.urandom(2)
    plain = wire(name, qtype, qid)
    query = plain[:11] + b"\x01" + plain[12:] + b"\0" + struct.pack(">2HIH", 41, 1232, 0x8000, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ATTEMPT_SECONDS)
        try:
            sock.connect((address, port))
            sock.send(query)
            reply = sock.recv(4096)
        except OSError:
            return None
    if len(reply) < 12 or reply[:2] != qid or not reply[2] & 0x80:
        return None
    return reply[3] & 0x0f, struct.unpack(">H", reply[6:8])[0], bool(reply[3] & 0x20)
