#!/usr/bin/python3
"""Asks a validating resolver of somebody else's make, Unbound, every question of the lab's manifest.

Whoever tests a validator with the lab must be able to trust the lab. Here an implementation that shares nothing with
ours says of every sound zone that it is secure and of every broken one that it is bogus.

    oracle.py VOUCH_LAB [ZONE]    ZONE: only the rows of that zone

Unbound follows referrals to port 53 only, so lab and Unbound run in a network namespace of their own, where port 53 is
free and the real machine's is not touched. Exit status: 0 all as the manifest says, 1 not, 77 cannot be tried here.
"""
import csv
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

SKIPPED = 77
INSIDE = "VOUCH_LAB_ORACLE_INSIDE"
RESOLVER = "127.9.9.9"
PATIENCE = 60  # seconds for one question: a resolver may try thirteen silent servers

# Where Unbound 1.17 departs from the manifest, by its own doing: the zone, and why that is no fault of the lab.
UNBOUND_DIFFERS = {
    "dnskey-revoked.nsec3.": "does not look at the REVOKE flag of a key that a DS points to (RFC 5011 section 2.1)",
    "malformed.nsec.": "takes the first malformed reply for the server's answer",
    "badvers.plain.": "reads the header's RCODE without its extension (RFC 6891 section 6.1.3): an empty answer",
}

UNBOUND_CONF = """server:
  verbosity: 0
  username: ""
  chroot: ""
  directory: "{dir}"
  pidfile: "{dir}/unbound.pid"
  logfile: "{dir}/unbound.log"
  use-syslog: no
  val-log-level: 2
  interface: {resolver}
  port: 5353
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  root-hints: "{dir}/root.hints"
  trust-anchor-file: "{dir}/root.anchors"
  module-config: "validator iterator"
  num-threads: 1
  infra-host-ttl: 5
  ede: yes
remote-control:
  control-enable: no
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        skip(f"{name} is not installed")
    return path


def enter_namespace():
    """Runs this script again where nobody else's servers are."""
    if os.environ.get(INSIDE):
        subprocess.run([program("ip"), "link", "set", "lo", "up"], check=True)
        return
    unshare = [program("unshare"), "--net"] if os.geteuid() == 0 else [program("unshare"), "--map-root-user", "--net"]
    if subprocess.run(unshare + ["true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        skip("no network namespaces here")
    os.environ[INSIDE] = "1"
    os.execv(unshare[0], unshare + [sys.executable] + sys.argv)


def start_lab(vouch_lab, folder):
    lab = subprocess.Popen([vouch_lab, "run", "--dir", folder, "--port", "53"], stdout=subprocess.PIPE, text=True)
    for line in lab.stdout:
        if line.startswith("ready"):
            return lab
    lab.wait()
    sys.exit("the lab did not start")


def start_unbound(folder):
    conf = os.path.join(folder, "unbound.conf")
    with open(conf, "w", encoding="ascii") as out:
        out.write(UNBOUND_CONF.format(dir=folder, resolver=RESOLVER))
    unbound = subprocess.Popen([program("unbound"), "-d", "-c", conf])
    for _ in range(100):
        if ask(".", "SOA")["rcode"] == "NOERROR":
            return unbound
        time.sleep(0.1)
    sys.exit("unbound did not start")


def ask(name, record_type):
    """A second time if need be: some zones have servers that never answer, and a busy machine is slow besides."""
    reply = ask_once(name, record_type)
    return reply if reply["rcode"] != "SILENCE" else ask_once(name, record_type)


def ask_once(name, record_type):
    command = [program("dig"), f"@{RESOLVER}", "-p", "5353", name, record_type, "+dnssec", "+noall", "+comments",
               "+answer", f"+time={PATIENCE}", "+tries=1"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    reply = {"rcode": "SILENCE", "ad": False, "answer": []}
    for line in text.splitlines():
        if "status: " in line:
            reply["rcode"] = line.split("status: ")[1].split(",")[0]
        elif line.startswith(";; flags:"):
            reply["ad"] = " ad" in line.split(";")[2]
        elif line and not line.startswith(";"):
            fields = line.split(None, 4)
            if fields[3] != "RRSIG":
                reply["answer"].append(fields[4])
    return reply


def verdict_of(reply):
    if reply["rcode"] == "SERVFAIL" or reply["rcode"] == "SILENCE":
        return "failed"
    return "secure" if reply["ad"] else "insecure"


def wrong(row, reply):
    """What is wrong with the reply; nothing if it is as the row says."""
    seen = verdict_of(reply)
    expected = {row["verdict"], row["or"]}
    if seen == "failed":
        return None if expected & {"bogus", "unreachable"} else f"{reply['rcode']}, expected {row['verdict']}"
    if seen not in expected:
        return f"{seen}, expected {row['verdict']}"
    if row["verdict"] in ("bogus", "unreachable"):
        return None
    if reply["rcode"] != row["rcode"]:
        return f"{reply['rcode']}, expected {row['rcode']}"
    answer = [] if row["answer"] == "-" else row["answer"].split(" | ")
    if sorted(reply["answer"]) != sorted(answer):
        return f"answer {reply['answer'][:5]}, expected {answer[:5]}"
    return None


def ask_all(rows):
    failures = 0
    with ThreadPoolExecutor(max_workers=16) as workers:
        replies = workers.map(lambda row: ask(row["name"], row["type"]), rows)
        for row, reply in zip(rows, replies):
            trouble = wrong(row, reply)
            if trouble and row["zone"] in UNBOUND_DIFFERS:
                print(f"--  {row['zone']}: {trouble}; Unbound {UNBOUND_DIFFERS[row['zone']]}", flush=True)
                continue
            failures += trouble is not None
            if trouble:
                print(f"NO  {row['zone']}: {row['name']} {row['type']}: {trouble}", flush=True)
    print(f"{len(rows)} questions, {failures} not as the manifest says")
    return failures


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for needed in ("nsd", "unbound", "dig", "ip", "unshare"):
        program(needed)
    enter_namespace()
    with tempfile.TemporaryDirectory(prefix="vouch-oracle-") as folder:
        children = [start_lab(sys.argv[1], folder)]
        try:
            children.append(start_unbound(folder))
            with open(os.path.join(folder, "manifest.tsv"), encoding="ascii") as manifest:
                rows = list(csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE))
            rows = [row for row in rows if len(sys.argv) < 3 or row["zone"] == sys.argv[2]]
            if not os.path.exists("/proc/net/if_inet6"):
                rows = [row for row in rows if row["zone"] != "v6only.nsec."]
            failures = ask_all(rows)
        finally:
            for child in reversed(children):
                child.send_signal(signal.SIGTERM)
                child.wait(timeout=30)
        if children[0].returncode != 0:
            sys.exit(f"the lab ended with status {children[0].returncode}")
    sys.exit(1 if failures or not rows else 0)


if __name__ == "__main__":
    main()
