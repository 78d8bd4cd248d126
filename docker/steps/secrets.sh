#!/usr/bin/env bash
# On the host, once, as root: makes the secrets that the compose files hand to containers. What is there already stays, so
# that nothing changes for clients.
#   docker/steps/secrets.sh [FOLDER]    without it docker/secrets
set -euo pipefail
umask 077

STEPS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
folder=${1:-$(dirname "$STEPS")/secrets}
readonly VOUCH=953 PROMETHEUS=65534 REDIS=999  # the users that the containers run as; a secret keeps its owner and mode within

mkdir -p "$folder"
chmod 0755 "$folder"

# make FILE OWNER COMMAND...: its output becomes the file, if that is not there.
make() {
  local file="$folder/$1" owner=$2
  shift 2
  [[ ! -e $file ]] || return 0
  "$@" >"$file.new"
  chmod 0400 "$file.new"
  chown "$owner:$owner" "$file.new"
  mv "$file.new" "$file"
  printf 'made %s\n' "$file"
}

token() { head -c 24 /dev/urandom | base64 -w0; }
digits() { od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n'; }
octets() { head -c 64 /dev/urandom; }
console_key() { head -c 32 /dev/urandom | base64 -w0; }
same_token() { cat "$folder/web.token"; }

store_settings() {
  printf 'requirepass %s\n' "$(cat "$folder/store.password")"
  printf 'bind 0.0.0.0\nmaxmemory 512mb\nmaxmemory-policy allkeys-lru\nsave ""\nappendonly no\n'
}

make web.token "$VOUCH" token                # pages of the operator, metrics, API
make prometheus.token "$PROMETHEUS" same_token  # the same, for Prometheus to read
make grafana.password 472 token              # the first password of Grafana's admin
make cookie.secret "$VOUCH" digits           # DNS cookies, the same on all nodes (RFC 9018)
make ticket.secret "$VOUCH" octets           # TLS session tickets, likewise
make dnsdist.key "$VOUCH" console_key        # dnsdist's console; it runs as that user, too
make fleet.secret "$VOUCH" token             # what the nodes share is believed by it (docs/shared-cache.md)
make store.password "$VOUCH" token           # of the store that they share
make store.conf "$REDIS" store_settings      # the same, and its settings, for the store itself
