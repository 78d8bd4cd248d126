#!/usr/bin/env bash
# The Debian packages that Vouch is built from and tested with, and why each is needed.
#
#   tools/packages.sh            list them, saying which are missing
#   tools/packages.sh install    install the missing ones
#
# Also sourced by ./run and ./check, which call install_packages.
set -euo pipefail

PACKAGES_FOLDER=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

# package | needed for (all, clang, gcc, sanitizers, web, package) | why
# package: for building the .deb alone (tools/build_deb.sh).
# web: for the browser tests alone, and not needed: tools/web_tests.sh installs them, or says so and goes on.
PACKAGES='
cmake               | all        | configures the build
ninja-build         | all        | runs the build
pkg-config          | all        | tells CMake where the libraries are
ccache              | all        | makes a second build quick
clang-19            | clang      | the compiler (g++ 12 of Debian 12 miscompiles coroutines)
lld-19              | clang      | the linker that belongs to it
libclang-rt-19-dev  | sanitizers | run-time part of AddressSanitizer, ThreadSanitizer and libFuzzer
g++-14              | gcc        | the compiler of the *-gcc presets (Debian 13)
libldns-dev         | all        | reads and writes DNS text and zone files
libevent-dev        | all        | event loop of the worker threads, admin HTTP server
libssl-dev          | all        | checks DNSSEC signatures, TLS
libnghttp2-dev      | all        | HTTP/2, for DNS over HTTPS
libngtcp2-dev       | all        | QUIC, for DNS over QUIC and HTTP/3
libngtcp2-crypto-gnutls-dev | all | the TLS within QUIC (the one helper that Debian has)
libgnutls28-dev     | all        | the library under it
libnghttp3-dev      | all        | HTTP/3
libhiredis-dev      | all        | the protocol of Redis and Valkey, for the cache that a fleet shares
libyaml-cpp-dev     | all        | reads the configuration file
libspdlog-dev       | all        | writes the log
prometheus-cpp-dev  | all        | serves the metrics in the form Prometheus reads
nlohmann-json3-dev  | all        | the JSON of the API and of the control socket
libidn2-dev         | all        | site names that are not ASCII, as people type them
libsqlite3-dev      | all        | keeps the hourly history
libgtest-dev        | all        | unit tests
libgmock-dev        | all        | unit tests
libbenchmark-dev    | all        | benchmarks of the inner loops
python3             | all        | structural tests, the table that ./run prints
shellcheck          | all        | checks the shell scripts
nsd                 | all        | real authoritative servers for the lab
bind9-dnsutils      | all        | dig, the client that asks the questions, and dnstap-read
fstrm-bin           | all        | fstrm_capture, a dnstap collector of another make (tests alone)
knot-dnsutils       | all        | kdig, which asks over TLS, HTTPS and QUIC, too
ngtcp2-client       | all        | gtlsclient, a client for HTTP/3
prometheus          | all        | promtool, which checks metrics, rules and alerts (tests alone; no server is started)
dnsdist             | all        | the load balancer before a fleet (tests alone)
redis-server        | all        | a store for the cache that a fleet shares (tests alone; none is started but by them)
redis-tools         | all        | redis-cli, which looks into it (tests alone)
dnsperf             | all        | a load for it
mandoc              | all        | checks the manual pages
debootstrap         | all        | makes the Debian that the package is tried in
python3-yaml        | all        | reads the compose files, to check them
sqlite3             | all        | the shell in which an owner reads the history (tests of its views)
chromium            | web        | the browser that the pages are tried in
fonts-dejavu-core   | web        | letters for it
nodejs              | web        | drives the browser
npm                 | web        | gets the two packages that do so
debhelper           | package    | builds the .deb
dpkg-dev            | package    | builds the .deb
lintian             | package    | checks the .deb
'

# packages_for PRESET: "package<TAB>why" of what this preset needs; `web` is none, and stands for its group alone.
packages_for() {
  local preset=$1 name groups why
  while IFS='|' read -r name groups why; do
    name=${name//[[:space:]]/} groups=${groups//[[:space:]]/} why=${why# }
    case "$name:$groups:$preset" in
      :*) continue ;;
      *:web:web) ;;
      *:package:package) ;;
      *:web | *:package) continue ;;
      *:all:*) ;;
      *:clang:*-gcc) continue ;;
      *:clang:*) ;;
      *:gcc:*-gcc) ;;
      *:sanitizers:asan | *:sanitizers:tsan | *:sanitizers:fuzz) ;;
      *) continue ;;
    esac
    printf '%s\t%s\n' "$name" "$why"
  done <<<"$PACKAGES"
}

is_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null) == *installed* &&
    $(dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null) != *not-installed* ]]
}

# Prints "package<TAB>why" of what is missing.
missing_packages() {
  local name why
  while IFS=$'\t' read -r name why; do
    is_installed "$name" || printf '%s\t%s\n' "$name" "$why"
  done < <(packages_for "$1")
}

cannot_install() {
  printf '%s\nPlease run:\n\n    %s\n\nand start this command again.\n' "$1" "$2" >&2
  return 1
}

# install_packages PRESET: installs what is missing, having said what and why. Asks only when a person is there.
install_packages() {
  local preset=$1 missing names=() name why answer command as_root=()
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    printf 'This is not Debian; make sure yourself that these are there (names of Debian packages):\n' >&2
    packages_for "$preset" | awk -F'\t' '{ printf "  %-20s %s\n", $1, $2 }' >&2
    return 0
  fi
  missing=$(missing_packages "$preset")
  [[ -n $missing ]] || return 0
  printf 'Vouch needs these Debian packages, which are not installed yet:\n'
  while IFS=$'\t' read -r name why; do
    printf '  %-20s %s\n' "$name" "$why"
    names+=("$name")
  done <<<"$missing"
  command="apt-get install -y --no-install-recommends ${names[*]}"
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      cannot_install "They can only be installed by root, and there is no sudo." "su -c '$command'"
      return 1
    fi
    as_root=(sudo)
    if [[ ! -t 0 ]]; then
      as_root=(sudo -n)
      if ! sudo -n true 2>/dev/null; then
        cannot_install "sudo wants a password and there is no terminal to ask on." "sudo $command"
        return 1
      fi
    fi
  fi
  if [[ -t 0 ]]; then
    read -r -p "Install them now? [Y/n] " answer || answer=n
    if [[ $answer == [nN]* ]]; then
      cannot_install "Nothing was installed." "${as_root[*]:+sudo }$command"
      return 1
    fi
  fi
  if ! "${as_root[@]}" "$PACKAGES_FOLDER/apt_install.sh" "${names[@]}" </dev/null; then
    cannot_install "apt-get could not install them (the lines above say why)." "${as_root[*]:+sudo }apt-get update && ${as_root[*]:+sudo }$command"
    return 1
  fi
}

list_packages() {
  local name groups why state
  while IFS='|' read -r name groups why; do
    name=${name//[[:space:]]/} groups=${groups//[[:space:]]/}
    [[ -n $name ]] || continue
    if is_installed "$name"; then state=installed; else state=missing; fi
    printf '%-20s %-10s %-11s%s\n' "$name" "$state" "$groups" "$why"
  done <<<"$PACKAGES"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  case "${1:-list}" in
    list) list_packages ;;
    install) install_packages "${2:-release}" ;;
    *)
      sed -n '2,7s/^# \{0,1\}//p' "$0"
      exit 2
      ;;
  esac
fi
