#!/bin/sh
# Within the Debian that the packaging test makes: starts the installed vouchd as its service would, asks it, ends it.
# Nothing but loopback is there. Prints the answer's address; on failure what vouchd logged.
#   inside.sh ask NAME           the address of NAME, asked on port 53
#   inside.sh question NAME      the same, of a vouchd that runs already
#   inside.sh health             what the container's health check says of it
#   inside.sh container CONFIG   the same, as in the container: as user 953, without privileges, on a read-only file system
#   inside.sh install FILE.deb   installs a package while port 53 is somebody else's
set -u

# One question over UDP to 127.0.0.1, port 53, by perl, the one interpreter that every Debian has.
# shellcheck disable=SC2016  # perl's variables
question='
  use strict; use IO::Socket::INET;
  my $socket = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:53") or exit 1;
  $socket->send(pack("n6", 4711, 0x0100, 1, 0, 0, 0) . join("", map { chr(length) . $_ } split(/\./, $ARGV[0])) . pack("Cnn", 0, 1, 1));
  my $ready = ""; vec($ready, fileno($socket), 1) = 1;
  exit 1 unless select($ready, undef, undef, 1);
  defined $socket->recv(my $reply, 4096) or exit 1;
  my ($id, $flags, undef, $answers) = unpack("n4", $reply);
  exit 1 unless $id == 4711 && ($flags & 0x800f) == 0x8000 && $answers == 1;
  print join(".", unpack("C4", substr($reply, -4))), "\n";
'

served() {
  vouchd >/tmp/vouchd.log 2>&1 &
  server=$!
  tries=0
  until perl -e "$question" localhost >/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -ge 100 ] || ! kill -0 "$server" 2>/dev/null; then
      cat /tmp/vouchd.log
      exit 1
    fi
    sleep 0.1
  done
  "$@"
  status=$?
  # As the user that the configuration names, not as root.
  echo "user: $(stat -c %U "/proc/$server")"
  kill -TERM "$server"
  wait "$server" || exit 1
  exit "$status"
}

case "$1" in
  question) perl -e "$question" "$2" ;;
  ask) served perl -e "$question" "$2" ;;
  health) served bash "$(dirname "$0")/../../docker/steps/health.sh" 53 ;;
  container)
    mount -t tmpfs tmpfs /tmp && mount -t tmpfs -o uid=953,gid=953,mode=0750 tmpfs /var/lib/vouch &&
      mount -t tmpfs -o size=1m,uid=953,gid=953,mode=0750 tmpfs /run/vouch || exit 1
    setpriv --reuid 953 --regid 953 --clear-groups --no-new-privs --bounding-set -all --inh-caps -all \
      vouchd --config "$2" >/tmp/vouchd.log 2>&1 &
    server=$!
    tries=0
    until /usr/lib/vouch/health.sh 2>/dev/null; do
      tries=$((tries + 1))
      if [ "$tries" -ge 100 ] || ! kill -0 "$server" 2>/dev/null; then
        cat /tmp/vouchd.log
        exit 1
      fi
      sleep 0.1
    done
    if touch /usr/written 2>/dev/null; then
      echo "the file system is not read-only"
      exit 1
    fi
    grep -E '^(Uid|CapEff|CapPrm):' "/proc/$server/status"
    # As `docker compose exec` would.
    setpriv --reuid 953 --regid 953 --clear-groups vouchctl status || exit 1
    kill -TERM "$server"
    wait "$server" || exit 1
    if [ -e /run/vouch/control.sock ]; then
      echo "the control socket is left behind"
      exit 1
    fi
    exit 0
    ;;
  install)
    perl -MIO::Socket::INET -e 'my $held = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1:53") or die; sleep 60' &
    holder=$!
    sleep 1
    dpkg -i "$2" 2>&1
    status=$?
    kill "$holder"
    exit "$status"
    ;;
esac
