"""The resolvers that are compared: how each is started on the lab with one thread, as its Debian package comes.

All get room for everything in their caches, no IPv6, minimal answers, and are silent; all else is their own default. Those that
are asked over encrypted transports are also given the lab's certificate, and room for as many connections as there will be.
"""
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

from .processes import Trouble

PROGRAM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

TLS, HTTPS, QUIC = "TLS", "HTTPS", "QUIC"   # what a resolver may serve beside UDP
BEHIND = 4              # ports from a resolver's own to that of the one behind it; between them are the encrypted transports
MAX_SESSIONS = 4096     # connections: several times as many as there will be, for servers grow impatient long before the last
IDLE_SECONDS = 120      # an idle connection is kept at least that long, where it can be said


@dataclass(frozen=True)
class Encrypted:
    """Where the encrypted transports are served, on 127.0.0.1, and with what."""
    certificate: pathlib.Path
    key: pathlib.Path
    ports: dict     # of those among TLS, HTTPS and QUIC that are wanted

    def port(self, transport):
        return self.ports.get(transport)


class Resolver:
    name = package = program = ""
    version_option = "--version"
    any_upstream_port = False  # whether it can ask servers on another port than 53 for a whole Internet
    resolves = True            # by itself; otherwise it stands before another resolver, and only its own answers are measured

    def path(self):
        return shutil.which(self.program, path=PROGRAM_FOLDERS)

    def version(self):
        return self.read_version([line for line in self.says(self.version_option).splitlines() if line.strip()])

    def read_version(self, lines):
        return lines[0].strip() if lines else "of unknown version"

    unmeasurable = {}          # {name of a measurement (transports.py): why it says nothing about this resolver}

    def spoken(self):
        """Which encrypted transports it serves, as it is installed here."""
        return ()

    def prepare(self, lab, folder, port, validate, encrypted=None):
        """Writes what it needs into folder; returns the command that starts it in the foreground.

        Of the encrypted transports those are served that `encrypted` has a port for: none that is not in spoken().
        """
        raise NotImplementedError

    def behind(self, lab, folder, port, validate):
        """The command that starts the resolver that this one stands before, beside the load; None when it needs none."""
        return None

    def says(self, option):
        done = subprocess.run([self.path(), option], capture_output=True, text=True, timeout=10, check=False)
        return done.stdout + done.stderr


class Unbound(Resolver):
    name, package, program, version_option = "unbound", "unbound", "unbound", "-V"

    def read_version(self, lines):
        return lines[0].replace("Version", "Unbound")

    def spoken(self):
        return (TLS, HTTPS) if "--with-libnghttp2" in self.says("-V") else (TLS,)

    @staticmethod
    def listeners(encrypted):
        lines = [f'tls-service-pem: "{encrypted.certificate}"', f'tls-service-key: "{encrypted.key}"',
                 f"incoming-num-tcp: {MAX_SESSIONS}", f"tcp-idle-timeout: {IDLE_SECONDS * 1000}"]
        for transport, key in ((TLS, "tls-port"), (HTTPS, "https-port")):
            if port := encrypted.port(transport):
                lines += [f"{key}: {port}", f"interface: 127.0.0.1@{port}"]
        return "".join(f"  {line}\n" for line in lines)

    def prepare(self, lab, folder, port, validate, encrypted=None):
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
{self.listeners(encrypted) if encrypted else ''}remote-control:
  control-enable: no
""")
        return [self.path(), "-c", config]


class KnotResolver(Resolver):
    name, package, program = "kresd", "knot-resolver", "kresd"

    def spoken(self):
        return (TLS, HTTPS)

    @staticmethod
    def listeners(encrypted):
        lines = [f"net.tls('{encrypted.certificate}', '{encrypted.key}')"]
        for transport, kind in ((TLS, "tls"), (HTTPS, "doh2")):
            if port := encrypted.port(transport):
                lines.append(f"net.listen('127.0.0.1', {port}, {{ kind = '{kind}' }})")
        return "".join(line + "\n" for line in lines)

    def prepare(self, lab, folder, port, validate, encrypted=None):
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
{self.listeners(encrypted) if encrypted else ''}""")
        return [self.path(), "-n", "-c", config, folder]


class PowerDns(Resolver):
    name, package, program = "pdns", "pdns-recursor", "pdns_recursor"

    def read_version(self, lines):
        words = next((line for line in lines if "PowerDNS Recursor" in line), "").split()
        return f"PowerDNS Recursor {words[words.index('Recursor') + 1]}" if "Recursor" in words else super().read_version(lines)

    def prepare(self, lab, folder, port, validate, encrypted=None):
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

    def spoken(self):
        return (TLS, HTTPS) if "nghttp2" in self.says("-V") else (TLS,)

    @staticmethod
    def listeners(encrypted):
        """Within `options`; `bench` is defined by tls()."""
        lines = [f"tcp-clients {MAX_SESSIONS};"]
        for transport, how in ((TLS, "tls bench"), (HTTPS, "tls bench http default")):
            if port := encrypted.port(transport):
                lines.append(f"listen-on port {port} {how} {{ 127.0.0.1; }};")
        return "".join(f"  {line}\n" for line in lines)

    @staticmethod
    def tls(encrypted):
        return f'tls bench {{ cert-file "{encrypted.certificate}"; key-file "{encrypted.key}"; }};\n'

    def prepare(self, lab, folder, port, validate, encrypted=None):
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
{self.listeners(encrypted) if encrypted else ''}}};
{self.tls(encrypted) if encrypted else ''}controls {{ }};
logging {{ category default {{ null; }}; }};
zone "." {{ type hint; file "{lab.hints}"; }};
{f'trust-anchors {{{chr(10)}{anchors}}};' if validate else ''}
""")
        return [self.path(), "-4", "-g", "-n", "1", "-c", config]


class DnsDist(Resolver):
    """A load balancer with a cache: once that is warm, the resolver behind it, Unbound, has nothing left to do."""
    name = package = program = "dnsdist"
    resolves = False
    unmeasurable = dict.fromkeys(("doh-get", "doh-post"), "dnsperf loses answers that share a TLS record, as dnsdist's do")
    backend = Unbound()

    def path(self):
        return super().path() if self.backend.path() else None

    def spoken(self):
        features = self.says("--version")
        return tuple(transport for transport, feature in ((TLS, "dns-over-tls"), (HTTPS, "dns-over-https")) if feature in features)

    @staticmethod
    def back_port(port):
        return port + BEHIND

    def behind(self, lab, folder, port, validate):
        return self.backend.prepare(lab, folder, self.back_port(port), validate)

    def prepare(self, lab, folder, port, validate, encrypted=None):
        lines = [f"setLocal('127.0.0.1:{port}')", f"newServer('127.0.0.1:{self.back_port(port)}')", "setSecurityPollSuffix('')",
                 "getPool(''):setCache(newPacketCache(100000))", "setMaxTCPClientThreads(1)",
                 f"setTCPRecvTimeout({IDLE_SECONDS})"]
        for transport, add, path in ((TLS, "addTLSLocal", ""), (HTTPS, "addDOHLocal", ", '/dns-query'")):
            if encrypted and encrypted.port(transport):
                lines.append(f"{add}('127.0.0.1:{encrypted.port(transport)}', '{encrypted.certificate}', '{encrypted.key}'{path})")
        config = folder / "dnsdist.conf"
        config.write_text("".join(line + "\n" for line in lines))
        return [self.path(), "--supervised", "--disable-syslog", "-C", config]


class Vouch(Resolver):
    name, program = "vouch", "vouchd"
    any_upstream_port = True

    def __init__(self, program):
        self.file = pathlib.Path(program)

    def path(self):
        return str(self.file) if self.file.is_file() else None

    def spoken(self):
        return (TLS, HTTPS, QUIC)

    @staticmethod
    def listeners(encrypted, folder):
        """Within `server`. HTTPS shares the limits of TLS."""
        def at(transport):
            return f"127.0.0.1@{encrypted.port(transport)}" if encrypted.port(transport) else ""
        limits = f"""max_sessions: {MAX_SESSIONS}
    max_sessions_per_client: {MAX_SESSIONS}
    idle_timeout: {IDLE_SECONDS}s"""
        return f"""  tls:
    listen: [{at(TLS)}]
    certificate_file: "{encrypted.certificate}"
    key_file: "{encrypted.key}"
    state_directory: "{folder}"
    {limits}
  https:
    listen: [{at(HTTPS)}]
  quic:
    listen: [{at(QUIC)}]
    max_memory: 1G
    {limits}
"""

    def config(self, lab, folder, port, validate, encrypted):
        return f"""server:
  listen: [127.0.0.1@{port}]
  workers: 1
  minimal_answers: true
  max_waiting_per_client: 10000  # the whole load comes from one address
{self.listeners(encrypted, folder) if encrypted else ''}outgoing:
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

    def prepare(self, lab, folder, port, validate, encrypted=None):
        config = folder / "vouch.yaml"
        for mode in ((True, False) if validate else (False,)):  # a version that cannot validate refuses to pretend
            config.write_text(self.config(lab, folder, port, mode, encrypted))
            done = self.check(config)
            if done.returncode == 0:
                return [self.path(), "--config", config]
        raise Trouble(f"vouchd refuses its configuration {config}:\n{(done.stdout + done.stderr).strip()}")


PEERS = (Unbound(), KnotResolver(), PowerDns(), Bind(), DnsDist())
