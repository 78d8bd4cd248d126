#!/usr/bin/env bash
# Gets what the browser tests (tests/web) need beside Vouch itself: Chromium and Node.js from Debian, and two packages
# from npm, into build/web. Nothing of it is needed to build or run Vouch: what cannot be had is told, and those tests
# are skipped.
#
#   tools/web_tests.sh           get what is missing
#   tools/web_tests.sh run ...   then run the tests; what follows goes to tests/web/browser_test.mjs, for example
#                                  --url http://127.0.0.1:8053 --screenshots /tmp/pages
#
# Also sourced by ./check, which calls prepare_web_tests.
set -euo pipefail

WEB_TOOLS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
WEB_ROOT=$(dirname "$WEB_TOOLS")
# shellcheck source=tools/packages.sh
source "$WEB_TOOLS/packages.sh"

without_browser() { printf '%s The pages will not be tried in a browser.\n' "$1" >&2; }

# The packages of the group `web` that are missing; a Node.js that came from elsewhere will do.
missing_web_packages() {
  local name why
  while IFS=$'\t' read -r name why; do
    case "$name" in
      nodejs) ! command -v node >/dev/null || continue ;;
      npm) ! command -v npm >/dev/null || continue ;;
    esac
    is_installed "$name" || printf '%s\n' "$name"
  done < <(packages_for web)
}

install_web_packages() {
  local missing=() as_root=()
  mapfile -t missing < <(missing_web_packages)
  ((${#missing[@]} > 0)) || return 0
  if ! command -v apt-get >/dev/null; then
    without_browser "Chromium, Node.js or npm is missing."
    return 1
  fi
  if ((EUID != 0)); then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
      without_browser "Only root can install: ${missing[*]}."
      return 1
    fi
  fi
  printf 'For the browser tests these Debian packages are installed: %s\n' "${missing[*]}"
  if ! "${as_root[@]}" "$WEB_TOOLS/apt_install.sh" "${missing[@]}" </dev/null >"$WEB_ROOT/build/web/apt.log" 2>&1; then
    without_browser "apt-get could not install ${missing[*]} (build/web/apt.log says why)."
    return 1
  fi
}

# As the lock file says, and again whenever it has changed.
install_npm_packages() {
  local file
  if cmp -s "$WEB_ROOT/tests/web/package-lock.json" "$WEB_ROOT/build/web/installed-lock.json"; then return 0; fi
  for file in package.json package-lock.json .npmrc; do
    cp "$WEB_ROOT/tests/web/$file" "$WEB_ROOT/build/web/$file"
  done
  if ! (cd "$WEB_ROOT/build/web" && npm ci) </dev/null >"$WEB_ROOT/build/web/npm.log" 2>&1; then
    without_browser "npm could not install its packages (build/web/npm.log says why)."
    return 1
  fi
  cp "$WEB_ROOT/tests/web/package-lock.json" "$WEB_ROOT/build/web/installed-lock.json"
}

# Never fails: without a browser the rest is tested all the same.
prepare_web_tests() {
  mkdir -p "$WEB_ROOT/build/web"
  if install_web_packages; then install_npm_packages || true; fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  case "${1:-}" in
    '') prepare_web_tests ;;
    run)
      shift
      prepare_web_tests
      exec node "$WEB_ROOT/tests/web/browser_test.mjs" --modules "$WEB_ROOT/build/web" "$@"
      ;;
    *)
      sed -n '2,11s/^# \{0,1\}//p' "$0"
      exit 2
      ;;
  esac
fi
