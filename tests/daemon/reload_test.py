#!/usr/bin/env python3
"""A changed configuration while vouchd serves.

    reload_test.py VOUCHD PROJECT_FOLDER
"""
import json
import os
import pathlib
import signal
import socket
import struct
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from vouchd_kit import PATIENCE, PROGRAM, Folder, Vouchd, free_port, query, udp_socket  # noqa: E402

LONGEST_QUERY = 5  # seconds: what no query outlives (Budget::kTime)


class Reload(Folder):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.path = self.say("192.0.2.1")
        self.vouchd = Vouchd(self.path)
        self.addCleanup(self.vouchd.__exit__)
        self.vouchd.wait_for("event=ready")

    def say(self, address, port=None, more=""):
        """Writes the configuration, in which printer.test has this address."""
        records = f"local_data: {{records: ['printer.test. 60 IN A {address}']}}\n"
        return self.write(self.root.configuration(port or self.port, records + more))

    def reload(self, event="reloaded"):
        self.vouchd.process.send_signal(signal.SIGHUP)
        return self.vouchd.wait_for(f"event={event}")

    def reply(self, name="printer.test", port=None, seconds=PATIENCE):
        with udp_socket() as client:
            client.settimeout(seconds)
            client.sendto(query(name), ("127.0.0.1", port or self.port))
            try:
                return client.recv(4096)
            except TimeoutError:
                return None

    def address(self, **how):
        octets = self.reply(**how)
        return socket.inet_ntoa(octets[-4:]) if octets and octets[7] == 1 else None

    def test_a_change_is_taken_and_told(self):
        self.assertEqual("192.0.2.1", self.address())
        self.say("192.0.2.2")
        self.assertIn("changed=local_data.records ", self.reload())
        self.assertEqual("192.0.2.2", self.address())
        self.assertEqual(0, self.vouchd.end())

    def test_a_mistake_changes_nothing_and_is_told_with_its_line(self):
        self.say("192.0.2.2", more="cache: {prefetch: maybe}\n")
        line = self.reload("reload_refused")
        last = len(pathlib.Path(self.path).read_text(encoding="utf-8").splitlines())
        self.assertIn(f"{self.path}:{last}:19: cache.prefetch", line)
        self.assertIn("the old configuration goes on", line)
        self.assertEqual("192.0.2.1", self.address())
        self.write("")  # as an editor leaves it for a moment
        self.assertIn("is empty", self.reload("reload_refused"))
        self.assertEqual("192.0.2.1", self.address())
        os.remove(self.path)
        self.assertIn("cannot be read", self.reload("reload_refused"))
        self.assertEqual("192.0.2.1", self.address())
        self.say("192.0.2.3")
        self.reload()
        self.assertEqual("192.0.2.3", self.address())

    def test_what_needs_a_restart_is_told_and_stays(self):
        self.say("192.0.2.2", more="cache: {size: 20M}\n")
        self.assertIn("need_restart=cache.size", self.reload())
        self.assertEqual("192.0.2.2", self.address())

    def test_listeners_come_and_go(self):
        other = free_port()
        both = self.root.configuration(self.port).replace(f"'127.0.0.1:{self.port}'",
                                                          f"'127.0.0.1:{self.port}', '127.0.0.1:{other}'")
        self.write(both)
        self.assertIn("changed=server.listen", self.reload())
        for port in (self.port, other):
            self.assertIsNotNone(self.reply("localhost", port))
        with socket.create_connection(("127.0.0.1", other), PATIENCE) as stream:
            self.say("192.0.2.1", other)  # the first goes
            self.reload()
            self.assertEqual("192.0.2.1", self.address(port=other))
            message = query("printer.test")
            stream.sendall(struct.pack(">H", len(message)) + message)  # a connection of before goes on
            self.assertEqual(b"\xc0\x00\x02\x01", stream.recv(4096)[-4:])
        self.say("192.0.2.1", self.port)  # and comes back, while the old socket may still be open
        self.reload()
        self.assertEqual("192.0.2.1", self.address())
        until = time.monotonic() + PATIENCE
        while self.reply("printer.test", other, 0.2) is not None:
            self.assertLess(time.monotonic(), until, "a listener that was given up still answers")
            time.sleep(0.2)
        self.assertEqual("192.0.2.1", self.address())
        self.assertEqual(0, self.vouchd.end())

    def test_an_address_that_is_taken_refuses_it_all(self):
        with udp_socket() as taken:
            port = taken.getsockname()[1]
            text = self.root.configuration(self.port).replace(f"'127.0.0.1:{self.port}'",
                                                              f"'127.0.0.1:{self.port}', '127.0.0.1:{port}'")
            self.write(text)
            self.assertIn("Address already in use", self.reload("reload_refused"))
        self.assertEqual("192.0.2.1", self.address())
        self.say("192.0.2.2")
        self.reload()
        self.assertEqual("192.0.2.2", self.address())

    def test_the_first_encrypted_listener_waits_for_a_restart(self):
        port = free_port()
        text = self.root.configuration(self.port).replace("server: {", f"server: {{tls: {{listen: ['127.0.0.1:{port}']}}, ")
        self.write(text)
        self.assertIn("need_restart=server.tls.listen", self.reload())
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()

    def test_who_may_ask_changes(self):
        self.assertIsNotNone(self.reply("localhost"))
        self.write(self.root.configuration(self.port).replace("server: {", "server: {allow_from: [192.0.2.0/24], "))
        self.assertIn("changed=server.allow_from", self.reload())
        self.assertIsNone(self.reply("localhost", seconds=0.5))
        self.say("192.0.2.1")
        self.reload()
        self.assertIsNotNone(self.reply("localhost"))

    def test_a_query_under_way_is_answered(self):
        with udp_socket() as client:
            client.settimeout(PATIENCE)
            client.sendto(query("www.example", 99), ("127.0.0.1", self.port))
            self.root.socket.recv(65535)  # which will not answer
            for number in range(2, 12):
                self.say(f"192.0.2.{number}")
                self.reload()
            octets = client.recv(4096)
        self.assertEqual((99, 2), (struct.unpack(">H", octets[:2])[0], octets[3] & 15))  # SERVFAIL, when its time is over
        self.assertEqual("192.0.2.11", self.address())

    def over_the_socket(self, request):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(PATIENCE)
            control.connect(os.path.join(self.folder.name, "control.sock"))
            control.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(control.makefile().readline())

    def test_over_the_control_socket(self):
        self.assertEqual(0, self.vouchd.end())
        say = lambda more: self.write(self.root.configuration(self.port, more, control=self.folder.name + "/control.sock"))
        say("")
        self.vouchd = Vouchd(self.path)
        self.addCleanup(self.vouchd.__exit__)
        self.vouchd.wait_for("event=ready")
        say("cache: {size: 20M, prefetch: true}\n")
        self.assertEqual({"ok": True, "changed": ["cache.prefetch"], "needs_restart": ["cache.size"]},
                         self.over_the_socket({"command": "reload"}))
        say("cache: {prefetch: maybe}\n")
        told = self.over_the_socket({"command": "reload"})
        self.assertEqual((False, "failed"), (told["ok"], told["code"]))
        self.assertEqual([(self.path, 19)], [(error["file"], error["column"]) for error in told["errors"]])
        self.assertEqual(0, self.vouchd.end())

    def test_the_log_level_changes(self):
        self.say("192.0.2.9", more="logging: {level: warning}\n")
        self.vouchd.process.send_signal(signal.SIGHUP)  # says nothing any more
        until = time.monotonic() + PATIENCE
        while self.address() != "192.0.2.9":
            self.assertLess(time.monotonic(), until, "the configuration was not taken")
        self.say("192.0.2.2", more="logging: {level: warning}\ncache: {prefetch: maybe}\n")
        self.reload("reload_refused")
        self.assertFalse([line for line in self.vouchd.lines if "event=reloaded" in line])


if __name__ == "__main__":
    PROGRAM.append(sys.argv.pop(1))
    sys.argv.pop(1)
    unittest.main(verbosity=2)
