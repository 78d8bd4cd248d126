#!/usr/bin/env bash
# Builds vouchd and unit tests for another architecture and runs them here by qemu's user mode. See usage().
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=tools/common.sh
source "$ROOT/tools/common.sh"
# shellcheck source=tools/debian_root.sh
source "$ROOT/tools/debian_root.sh"

usage() {
  cat <<'END_OF_USAGE'
tools/cross_tests.sh ARCH [--jobs N]     arm64 alone, for now

In the Debian for that architecture that tools/build_deb.sh makes, too (build/deb/root-ARCH; as root, some minutes, 3 GB):
builds vouchd and the unit tests of base, wire, cache, dnssec, policy and front, runs them by qemu, and starts vouchd, which
must answer a local name. From nothing it takes as long as a build and a half. What it compiles, tools/build_deb.sh finds in
the compilers' cache.
END_OF_USAGE
}

TESTED=(base wire cache dnssec policy front)
ANSWER_SECONDS=60  # until vouchd answers: qemu is some twenty times slower than a processor

arch='' jobs=$(jobs_for_this_machine) inside=no
while (($# > 0)); do
  case "$1" in
    -h | --help)
      usage
      exit 0
      ;;
    --jobs)
      jobs=${2:?--jobs wants a number}
      shift
      ;;
    --inside) inside=yes ;;
    arm64) arch=$1 ;;
    *)
      usage >&2
      die "Unknown argument: $1"
      ;;
  esac
  shift
done
[[ -n $arch ]] || die "For which architecture? arm64"
triplet=aarch64-linux-gnu emulator=qemu-aarch64-static
out="$ROOT/build/deb" build="$ROOT/build/cross-$arch"

answers() {
  local config="$build/answers.yaml" server status=1 deadline
  printf 'server: {listen: [127.0.0.1@53]}\ndnssec: {state_directory: ""}\ntelemetry: {state_directory: ""}\nweb: {listen: []}\n' >"$config"
  "$emulator" "$build/resolver/daemon/vouchd" --check-config --config "$config"
  "$emulator" "$build/resolver/daemon/vouchd" --config "$config" &
  server=$!
  deadline=$((SECONDS + ANSWER_SECONDS))
  until [[ $status == 0 ]] || ((SECONDS > deadline)) || ! kill -0 "$server" 2>/dev/null; do
    sleep 1
    if [[ $("$ROOT/tests/packaging/inside.sh" question localhost) == 127.0.0.1 ]]; then status=0; fi
  done
  kill -TERM "$server" && wait "$server" || status=1
  return "$status"
}

test_inside() {
  local targets=() name
  for name in "${TESTED[@]}"; do targets+=("test_$name"); done
  cmake -S "$ROOT" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DVOUCH_HARDEN=ON \
    -DCMAKE_TOOLCHAIN_FILE="$ROOT/cmake/cross/$triplet.cmake" >"$build.log" 2>&1 || die "CMake could not configure ($build.log says why)."
  cmake --build "$build" --parallel "$jobs" --target vouchd "${targets[@]}" || die "The build failed (the lines above say why)."
  "$emulator" "$build/resolver/daemon/vouchd" --version
  for name in "${TESTED[@]}"; do
    say "Unit tests of $name, by $emulator ..."
    "$emulator" "$build/tests/test_$name" --gtest_brief=1 || die "A unit test of $name failed on $arch."
  done
  answers || die "vouchd did not answer a local name."
  good "vouchd and its unit tests (${TESTED[*]}) are good on $arch."
}

if [[ $inside == yes ]]; then
  mkdir -p "$build"
  test_inside
else
  "$ROOT/tools/build_deb.sh" --arch "$arch" --root-only
  debian_root_run --bind "$ROOT" "$out/root-$arch" "$ROOT/tools/cross_packages.sh" "$arch" tests >"$build-packages.log" 2>&1 ||
    die "What the unit tests need could not be installed ($build-packages.log says why)."
  debian_root_run --alone --bind "$ROOT" "$out/root-$arch" env "CCACHE_DIR=$out/ccache-$arch" "CCACHE_BASEDIR=$ROOT" CCACHE_NOHASHDIR=1 \
    "$ROOT/tools/cross_tests.sh" "$arch" --jobs "$jobs" --inside
fi
