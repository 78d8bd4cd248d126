#!/bin/sh
# systemctl, where no systemd runs: in the Debian that the packaging tests make. It knows the one service, and starts it as
# its unit does. `status` says what the real one would say first.
pid_file=/tmp/vouch.pid
log=/tmp/vouch.log
helper=/usr/local/lib/inside.sh

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

case "$1" in
  start) running || start ;;
  stop) stop ;;
  restart | reload-or-restart)
    stop
    start
    ;;
  status | is-active)
    if running; then echo "active (running)"; else
      echo inactive
      exit 3
    fi
    ;;
esac
exit 0
