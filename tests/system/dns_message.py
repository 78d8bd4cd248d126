"""DNS messages as far as tests of a resolver need them: a question is written, a reply is read. Names come out in lower case
and whole, so that two servers' replies can be compared whatever they compress."""
import dataclasses
import random
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "NAPTR": 35, "DNAME": 39,
         "OPT": 41, "DS": 43, "RRSIG": 46, "NSEC": 47, "DNSKEY": 48, "NSEC3": 50, "NSEC3PARAM": 51, "TLSA": 52, "SVCB": 64,
         "HTTPS": 65, "ANY": 255, "CAA": 257}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 16: "BADVERS", 23: "BADCOOKIE"}
# RDATA that begins with names: how many octets come first, how many names.
NAMED = {"NS": (0, 1), "CNAME": (0, 1), "PTR": (0, 1), "DNAME": (0, 1), "MX": (2, 1), "SOA": (0, 2), "SRV": (6, 1)}
RD, AD, CD = 0x0100, 0x0020, 0x0010
DO = 0x8000        # in the OPT's flags
KEEPALIVE_OPTION, PADDING_OPTION, EDE_OPTION = 11, 12, 15  # RFC 7828, RFC 7830, RFC 8914
MAX_POINTERS = 64  # of one name; more is a loop


class Malformed(Exception):
    """The octets are no message."""


def type_number(name):
    return TYPES[name] if name in TYPES else int(name.removeprefix("TYPE"))


def type_name(number):
    return TYPE_NAMES.get(number, f"TYPE{number}")


def wire_name(name):
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def option(code, value=b""):
    """An EDNS option, for question()."""
    return struct.pack(">2H", code, len(value)) + value


def question(name, kind="A", number=None, rd=True, ad=False, cd=False, do=False, edns_size=1232, options=b""):
    """The octets of a question. edns_size None: without EDNS, unless DO is asked for."""
    number = random.randrange(65536) if number is None else number
    flags = RD * rd | AD * ad | CD * cd
    if do and edns_size is None:
        edns_size = 1232
    has_edns = edns_size is not None
    opt = b""
    if has_edns:
        opt = b"\0" + struct.pack(">HHIH", TYPES["OPT"], edns_size, DO if do else 0, len(options)) + options
    head = struct.pack(">6H", number, flags, 1, 0, 0, int(has_edns))
    return head + wire_name(name) + struct.pack(">2H", type_number(kind), 1) + opt


@dataclasses.dataclass(frozen=True)
class Record:
    owner: str
    type: str
    ttl: int
    rdata: bytes  # names in it whole and in lower case
    text: str     # presentation form of the types below, hexadecimal of others


@dataclasses.dataclass
class Reply:
    number: int
    flags: int
    rcode: str
    answer: list
    authority: list
    additional: list
    has_edns: bool
    do: bool
    ede: list      # (INFO-CODE, EXTRA-TEXT)
    options: list  # (code, value), all of them
    size: int      # octets

    aa = property(lambda self: bool(self.flags & 0x0400))
    ad = property(lambda self: bool(self.flags & AD))
    cd = property(lambda self: bool(self.flags & CD))
    tc = property(lambda self: bool(self.flags & 0x0200))
    ra = property(lambda self: bool(self.flags & 0x0080))

    def data(self):
        """What was answered, without signatures, in an order of its own."""
        return sorted((record.type, record.text) for record in self.answer if record.type != "RRSIG")

    def signed(self):
        return any(record.type == "RRSIG" for record in self.answer)

    def has_signatures_or_proofs(self):
        return any(record.type in ("RRSIG", "NSEC", "NSEC3") for record in self.answer + self.authority + self.additional)


class _Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, count):
        if self.at + count > len(self.octets):
            raise Malformed("ends too soon")
        self.at += count
        return self.octets[self.at - count:self.at]

    def numbers(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))

    def labels(self):
        labels, back, jumps = [], None, 0
        while True:
            length = self.take(1)[0]
            if length >= 0xc0:
                target = (length & 0x3f) << 8 | self.take(1)[0]
                back = self.at if back is None else back
                jumps += 1
                if jumps > MAX_POINTERS:
                    raise Malformed("a loop of pointers")
                self.at = target
            elif length == 0:
                break
            else:
                labels.append(self.take(length).lower())
        if back is not None:
            self.at = back
        return labels

    def record(self):
        owner = _name_text(self.labels())
        number, klass, ttl, length = self.numbers("HHIH")
        end = self.at + length
        kind = type_name(number)
        rdata = self.rdata(kind, end) if kind in NAMED else self.take(length)
        if self.at != end:
            raise Malformed("RDATA of another length")
        return Record(owner, kind, ttl, rdata, _text(kind, rdata)), klass

    def rdata(self, kind, end):
        first, names = NAMED[kind]
        out = self.take(first)
        for _ in range(names):
            out += b"".join(bytes([len(label)]) + label for label in self.labels()) + b"\0"
        return out + self.take(end - self.at) if end >= self.at else out


def _name_text(labels):
    def shown(label):
        return "".join(chr(c) if 33 <= c <= 126 and chr(c) not in '.\\"();@$' else f"\\{c:03d}" for c in label)
    return "".join(shown(label) + "." for label in labels) or "."


def _text(kind, rdata):
    if kind == "A" and len(rdata) == 4:
        return socket.inet_ntop(socket.AF_INET, rdata)
    if kind == "AAAA" and len(rdata) == 16:
        return socket.inet_ntop(socket.AF_INET6, rdata)
    if kind in ("NS", "CNAME", "PTR", "DNAME"):
        return _name_text(_Reader(rdata).labels())
    if kind == "MX":
        return f"{rdata[0] << 8 | rdata[1]} {_name_text(_Reader(rdata[2:]).labels())}"
    return rdata.hex()


def parse(octets):
    reader = _Reader(octets)
    number, flags, questions, *counts = reader.numbers("6H")
    for _ in range(questions):
        reader.labels()
        reader.numbers("2H")
    sections, rcode, has_edns, do, options = [], flags & 15, False, False, []
    for count in counts:
        records = []
        for _ in range(count):
            start = reader.at
            record, klass = reader.record()
            if record.type != "OPT":
                records.append(record)
                continue
            if start == 0 or has_edns:
                raise Malformed("two OPTs")
            has_edns, do, rcode = True, bool(record.ttl & DO), rcode | (record.ttl >> 24) << 4
            options = _options_of(record.rdata)
        sections.append(records)
    if reader.at != len(octets):
        raise Malformed("octets left over")
    ede = [(struct.unpack(">H", value[:2])[0], value[2:].decode("ascii", "replace"))
           for code, value in options if code == EDE_OPTION and len(value) >= 2]
    return Reply(number, flags, RCODES.get(rcode, str(rcode)), *sections, has_edns, do, ede, options, len(octets))


def _options_of(rdata):
    found, reader = [], _Reader(rdata)
    while reader.at < len(rdata):
        code, length = reader.numbers("2H")
        found.append((code, reader.take(length)))
    return found


def receive_all(stream, count):
    octets = b""
    while len(octets) < count:
        more = stream.recv(count - len(octets))
        if not more:
            raise OSError("closed")
        octets += more
    return octets


def connect(address, port, timeout, source=None):
    return socket.create_connection((address, port), timeout, source_address=(source, 0) if source else None)


def ask_on(stream, message):
    """The reply to a message, behind its length, on a connection of whatever kind."""
    stream.sendall(struct.pack(">H", len(message)) + message)
    return receive_all(stream, struct.unpack(">H", receive_all(stream, 2))[0])


def ask_tcp(address, port, message, timeout, source=None):
    with connect(address, port, timeout, source) as stream:
        return ask_on(stream, message)


def ask_udp(address, port, message, timeout, source=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as mine:
        mine.settimeout(timeout)
        if source:
            mine.bind((source, 0))
        mine.connect((address, port))
        mine.send(message)
        while True:
            octets = mine.recv(65535)
            if octets[:2] == message[:2]:
                return octets


def ask(address, port, name, kind="A", transport="udp", timeout=8, **how):
    """A Reply, or None when nothing (readable) came. Over UDP a truncated reply is followed by TCP, as clients do."""
    message = question(name, kind, **how)
    try:
        octets = (ask_tcp if transport == "tcp" else ask_udp)(address, port, message, timeout)
        reply = parse(octets)
        if reply.tc and transport == "udp":
            reply = parse(ask_tcp(address, port, message, timeout))
        return reply
    except (OSError, Malformed):
        return None
