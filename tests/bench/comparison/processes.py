"""Processes that end with us, whatever happens."""
import os
import pathlib
import resource
import signal
import subprocess
import time

STOP_SECONDS = 10   # after which a process that was asked to end is killed
START_STEP = 0.05   # seconds between two looks at a process that starts


class Trouble(Exception):
    """A sentence for the person who runs the benchmark."""


def tail(path, lines=15):
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


class Processes:
    """Starts processes pinned to a CPU, and ends them all, last first, on the way out of its `with` block.

    Should this process itself be killed, the kernel passes a TERM on to each of them (setpriv --pdeathsig).
    """

    def __init__(self):
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end_all()

    def start(self, command, cpu, log, cwd=None):
        words = ["setpriv", "--pdeathsig", "TERM", "--", "taskset", "-c", str(cpu)] + [str(word) for word in command]
        with open(log, "wb") as output:
            # A session of its own: Ctrl-C then reaches us alone, and we end the others in order.
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd,
                                       start_new_session=True)
        self.running.append(process)
        return process

    def end(self, process):
        if process in self.running:
            self.running.remove(process)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def end_all(self):
        while self.running:
            self.end(self.running[-1])


def wait_until(is_ready, process, log, what, seconds):
    """Waits until is_ready() says something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        found = is_ready()
        if found:
            return found
        if process.poll() is not None:
            raise Trouble(f"{what} ended as soon as it was started (status {process.returncode}):\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Trouble(f"{what} was not ready within {seconds} seconds:\n{tail(log)}")
        time.sleep(START_STEP)


def tree_of(pid):
    """The process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        now = waiting.pop()
        found.append(now)
        for children in pathlib.Path(f"/proc/{now}/task").glob("*/children"):
            try:
                waiting += [int(word) for word in children.read_text().split()]
            except OSError:
                pass  # a thread that has just ended
    return found


def cpu_seconds(pid):
    """User and system time of the process and all below it so far, those that have ended and were waited for included."""
    ticks = 0
    for one in tree_of(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime of proc(5)
        except OSError:
            pass
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_octets(pid):
    """Resident memory of the process and all below it, mapped files included."""
    total = 0
    for one in tree_of(pid):
        try:
            for line in pathlib.Path(f"/proc/{one}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def end_on_signals():
    """SIGTERM and SIGHUP take the same way out as Ctrl-C does: through every `with` block."""
    def leave(_number, _frame):
        raise KeyboardInterrupt
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def raise_descriptor_limit():
    """For all that we start: a server with a thousand connections needs as many descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def pin_to(cpu):
    os.sched_setaffinity(0, {cpu})
