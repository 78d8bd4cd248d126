# shellcheck shell=bash
# What ./run and ./check share: how they speak, how they build. Sourced with ROOT set to the project's folder.

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
  BOLD='' GREEN='' RED='' PLAIN=''
fi

say() { printf '%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
note() { printf '  %s\n' "$*"; }
good() { printf '%s%s%s\n' "$GREEN" "$*" "$PLAIN"; }
die() {
  printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2
  exit 1
}

# How many compilers may run at once: one per core, and about 1.2 GB of memory for each (a Raspberry Pi has little).
jobs_for_this_machine() {
  local cores megabytes by_memory
  cores=$(nproc)
  megabytes=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  by_memory=$((megabytes / 1200))
  ((by_memory >= 1)) || by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}

# configure PRESET: quiet when all is well, the whole output when not.
configure() {
  local preset=$1 log="$ROOT/build/$1-configure.log"
  mkdir -p "$ROOT/build" 2>/dev/null || die "Cannot write to $ROOT/build. Was an earlier build made by another user?"
  if ! (cd "$ROOT" && cmake --preset "$preset") >"$log" 2>&1; then
    cat "$log" >&2
    die "CMake could not configure the preset '$preset' (the lines above say why)."
  fi
}

# build PRESET [TARGET...]: only these targets, or everything.
build() {
  local preset=$1
  shift
  local targets=()
  (($# == 0)) || targets=(--target "$@")
  (cd "$ROOT" && cmake --build --preset "$preset" --parallel "$(jobs_for_this_machine)" "${targets[@]}") ||
    die "The build of preset '$preset' failed (the lines above say why)."
}
