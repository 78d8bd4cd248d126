#!/usr/bin/env python3
"""What a block list of a million names costs a whole vouchd: memory, the time to read it, and what clients notice when it is
replaced while they ask.

    tests/bench/block_lists.py --vouchd build/release/resolver/daemon/vouchd [--names 1000000] [--json FILE]

On loopback alone; asks nobody. Names are made up, as long as those of public lists: two to four labels, some 22 octets.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from ports import free_port  # noqa: E402

TOPS = ["com", "net", "org", "xyz", "co.uk", "de", "info", "io"]
PATIENCE = 120


def listed(number):
    prefix = f"ads{number % 97}." if number % 3 == 0 else ""
    return f"{prefix}tracker-{number * 2654435761 % 4294967296}.{TOPS[number % 8]}"


def query(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


class Daemon:
    def __init__(self, program, folder, port, with_list):
        self.log = pathlib.Path(folder, f"log-{with_list}")
        config = pathlib.Path(folder, f"vouch-{with_list}.yaml")
        lists = "policy: {lists: [{name: big, file: big.txt}]}\n" if with_list else ""
        # Nothing here leads anywhere: what is not blocked is answered from local data.
        config.write_text(
            f"server: {{listen: [127.0.0.1@{port}], workers: 1}}\nweb: {{listen: []}}\ntelemetry: {{state_directory: ''}}\n"
            "dnssec: {state_directory: ''}\ncontrol: {socket: ''}\n" + lists, encoding="utf-8")
        self.port = port
        self.output = open(self.log, "w", encoding="utf-8")
        began = time.monotonic()
        self.process = subprocess.Popen([program, "--config", str(config)], stderr=self.output)
        self.wait_for(r"event=ready")
        self.started = time.monotonic() - began

    def text(self):
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, pattern, count=1):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = re.findall(pattern, self.text())
            if len(found) >= count:
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"vouchd did not say {pattern}: {self.text()[-2000:]}")

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s*(\d+) kB", status).group(1)) * 1024

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s*(\d+) kB", status).group(1)) * 1024

    def ask(self, name, number=1):
        """(rcode, seconds)"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(5)
            client.connect(("127.0.0.1", self.port))
            began = time.monotonic()
            client.send(query(name, number))
            reply = client.recv(4096)
            return reply[3] & 15, time.monotonic() - began

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.output.close()


def write_list(path, names, salt):
    new = path.with_name(".new")
    with open(new, "w", encoding="ascii") as out:
        for number in range(names):
            out.write(f"0.0.0.0 {listed(number + salt)}\n")
    new.rename(path)


def measure(program, names, folder):
    figures = {"names": names}
    path = pathlib.Path(folder, "big.txt")
    write_list(path, names, 0)
    figures["file_octets"] = path.stat().st_size
    plain = Daemon(program, folder, free_port(), False)
    time.sleep(1)
    without, start = plain.resident(), plain.processor_seconds()
    plain.stop()
    big = Daemon(program, folder, free_port(), True)
    try:
        read = big.wait_for(r"event=policy_list_read .*")[0]
        told = dict(re.findall(r"(\w+)=(\d+)", read))
        figures["table_octets"] = int(told["octets"])
        figures["read_milliseconds"] = int(told["milliseconds"])
        if int(told["names"]) != names:
            raise RuntimeError(f"{told['names']} names were read, of {names}")
        figures["read_processor_milliseconds"] = round((big.processor_seconds() - start) * 1000)
        time.sleep(1)
        figures["resident_octets_added"] = big.resident() - without
        if big.ask(listed(names // 2))[0] != 3:
            raise RuntimeError("a listed name was not blocked")
        if big.ask("printer.invalid")[0] != 3 or big.ask("localhost")[0] != 0:
            raise RuntimeError("an innocent name was not answered")
        write_list(path, names, 1)
        slowest, asked = 0.0, 0
        until = time.monotonic() + PATIENCE
        while big.text().count("event=policy_list_read ") < 2 and time.monotonic() < until:
            slowest = max(slowest, big.ask("localhost", asked & 0xffff)[1])
            asked += 1
        figures["asked_while_it_was_replaced"] = asked
        figures["slowest_answer_milliseconds"] = round(slowest * 1000, 2)
        while big.ask(listed(names))[0] != 3:  # the name that is new in it
            time.sleep(0.05)
        time.sleep(1)
        figures["resident_octets_added_after"] = big.resident() - without
        figures["peak_octets_added"] = big.peak() - without
    finally:
        big.stop()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vouchd", required=True)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vouch-lists-") as folder:
        figures = measure(options.vouchd, options.names, folder)
    for name, value in figures.items():
        print(f"{name:32} {value:>14}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
