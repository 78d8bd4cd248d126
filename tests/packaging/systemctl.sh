#!/bin/sh
# systemctl, where no systemd runs: in the Debian that the guide's test makes. It knows the one service, and starts the
# command of its unit, but as root, with the folders that a service manager would have made: vouchd becomes its user by
# itself. `status` says what the real one would say first. What it does not know it refuses.
#   systemctl.sh VERB vouch [--no-pager | --quiet]
pid_file=/tmp/vouch.pid
log=/tmp/vouch.log
helper=/usr/local/lib/inside.sh

refuse() {
  echo "systemctl.sh: $1" >&2
  exit 1
}

running() { [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; }

stop() {
  running || return 0
  kill -TERM "$(cat "$pid_file")"
  while running; do sleep 0.1; done
  rm -f "$pid_file"
}

start() {
  # The service manager sets the account and the folders up; here vouchd itself becomes its user.
  install -d -o vouch -g vouch -m 0750 /run/vouch
  setsid /usr/sbin/vouchd --config /etc/vouch/vouch.yaml >>"$log" 2>&1 &
  echo $! >"$pid_file"
  tries=0
  until "$helper" question localhost >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -ge 100 ] || ! running; then
      cat "$log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

# What vouchd has logged of it tells that it is over: the new configuration, or that it is refused.
reload() {
  running || refuse "vouch.service is not active, cannot reload"
  before=$(grep -c 'event=reload' "$log")
  kill -HUP "$(cat "$pid_file")"
  tries=0
  until [ "$(grep -c 'event=reload' "$log")" -gt "$before" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || refuse "vouchd does not say that it has reloaded"
    sleep 0.1
  done
}

verb=${1:-} service=''
[ "$#" -eq 0 ] || shift
for word in "$@"; do
  case "$word" in
    --no-pager | --quiet) ;;
    vouch | vouch.service) service=vouch ;;
    *) refuse "unknown word: $word" ;;
  esac
done
[ -n "$service" ] || refuse "which service? It knows vouch alone"

case "$verb" in
  start) running || start ;;
  stop) stop ;;
  restart)
    stop
    start
    ;;
  reload) reload ;;
  reload-or-restart) if running; then reload; else start; fi ;;
  status | is-active)
    if running; then echo "active (running)"; else
      echo inactive
      exit 3
    fi
    ;;
  *) refuse "unknown verb: $verb" ;;
esac
exit 0
