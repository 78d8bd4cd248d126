"""Ports on loopback for servers that a test starts."""
import os
import random
import socket


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


# Tests run side by side, and a port is free until somebody else binds it too: each process has a stretch of its own, and gives
# no port twice.
STRETCHES, STRETCH = 40, 300
given_out = set()


def free_port(addresses=("127.0.0.1",)):
    first = 20000 + os.getpid() % STRETCHES * STRETCH
    probed = [(socket.AF_INET, address) for address in addresses] + ([(socket.AF_INET6, "::1")] if has_ipv6() else [])
    for _ in range(2 * STRETCH):
        port = random.randrange(first, first + STRETCH)
        if port in given_out:
            continue
        try:
            for family, address in probed:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(family, kind) as probe:
                        probe.bind((address, port))
            given_out.add(port)
            return port
        except OSError:
            continue
    raise RuntimeError("no free port")
