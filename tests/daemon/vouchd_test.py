#!/usr/bin/env python3
"""vouchd as an operator meets it.

    vouchd_test.py VOUCHD PROJECT_FOLDER
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from vouchd_kit import PATIENCE, PROGRAM, Folder, Vouchd, free_port, query, run, udp_socket  # noqa: E402

PROJECT = ""


class CommandLine(Folder):
    def test_help_is_for_people(self):
        done = run("--help")
        self.assertEqual(0, done.returncode)
        for part in ("--check-config", "SIGNALS", "EXIT STATUS", "/etc/vouch/vouch.yaml", "TLS", "read the configuration again"):
            self.assertIn(part, done.stdout)
        self.assertEqual("", done.stderr)

    def test_version_names_the_libraries(self):
        done = run("--version")
        self.assertEqual(0, done.returncode)
        self.assertRegex(done.stdout, r"\Avouchd \d+\.\d+\.\d+\n")
        for library in ("ldns", "libevent", "OpenSSL", "nghttp2", "ngtcp2", "nghttp3", "GnuTLS", "yaml-cpp", "spdlog"):
            self.assertRegex(done.stdout, library + r" \d")

    def test_a_wrong_option_is_status_2(self):
        done = run("--frobnicate")
        self.assertEqual(2, done.returncode)
        self.assertIn("unknown option `--frobnicate`", done.stderr)

    def test_a_good_configuration_is_status_0(self):
        done = run("--check-config", "--config", os.path.join(PROJECT, "conf/vouch.yaml"))
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_all_that_is_wrong_is_told_at_once_and_is_status_3(self):
        path = self.write("server:\n  wrokers: 3\ncache: {size: big}\n")
        for words in (("--check-config",), ()):  # checked alone, and when it should serve
            done = run(*words, "--config", path)
            self.assertEqual(3, done.returncode)
            self.assertIn(f"{path}:2:3: unknown key `server.wrokers`; did you mean `workers`?\n", done.stderr)
            self.assertIn(f"{path}:3:15: cache.size: must be a whole number", done.stderr)

    def test_a_configuration_that_is_not_there_is_status_3(self):
        done = run("--config", "/nonexistent/vouch.yaml")
        self.assertEqual(3, done.returncode)
        self.assertEqual("/nonexistent/vouch.yaml: cannot be read: No such file or directory\n", done.stderr)

    def test_printed_defaults_are_the_default_file(self):
        done = run("--print-default-config")
        self.assertEqual(0, done.returncode)
        self.assertEqual(pathlib.Path(PROJECT, "conf/vouch.yaml").read_text(encoding="utf-8"), done.stdout)

    def test_a_printed_configuration_can_be_read_again(self):
        printed = run("--print-config", "--config", self.write(self.root.configuration(free_port())))
        self.assertEqual(0, printed.returncode)
        again = run("--print-config", "--config", self.write(printed.stdout, "again.yaml"))
        self.assertEqual((0, printed.stdout), (again.returncode, again.stdout))

    def test_a_full_disk_is_not_success(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([*PROGRAM, "--help"], stdout=full, timeout=PATIENCE, check=False)
        self.assertEqual(1, done.returncode)


class Serving(Folder):
    def start(self, port, more="", environment=None):
        vouchd = Vouchd(self.write(self.root.configuration(port, more)), environment)
        self.addCleanup(vouchd.__exit__)
        return vouchd

    def ask(self, port, name):
        with udp_socket() as client:
            client.settimeout(PATIENCE)
            client.sendto(query(name), ("127.0.0.1", port))
            return client.recv(65535)

    def test_answers_and_ends_with_status_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            port = free_port()
            vouchd = self.start(port)
            self.assertIn("workers=2", vouchd.wait_for("event=ready"))
            answer = self.ask(port, "localhost")
            self.assertEqual(4711, struct.unpack(">H", answer[:2])[0])
            self.assertTrue(answer.endswith(b"\x7f\0\0\1"), answer)
            self.assertEqual(0, vouchd.end(number))
            self.assertIn("queries_udp=1", "".join(vouchd.lines))
            self.assertIn("event=ended in_order=yes", vouchd.lines[-1])

    def test_ends_with_work_in_flight(self):
        port = free_port()
        vouchd = self.start(port)
        vouchd.wait_for("event=ready")
        with udp_socket() as client, socket.create_connection(("127.0.0.1", port)) as stream:
            for i in range(50):
                client.sendto(query(f"name-{i}.example", i), ("127.0.0.1", port))
            message = query("over-tcp.example")
            stream.sendall(struct.pack(">H", len(message)) + message)
            self.root.socket.recv(65535)  # the first question has reached the root server, which will not answer
            self.assertEqual(0, vouchd.end())
            self.assertIn("event=ended in_order=yes", vouchd.lines[-1])

    def test_signals_that_do_not_end_it(self):
        port = free_port()
        vouchd = self.start(port)
        vouchd.wait_for("event=ready")
        vouchd.process.send_signal(signal.SIGHUP)
        vouchd.wait_for("event=reloaded")
        vouchd.process.send_signal(signal.SIGPIPE)
        vouchd.process.send_signal(signal.SIGUSR1)
        self.assertIn("queries_udp=0", vouchd.wait_for("event=statistics"))
        self.assertTrue(self.ask(port, "localhost"))
        self.assertEqual(0, vouchd.end())

    def test_an_address_in_use_is_told_and_is_status_1(self):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as taken:
                taken.bind(("127.0.0.1", 0))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                port = taken.getsockname()[1]
                done = run("--config", self.write(self.root.configuration(port)))
            self.assertEqual(1, done.returncode)
            self.assertIn(f"cannot listen on 127.0.0.1@{port} ({'UDP' if kind == socket.SOCK_DGRAM else 'TCP'}): "
                          "Address already in use; another program listens there", done.stderr)

    def test_a_second_vouchd_does_not_share_the_first_ones_address(self):
        port = free_port()
        vouchd = self.start(port)
        vouchd.wait_for("event=ready")
        done = run("--config", self.write(self.root.configuration(port), "second.yaml"))
        self.assertEqual(1, done.returncode)
        self.assertIn("Address already in use", done.stderr)
        self.assertTrue(self.ask(port, "localhost"))
        self.assertEqual(0, vouchd.end())

    def test_an_address_of_another_machine_is_told(self):
        path = self.write("server: {listen: [192.0.2.1@5300]}\n")
        done = run("--config", path)
        self.assertEqual(1, done.returncode)
        self.assertIn("this machine has no such address", done.stderr)

    def test_tells_systemd_when_it_is_ready(self):
        path = os.path.join(self.folder.name, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(PATIENCE)
            vouchd = self.start(free_port(), environment={"NOTIFY_SOCKET": path})
            self.assertEqual(b"READY=1", manager.recv(4096))
            self.assertEqual(0, vouchd.end())
            self.assertEqual(b"STOPPING=1", manager.recv(4096))

    def test_logs_to_a_file_in_its_state_dir(self):
        more = "logging: {target: file, file: vouchd.log}\n"
        config = self.root.configuration(free_port(), more).replace("workers: 2", f"workers: 2, state_dir: '{self.folder.name}'")
        log = pathlib.Path(self.folder.name, "vouchd.log")
        with Vouchd(self.write(config)) as vouchd:
            deadline = time.monotonic() + PATIENCE
            while not (log.exists() and "event=ready" in log.read_text(encoding="ascii")):
                self.assertLess(time.monotonic(), deadline, "never ready")
                time.sleep(0.05)
            self.assertEqual(0, vouchd.end())
        self.assertIn("event=ended", log.read_text(encoding="ascii"))

    def test_no_name_that_was_asked_for_is_logged(self):
        port = free_port()
        vouchd = self.start(port, "logging: {level: debug}\n")
        vouchd.wait_for("event=ready")
        with udp_socket() as client:
            client.sendto(query("canary-4f1e.example"), ("127.0.0.1", port))
            self.root.socket.recv(65535)
        self.assertEqual(0, vouchd.end())
        self.assertNotIn("canary", "\n".join(vouchd.lines))


class Identity(Folder):
    """What the encrypted listeners prove themselves with."""

    def setUp(self):
        super().setUp()
        self.state = pathlib.Path(self.folder.name, "state")
        self.state.mkdir()
        self.port = free_port()

    def configuration(self, server):
        return self.root.configuration(free_port()).replace("workers: 2", "workers: 1, " + server)

    def tls(self, more):
        return f"tls: {{listen: ['127.0.0.1@{self.port}'], {more}}}"

    def start(self, config, folder=None):
        vouchd = Vouchd(config, folder=folder)
        self.addCleanup(vouchd.__exit__)
        return vouchd

    def pin_of(self, vouchd):
        line = vouchd.wait_for("event=certificate ")
        return re.search(r'pin="?([A-Za-z0-9+/]{43}=)', line)[1]

    def make_pair(self, name):
        """A pair of vouchd's own making, and its pin."""
        folder = pathlib.Path(self.folder.name, name)
        folder.mkdir()
        vouchd = self.start(self.write(self.configuration(self.tls(f"state_directory: '{folder}'")), name + ".yaml"))
        pin = self.pin_of(vouchd)
        vouchd.wait_for("event=ready")
        self.assertEqual(0, vouchd.end())
        return folder, pin

    def shown_certificate(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as plain:
            with context.wrap_socket(plain) as stream:
                return ssl.DER_cert_to_PEM_cert(stream.getpeercert(True))

    def test_the_first_start_makes_a_pair_and_the_second_keeps_it(self):
        path = self.write(self.configuration(self.tls(f"state_directory: '{self.state}'")))
        self.assertEqual(0, run("--check-config", "--config", path).returncode)
        self.assertEqual([], os.listdir(self.state), "what only checks changes nothing")
        first = self.start(path)
        self.assertIn("a certificate signed by itself has been made", first.wait_for("event=own_certificate"))
        pin = self.pin_of(first)
        self.assertIn("self_signed=yes", first.lines[-1])
        first.wait_for("event=ready")
        self.assertEqual(0, first.end())
        self.assertEqual({"certificate.pem": 0o644, "key.pem": 0o600},
                         {file.name: file.stat().st_mode & 0o777 for file in self.state.iterdir()})
        second = self.start(path)
        self.assertEqual(pin, self.pin_of(second))
        second.wait_for("event=ready")
        self.assertEqual(0, second.end())
        self.assertNotIn("event=own_certificate", "".join(second.lines))

    def test_a_pair_in_memory_outlives_sighup(self):
        vouchd = self.start(self.write(self.configuration(self.tls("state_directory: /nonexistent"))))
        self.assertIn("another after a restart", vouchd.wait_for("event=own_certificate"))
        pin = self.pin_of(vouchd)
        vouchd.wait_for("event=ready")
        for _ in range(2):
            vouchd.process.send_signal(signal.SIGHUP)
            self.assertEqual(pin, self.pin_of(vouchd))
        self.assertEqual(0, vouchd.end())

    def test_a_renewed_pair_is_taken_and_a_broken_one_is_not(self):
        (one, first), (other, second) = self.make_pair("one"), self.make_pair("other")
        live = pathlib.Path(self.folder.name, "live")
        shutil.copytree(one, live)
        named = f"certificate_file: '{live}/certificate.pem', key_file: '{live}/key.pem'"
        vouchd = self.start(self.write(self.configuration(self.tls(named))))
        self.assertEqual(first, self.pin_of(vouchd))
        vouchd.wait_for("event=ready")
        self.assertEqual((one / "certificate.pem").read_text(), self.shown_certificate())

        shutil.copytree(other, live, dirs_exist_ok=True)
        vouchd.process.send_signal(signal.SIGHUP)
        self.assertEqual(second, self.pin_of(vouchd))
        self.assertEqual((other / "certificate.pem").read_text(), self.shown_certificate())

        shutil.copy(one / "key.pem", live / "key.pem")
        vouchd.process.send_signal(signal.SIGHUP)
        self.assertIn("the key does not belong", vouchd.wait_for("event=certificate_kept"))
        self.assertEqual((other / "certificate.pem").read_text(), self.shown_certificate())
        self.assertEqual(0, vouchd.end())

    def test_paths_beside_the_configuration_outlive_the_change_to_the_state_dir(self):
        (one, first), (other, second) = self.make_pair("one"), self.make_pair("other")
        named = "certificate_file: one/certificate.pem, key_file: one/key.pem"
        config = self.write(self.configuration(f"state_dir: state, {self.tls(named)}"))
        vouchd = self.start(os.path.basename(config), self.folder.name)
        self.assertEqual(first, self.pin_of(vouchd))
        vouchd.wait_for("event=ready")
        shutil.copytree(other, one, dirs_exist_ok=True)
        vouchd.process.send_signal(signal.SIGHUP)
        self.assertEqual(second, self.pin_of(vouchd))
        self.assertEqual(0, vouchd.end())

    def test_a_relative_state_directory_is_in_the_state_dir(self):
        (self.state / "keys").mkdir()
        config = self.write(self.configuration(f"state_dir: state, {self.tls('state_directory: keys')}"))
        vouchd = self.start(os.path.basename(config), self.folder.name)
        pin = self.pin_of(vouchd)
        vouchd.wait_for("event=ready")
        vouchd.process.send_signal(signal.SIGHUP)
        self.assertEqual(pin, self.pin_of(vouchd))
        self.assertEqual(0, vouchd.end())
        self.assertEqual(["certificate.pem", "key.pem"], sorted(os.listdir(self.state / "keys")))

    def test_a_certificate_that_is_not_there_is_told_and_is_status_1(self):
        done = run("--config", self.write(self.configuration(self.tls("certificate_file: gone.pem, key_file: gone.key"))))
        self.assertEqual(1, done.returncode)
        self.assertIn("event=cannot_start", done.stderr)
        self.assertIn(f"server.tls: {self.folder.name}/gone.pem: there is no such file", done.stderr)

    def test_an_address_in_use_is_told_with_its_key(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
            done = run("--config", self.write(self.configuration(self.tls(f"state_directory: '{self.state}'"))))
        self.assertEqual(1, done.returncode)
        self.assertIn(f"ss -ltnp 'sport = :{self.port}'", done.stderr)
        self.assertIn("choose another address in server.tls.listen", done.stderr)

    def test_unknown_clients_of_a_reverse_proxy_are_warned_of(self):
        for listed, expected in (("", True), (", proxy_protocol_from: [127.0.0.0/8]", False)):
            self.port = free_port()
            cleartext = f"https: {{cleartext_listen: ['127.0.0.1@{self.port}']}}{listed}"
            vouchd = self.start(self.write(self.configuration(cleartext)))
            vouchd.wait_for("event=ready")
            self.assertEqual(0, vouchd.end())
            self.assertEqual(expected, f"event=clients_unknown address=127.0.0.1@{self.port}" in "\n".join(vouchd.lines))


@unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
class Privileges(Folder):
    def test_becomes_the_user_and_keeps_nothing(self):
        config = self.root.configuration(free_port()).replace("workers: 2", "workers: 2, user: nobody")
        with Vouchd(self.write(config)) as vouchd:
            vouchd.wait_for("event=ready")
            for task in pathlib.Path(f"/proc/{vouchd.process.pid}/task").iterdir():
                fields = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines() if ":\t" in line)
                self.assertNotIn("0", fields["Uid"].split(), task)
                self.assertNotIn("0", fields["Gid"].split(), task)
                for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                    self.assertEqual(0, int(fields[capabilities], 16), (task, capabilities))
                self.assertEqual("1", fields["NoNewPrivs"].strip())
            self.assertEqual(0, vouchd.end())

    def test_a_user_that_does_not_exist_is_told(self):
        config = self.root.configuration(free_port()).replace("workers: 2", "workers: 2, user: no-such-user")
        done = run("--config", self.write(config))
        self.assertEqual(1, done.returncode)
        self.assertIn("there is no user no-such-user", done.stderr)

    def test_a_user_that_does_not_exist_leaves_no_secrets_behind(self):
        state = pathlib.Path(self.folder.name, "state")
        state.mkdir()
        listeners = f"{{listen: ['127.0.0.1@{free_port()}'], state_directory: '{state}'}}"
        config = self.root.configuration(free_port()).replace("workers: 2", f"user: no-such-user, tls: {listeners}")
        self.assertEqual(1, run("--config", self.write(config)).returncode)
        self.assertEqual([], os.listdir(state))

    def test_secrets_are_those_of_the_user(self):
        state = pathlib.Path(self.folder.name, "state")
        state.mkdir()
        os.chmod(self.folder.name, 0o755)
        shutil.chown(state, "nobody")
        listeners = f"{{listen: ['127.0.0.1@{free_port()}'], state_directory: '{state}'}}"
        config = self.root.configuration(free_port()).replace("workers: 2", f"user: nobody, tls: {listeners}")
        with Vouchd(self.write(config)) as vouchd:
            vouchd.wait_for("event=ready")
            self.assertEqual({"nobody"}, {file.owner() for file in state.iterdir()})
            self.assertEqual(0, vouchd.end())


if __name__ == "__main__":
    PROJECT = sys.argv.pop(2)
    PROGRAM.append(sys.argv.pop(1))
    unittest.main()
