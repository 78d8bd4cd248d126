"""Asks vouchd over its control socket (docs/control.md)."""
import json
import socket
import time

ANSWER_SECONDS = 30
START_SECONDS = 15  # the socket is made a little after clients are served


def connected(path):
    until = time.monotonic() + START_SECONDS
    while True:
        talk = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            talk.settimeout(ANSWER_SECONDS)
            talk.connect(str(path))
            return talk
        except (FileNotFoundError, ConnectionRefusedError):  # refused: that of a vouchd that was killed
            talk.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def ask_control(path, command, **arguments):
    """(the lines before the last, the last), each an object."""
    with connected(path) as talk:
        talk.sendall((json.dumps({"command": command, **arguments}) + "\n").encode("ascii"))
        lines = []
        with talk.makefile("r", encoding="ascii") as answers:
            for line in answers:
                lines.append(json.loads(line))
                if "ok" in lines[-1]:
                    return lines[:-1], lines[-1]
    raise RuntimeError(f"no last line came to {command}")
