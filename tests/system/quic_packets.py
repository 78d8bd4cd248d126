"""QUIC packets (RFC 9000, RFC 9001) as a client's first flight has them, made by hand so that a test may make them wrong. The
cipher is OpenSSL's, through ctypes, as Python itself offers none."""
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import struct

VERSION_1 = 1
INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)  # long header packet types of version 1
LEAST_DATAGRAM = 1200                           # RFC 9000 section 14.1
INITIAL_SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")  # RFC 9001 section 5.2
TAG = 16
PADDING, PING, ACK, CRYPTO_FRAME, NEW_TOKEN, CONNECTION_CLOSE = 0, 1, 2, 6, 7, 0x1c


def _library():
    name = ctypes.util.find_library("crypto")
    if not name:
        return None
    library = ctypes.CDLL(name)
    for function in ("EVP_CIPHER_CTX_new", "EVP_aes_128_gcm", "EVP_aes_128_ecb"):
        getattr(library, function).restype = ctypes.c_void_p
    return library


CRYPTO = _library()  # None: no protected packet can be made here


def _encrypt(cipher, key, nonce, text, associated=None):
    """With a tag behind it if there is associated data."""
    context = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    out, length = ctypes.create_string_buffer(len(text) + TAG), ctypes.c_int()
    try:
        done = CRYPTO.EVP_EncryptInit_ex(context, ctypes.c_void_p(cipher()), None, key, nonce)
        if associated is None:
            done &= CRYPTO.EVP_CIPHER_CTX_set_padding(context, 0)
        else:
            done &= CRYPTO.EVP_EncryptUpdate(context, None, ctypes.byref(length), associated, len(associated))
        done &= CRYPTO.EVP_EncryptUpdate(context, out, ctypes.byref(length), text, len(text))
        written = length.value
        done &= CRYPTO.EVP_EncryptFinal_ex(context, ctypes.byref(out, written), ctypes.byref(length))
        tag = ctypes.create_string_buffer(TAG)
        if associated is not None:
            done &= CRYPTO.EVP_CIPHER_CTX_ctrl(context, 0x10, TAG, tag)  # EVP_CTRL_AEAD_GET_TAG
        if done != 1:
            raise RuntimeError("OpenSSL does not encrypt")
        return out.raw[:written] + (tag.raw if associated is not None else b"")
    finally:
        CRYPTO.EVP_CIPHER_CTX_free(context)


def _expand(secret, label, length):
    """HKDF-Expand-Label (RFC 8446 section 7.1) of at most one hash's length."""
    name = b"tls13 " + label
    info = struct.pack(">HB", length, len(name)) + name + b"\0"
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:length]


def client_keys(destination_id):
    """(key, iv, header protection key) of a client's Initial packets."""
    initial = hmac.new(INITIAL_SALT, destination_id, hashlib.sha256).digest()
    client = _expand(initial, b"client in", 32)
    return _expand(client, b"quic key", 16), _expand(client, b"quic iv", 12), _expand(client, b"quic hp", 16)


def number(value):
    """A variable-length integer (RFC 9000 section 16)."""
    for bits, form in ((6, ">B"), (14, ">H"), (30, ">I"), (62, ">Q")):
        if value < 1 << bits:
            size = struct.calcsize(form)
            return struct.pack(form, value | (size.bit_length() - 1) << (8 * size - 2))
    raise ValueError(value)


def long_header(kind, destination_id, source_id, version=VERSION_1, low_bits=0):
    return (bytes([0xc0 | kind << 4 | low_bits]) + struct.pack(">I", version) + bytes([len(destination_id)]) + destination_id +
            bytes([len(source_id)]) + source_id)


def initial(destination_id, frames, source_id=b"", token=b"", packet_number=0, size=LEAST_DATAGRAM, version=VERSION_1):
    """A protected Initial packet, alone in its datagram and padded to `size` (0: not padded)."""
    head = long_header(INITIAL, destination_id, source_id, version, low_bits=3) + number(len(token)) + token
    room = size - len(head) - 2 - 4 - TAG  # the length takes two octets, the packet number four
    frames = frames.ljust(room, bytes([PADDING]))
    head += struct.pack(">H", 0x4000 | 4 + len(frames) + TAG) + struct.pack(">I", packet_number)
    key, iv, protection = client_keys(destination_id)
    nonce = (int.from_bytes(iv, "big") ^ packet_number).to_bytes(12, "big")
    body = _encrypt(CRYPTO.EVP_aes_128_gcm, key, nonce, frames, head)
    mask = _encrypt(CRYPTO.EVP_aes_128_ecb, protection, None, body[:16])
    hidden = bytes(a ^ b for a, b in zip(head[-4:], mask[1:]))
    return bytes([head[0] ^ mask[0] & 0x0f]) + head[1:-4] + hidden + body


def crypto(octets, offset=0):
    return bytes([CRYPTO_FRAME]) + number(offset) + number(len(octets)) + octets


def client_hello(source_id=b"", protocols=(b"doq",), parameters=None, name=b"dns.lab"):
    """A TLS 1.3 greeting that a server goes on with."""
    def extension(kind, octets):
        return struct.pack(">2H", kind, len(octets)) + octets

    def listed(octets, form=">H"):
        return struct.pack(form, len(octets)) + octets
    if parameters is None:
        told = {0x01: number(30000), 0x04: number(1 << 20), 0x05: number(1 << 16), 0x06: number(1 << 16), 0x07: number(1 << 16),
                0x08: number(100), 0x09: number(100), 0x0f: source_id}
        parameters = b"".join(number(kind) + number(len(value)) + value for kind, value in told.items())
    extensions = [
        extension(0, listed(b"\0" + listed(name))),
        extension(10, listed(struct.pack(">2H", 29, 23))),              # groups: X25519, P-256
        extension(13, listed(struct.pack(">4H", 0x0403, 0x0804, 0x0807, 0x0401))),  # signatures
        extension(43, listed(struct.pack(">H", 0x0304), ">B")),         # TLS 1.3 alone
        extension(51, listed(struct.pack(">H", 29) + listed(os.urandom(32)))),      # a key share
        extension(0x39, parameters),
    ]
    if protocols:
        extensions.append(extension(16, listed(b"".join(listed(each, ">B") for each in protocols))))
    body = (struct.pack(">H", 0x0303) + os.urandom(32) + b"\0" + listed(struct.pack(">H", 0x1301)) + b"\x01\0" +
            listed(b"".join(extensions)))
    return b"\x01" + struct.pack(">I", len(body))[1:] + body


def first_flight(destination_id=None, source_id=None, token=b"", **hello):
    """A datagram that begins a connection as an honest client does."""
    destination_id = os.urandom(8) if destination_id is None else destination_id
    source_id = os.urandom(8) if source_id is None else source_id
    return initial(destination_id, crypto(client_hello(source_id, **hello)), source_id, token)


class LongHeader:
    """The part of a packet with a long header that is in the clear."""

    def __init__(self, octets):
        if len(octets) < 7 or not octets[0] & 0x80:
            raise ValueError("no long header")
        self.version, = struct.unpack(">I", octets[1:5])
        self.kind = octets[0] >> 4 & 3
        at = 6 + octets[5]
        self.destination_id, length = octets[6:at], octets[at]
        self.source_id = octets[at + 1:at + 1 + length]
        self.rest = octets[at + 1 + length:]

    def is_version_negotiation(self):
        return self.version == 0

    def is_retry(self):
        return self.version != 0 and self.kind == RETRY

    def retry_token(self):
        return self.rest[:-TAG]

    def offered_versions(self):
        return [version for version, in struct.iter_unpack(">I", self.rest)]
