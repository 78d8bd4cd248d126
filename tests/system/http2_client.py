"""HTTP/2 (RFC 9113) as far as a test of a server needs it, frame by frame, so that a test can also break its rules: requests
are written in the plainest of HPACK's forms, responses are read in all of them (RFC 7541)."""
import contextlib
import dataclasses
import select
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 0x1, 0x1, 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 1, 2, 3, 4
NO_ERROR, PROTOCOL_ERROR, FLOW_CONTROL_ERROR, ENHANCE_YOUR_CALM = 0, 1, 3, 11
FRAME_HEAD = 9
MOST_OF_A_FRAME = 16384  # what a peer may send that was told nothing else

# RFC 7541 appendix A, in order.
STATIC_TABLE = [tuple(line.split(" ", 1)) if " " in line else (line, "") for line in """\
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate""".splitlines()]

# RFC 7541 appendix B for the characters that occur in header fields, by length of their codes; within a length the codes
# follow each other.
_BY_LENGTH = {5: "012aceiost", 6: " %-./3456789=A_bdfghlmnpru", 7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz", 8: "&*,;XZ",
              10: "!\"()?", 11: "'+|", 12: "#>", 13: "\0$@[]~", 14: "^}", 15: "<`{"}


def _huffman_codes():
    codes, next_code, before = {}, 0, 5
    for length, characters in _BY_LENGTH.items():
        next_code <<= length - before
        before = length
        for character in characters:
            codes[length, next_code] = character
            next_code += 1
    return codes


HUFFMAN = _huffman_codes()


class Http2Error(OSError):
    """The server closed, said GOAWAY or sent what is no HTTP/2."""


def huffman_text(octets):
    text, code, length = "", 0, 0
    for octet in octets:
        for bit in range(7, -1, -1):
            code, length = code << 1 | octet >> bit & 1, length + 1
            if (length, code) in HUFFMAN:
                text += HUFFMAN[length, code]
                code = length = 0
    if length > 7 or code != (1 << length) - 1:
        raise Http2Error("Huffman code of an unknown character")
    return text


def hpack_number(value, prefix, flags=0):
    most = (1 << prefix) - 1
    if value < most:
        return bytes([flags | value])
    octets, value = bytearray([flags | most]), value - most
    while value >= 128:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes(octets) + bytes([value])


def hpack(fields):
    """Header fields, each a literal that no table remembers."""
    def literal(text):
        octets = text if isinstance(text, bytes) else text.encode("latin-1")
        return hpack_number(len(octets), 7) + octets
    return b"".join(b"\x00" + literal(name) + literal(value) for name, value in fields)


class HeaderReader:
    """Reads a connection's header blocks, and remembers what the server tells it to."""

    def __init__(self, most_octets=4096):
        self.dynamic, self.most_octets = [], most_octets

    def read(self, block):
        self.block, self.at, fields = block, 0, []
        while self.at < len(block):
            first = block[self.at]
            if first & 0x80:
                fields.append(self._entry(self._number(7)))
            elif first & 0x40:
                fields.append(self._literal(6))
                self.dynamic.insert(0, fields[-1])
                self._shrink()
            elif first & 0x20:
                self.most_octets = self._number(5)
                self._shrink()
            else:
                fields.append(self._literal(4))
        return fields

    def _shrink(self):
        while sum(len(name) + len(value) + 32 for name, value in self.dynamic) > self.most_octets:
            self.dynamic.pop()

    def _entry(self, index):
        table = STATIC_TABLE + self.dynamic
        if not 1 <= index <= len(table):
            raise Http2Error("no such header in the tables")
        return table[index - 1]

    def _number(self, prefix):
        most = (1 << prefix) - 1
        value, shift = self.block[self.at] & most, 0
        self.at += 1
        while value >= most:
            octet = self.block[self.at]
            self.at += 1
            value += (octet & 127) << shift
            shift += 7
            if not octet & 128:
                break
        return value

    def _text(self):
        is_huffman = self.block[self.at] & 0x80
        length = self._number(7)
        octets = self.block[self.at:self.at + length]
        self.at += length
        return huffman_text(octets) if is_huffman else octets.decode("latin-1")

    def _literal(self, prefix):
        index = self._number(prefix)
        name = self._entry(index)[0] if index else self._text()
        return name, self._text()


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *pair) for pair in pairs))


@dataclasses.dataclass
class Response:
    status: int = 0
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False
    reset: int = None  # the code of RST_STREAM


class Connection:
    """A client's side of one connection, on a socket with or without TLS beneath. Its window is as large as may be."""

    def __init__(self, stream, authority, opening=settings((ENABLE_PUSH, 0), (INITIAL_WINDOW_SIZE, 0x7fffffff))):
        self.stream, self.authority = stream, authority
        self.next_stream = 1
        self.responses = {}
        self.told = {}        # the server's SETTINGS
        self.goaway = None    # its code
        self.has_ended = False
        self._held = bytearray()
        self._reader = HeaderReader()
        self._block = None    # of a HEADERS without END_HEADERS: stream, flags, octets
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send(PREFACE + opening)

    def send(self, *frames):
        self.stream.sendall(b"".join(frames))

    def fields(self, method, path, *more):
        return [(":method", method), (":scheme", "https"), (":authority", self.authority), (":path", path), *more]

    def headers(self, method, path, *more, is_last=True):
        """The number of a new stream, and the frame that opens it."""
        number, self.next_stream = self.next_stream, self.next_stream + 2
        self.responses[number] = Response()
        return number, frame(HEADERS, END_HEADERS | (END_STREAM if is_last else 0), number,
                             hpack(self.fields(method, path, *more)))

    def start(self, method, path, *more, body=None):
        number, opening = self.headers(method, path, *more, is_last=body is None)
        frames = [opening]
        if body is not None:
            pieces = [body[at:at + MOST_OF_A_FRAME] for at in range(0, len(body), MOST_OF_A_FRAME)] or [b""]
            frames += [frame(DATA, 0, number, piece) for piece in pieces[:-1]] + [frame(DATA, END_STREAM, number, pieces[-1])]
        self.send(*frames)
        return number

    def request(self, method, path, *more, body=None, timeout=8):
        return self.response(self.start(method, path, *more, body=body), timeout)

    def response(self, number, timeout=8):
        """Reads until this response is whole. Http2Error when the server ends the connection before."""
        self.stream.settimeout(timeout)
        response = self.responses[number]
        while not response.is_whole and response.reset is None:
            self.read_frame()
        return response

    def read_frame(self):
        """Takes in one frame: (type, flags, stream, payload)."""
        head = self._take(FRAME_HEAD)
        length = int.from_bytes(head[:3], "big")
        kind, flags, number = struct.unpack(">BBI", head[3:])
        payload = self._take(length)
        self._note(kind, flags, number & 0x7fffffff, payload)
        return kind, flags, number & 0x7fffffff, payload

    def read_until_end(self, timeout):
        """Everything that comes until the server closes: True. False when it stays open and silent for so long."""
        self.stream.settimeout(timeout)
        try:
            while True:
                self.read_frame()
        except TimeoutError:
            return False
        except OSError:
            self.has_ended = True
            return True

    def is_readable(self):
        pending = getattr(self.stream, "pending", lambda: 0)()
        return bool(self._held) or pending > 0 or bool(select.select([self.stream], [], [], 0)[0])

    def close(self):
        self.stream.close()

    def _take(self, count):
        while len(self._held) < count:
            more = self.stream.recv(65536)
            if not more:
                raise Http2Error(f"closed by the server, GOAWAY {self.goaway}")
            self._held += more
        octets = bytes(self._held[:count])
        del self._held[:count]
        return octets

    def _note(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            self.told.update(struct.unpack(">HI", payload[at:at + 6]) for at in range(0, len(payload), 6))
            self._answer(frame(SETTINGS, ACK))
        elif kind == GOAWAY:
            self.goaway = struct.unpack(">2I", payload[:8])[1]
        elif kind in (HEADERS, CONTINUATION):
            self._note_headers(kind, flags, number, payload)
        elif kind == DATA and number in self.responses:
            padding = payload[0] + 1 if flags & PADDED else 0
            response = self.responses[number]
            response.body += payload[1:len(payload) - padding + 1] if padding else payload
            response.is_whole |= bool(flags & END_STREAM)
            if payload:
                self._answer(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(payload))))
        elif kind == RST_STREAM and number in self.responses:
            self.responses[number].reset = struct.unpack(">I", payload)[0]

    def _answer(self, octets):
        with contextlib.suppress(OSError):  # what the server had to say before it closed is still to be read
            self.send(octets)

    def _note_headers(self, kind, flags, number, payload):
        first = (number, flags, payload) if kind == HEADERS else self._block[:2] + (self._block[2] + payload,)
        if not flags & END_HEADERS:
            self._block = first
            return
        number, opening_flags, block = first
        fields = self._reader.read(block)  # every block, or the tables differ from then on
        response = self.responses.get(number)
        if response:
            response.headers.update(fields)
            response.status = int(response.headers.get(":status", 0))
            response.is_whole |= bool(opening_flags & END_STREAM)
