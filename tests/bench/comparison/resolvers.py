"""The resolvers that are compared: how each is started on the lab with one thread, as its Debian package comes.

All get room for everything in their caches, no IPv6, minimal answers, and are silent; all else is their own default.
"""
import pathlib
import shutil
import subprocess

from .processes import Trouble

PROGRAM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Resolver:
    name = package = program = ""
    version_option = "--version"
    any_upstream_port = False  # whether it can ask servers on another port than 53 for a whole Internet

    def path(self):
        return shutil.which(self.program, path=PROGRAM_FOLDERS)

    def version(self):
        done = subprocess.run([self.path(), self.version_option], capture_output=True, text=True, timeout=10, check=False)
        lines = (done.stdout + done.stderr).strip().splitlines()
        return self.read_version([line for line in lines if line.strip()])

    def read_version(self, lines):
        return lines[0].strip() if lines else "of unknown version"

    def prepare(self, lab, folder, port, validate):
        """Writes what it needs into folder; returns the command that starts it in the foreground."""
        raise NotImplementedError


class Unbound(Resolver):
    name, package, program, version_option = "unbound", "unbound", "unbound", "-V"

    def read_version(self, lines):
        return lines[0].replace("Version", "Unbound")

    def prepare(self, lab, folder, port, validate):
        anchors = folder / "root.key"
        anchors.write_text("".join(f". IN DNSKEY {key}\n" for key in lab.root_records("DNSKEY")))
        modules = "validator iterator" if validate else "iterator"
        config = folder / "unbound.conf"
        config.write_text(f"""server:
  interface: 127.0.0.1
  port: {port}
  num-threads: 1
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  do-daemonize: no
  use-syslog: no
  do-not-query-localhost: no
  root-hints: "{lab.hints}"
  {f'trust-anchor-file: "{anchors}"' if validate else ''}
  module-config: "{modules}"
  msg-cache-size: 512m
  rrset-cache-size: 1024m
  key-cache-size: 64m
  neg-cache-size: 64m
  outgoing-range: 8192
  num-queries-per-thread: 4096
  so-rcvbuf: 8m
  so-sndbuf: 8m
  do-ip6: no
  minimal-responses: yes
remote-control:
  control-enable: no
""")
        return [self.path(), "-c", config]


class KnotResolver(Resolver):
    name, package, program = "kresd", "knot-resolver", "kresd"

    def prepare(self, lab, folder, port, validate):
        hints = {}
        for line in lab.hints.read_text().splitlines():
            words = line.split()
            if "A" in words:
                hints[words[0]] = words[-1]
        anchors = folder / "root.key"
        anchors.write_text("".join(f". IN DNSKEY {key}\n" for key in lab.root_records("DNSKEY")))
        config = folder / "kresd.conf"
        config.write_text(f"""net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
cache.size = 1024*MB
modules.unload('ta_sentinel')
modules.unload('ta_signal_query')
modules.unload('priming')
trust_anchors.remove('.')
{f"trust_anchors.add_file('{anchors}', true)" if validate else ''}
modules.load('hints')
hints.root({{{', '.join(f"['{host}'] = '{address}'" for host, address in hints.items())}}})
net.ipv6 = false
option('ALLOW_LOCAL', true)
""")
        return [self.path(), "-n", "-c", config, folder]


class PowerDns(Resolver):
    name, package, program = "pdns", "pdns-recursor", "pdns_recursor"

    def read_version(self, lines):
        words = next((line for line in lines if "PowerDNS Recursor" in line), "").split()
        return f"PowerDNS Recursor {words[words.index('Recursor') + 1]}" if "Recursor" in words else super().read_version(lines)

    def prepare(self, lab, folder, port, validate):
        lua = folder / "anchors.lua"
        lua.write_text("clearTA()\n" + "".join(f"addTA('.', \"{ds}\")\n" for ds in lab.root_records("DS")))
        # process-no-validate: like the other resolvers with validation off, it still asks for and keeps signatures.
        (folder / "recursor.conf").write_text(f"""local-address=127.0.0.1
local-port={port}
dnssec={'validate' if validate else 'process-no-validate'}
hint-file={lab.hints}
lua-config-file={lua}
dont-query=
threads=1
pdns-distributes-queries=no
socket-dir={folder}
daemon=no
disable-syslog=yes
loglevel=2
quiet=yes
max-cache-entries=4000000
max-packetcache-entries=1000000
max-mthreads=4096
security-poll-suffix=
""")
        return [self.path(), f"--config-dir={folder}"]


class Bind(Resolver):
    name, package, program, version_option = "named", "bind9", "named", "-v"

    def prepare(self, lab, folder, port, validate):
        anchors = ""
        for key in lab.root_records("DNSKEY"):
            flags, protocol, algorithm, *text = key.split()
            anchors += f'  . static-key {flags} {protocol} {algorithm} "{"".join(text)}";\n'
        config = folder / "named.conf"
        config.write_text(f"""options {{
  directory "{folder}";
  listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  dnssec-validation {'yes' if validate else 'no'};
  recursion yes;
  allow-query {{ 127.0.0.0/8; }};
  pid-file "{folder}/pid";
  session-keyfile "{folder}/session.key";
  managed-keys-directory "{folder}";
  max-cache-size 2048m;
  recursive-clients 4096;
  minimal-responses yes;
  empty-zones-enable no;
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
zone "." {{ type hint; file "{lab.hints}"; }};
{f'trust-anchors {{{chr(10)}{anchors}}};' if validate else ''}
""")
        return [self.path(), "-4", "-g", "-n", "1", "-c", config]


class Vouch(Resolver):
    name, program = "vouch", "vouchd"
    any_upstream_port = True

    def __init__(self, program):
        self.file = pathlib.Path(program)

    def path(self):
        return str(self.file) if self.file.is_file() else None

    def config(self, lab, port, validate):
        return f"""server:
  listen: [127.0.0.1@{port}]
  workers: 1
  minimal_answers: true
  max_waiting_per_client: 10000  # the whole load comes from one address
outgoing:
  ipv6: false
  port: {lab.port}
  ask_loopback: true
resolver:
  root_hints_file: "{lab.hints}"
dnssec:
  mode: {'enforce' if validate else 'off'}
  trust_anchors_file: "{lab.anchors}"
  state_directory: ""
cache:
  size: 256M
"""

    def check(self, file):
        return subprocess.run([self.path(), "--config", str(file), "--check-config"], capture_output=True, text=True,
                              timeout=20, check=False)

    def prepare(self, lab, folder, port, validate):
        config = folder / "vouch.yaml"
        for mode in ((True, False) if validate else (False,)):  # a version that cannot validate refuses to pretend
            config.write_text(self.config(lab, port, mode))
            done = self.check(config)
            if done.returncode == 0:
                return [self.path(), "--config", config]
        raise Trouble(f"vouchd refuses its configuration {config}:\n{(done.stdout + done.stderr).strip()}")


PEERS = (Unbound(), KnotResolver(), PowerDns(), Bind())
