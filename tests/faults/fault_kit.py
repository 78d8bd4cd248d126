"""How a test tells a library that it has loaded into vouchd (failing_malloc.cc, failing_disk.cc) what is to fail."""
import mmap
import struct


class Faults:
    """The numbers that the library and the test share (failing_malloc.cc, failing_disk.cc)."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(32))
        with open(path, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 32)

    def _get(self, index):
        return struct.unpack_from("<q", self.shared, 8 * index)[0]

    def arm(self, left, again=0):
        struct.pack_into("<q", self.shared, 16, again)
        struct.pack_into("<q", self.shared, 8, left)

    def disarm(self):
        self.arm(0)

    @property
    def calls(self):
        return self._get(0)

    @property
    def failed(self):
        return self._get(3)
