#!/usr/bin/env bash
# Builds the Debian package. See usage().
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
# shellcheck source=tools/common.sh
source "$ROOT/tools/common.sh"
# shellcheck source=tools/packages.sh
source "$ROOT/tools/packages.sh"
# shellcheck source=tools/debian_root.sh
source "$ROOT/tools/debian_root.sh"

usage() {
  cat <<'END_OF_USAGE'
tools/build_deb.sh                   build vouch_VERSION_ARCHITECTURE.deb for this machine, into build/deb
  --arch amd64|arm64   for that architecture. Another than this machine's is built in a Debian of its own, in
                       build/deb/root-ARCH, which is made at the first time: as root, some minutes, 3 GB
  --root-only          make that Debian, and build nothing
  --here               for another architecture, but with the compilers and libraries of this machine, which must be there:
                       in a container that is thrown away
  --built DIR          from what is built already in that build folder, such as build/release, for this machine: to try the
                       package. Without link-time optimisation, if that build has none
  --version VERSION    in place of the project's own, for example 0.2.0~rc1
  --jobs N             compilers at once; without it as many as processors and memory allow

Installs what the build needs from Debian's packages, saying so. The package is for the release of Debian it is built on.
END_OF_USAGE
}

own_arch=$(dpkg --print-architecture)
arch=$own_arch here=no root_only=no built='' jobs=$(jobs_for_this_machine)
version=$(sed -n 's/^project(Vouch VERSION \([0-9.]*\).*/\1/p' "$ROOT/CMakeLists.txt")
while (($# > 0)); do
  case "$1" in
    -h | --help)
      usage
      exit 0
      ;;
    --here) here=yes ;;
    --root-only) root_only=yes ;;
    --arch | --built | --version | --jobs)
      [[ -n ${2:-} ]] || die "$1 wants a value."
      case "$1" in
        --arch) arch=$2 ;;
        --built) built=$(realpath "$2") ;;
        --version) version=$2 ;;
        --jobs) jobs=$2 ;;
      esac
      shift
      ;;
    *)
      usage >&2
      die "Unknown argument: $1"
      ;;
  esac
  shift
done
[[ $arch == amd64 || $arch == arm64 ]] || die "--arch wants amd64 or arm64: there is no package for $arch."
[[ $version =~ ^[0-9][A-Za-z0-9.+~]*$ ]] || die "--version wants a version as Debian writes them, for example 0.2.0~rc1."
[[ $jobs =~ ^[1-9][0-9]?$ ]] || die "--jobs wants a number, 1 to 99."
[[ -z $built || $arch == "$own_arch" ]] || die "--built is for this machine's own architecture, $own_arch."
[[ -z $built || -x $built/resolver/daemon/vouchd ]] || die "There is no vouchd in $built: build it first."

# The release is part of the version, so that whoever goes from Debian 12 to 13 gets the package that was built for it.
full_version="$version+deb$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release)"
out="$ROOT/build/deb"
work="$out/$arch${built:+-built}"  # a build that takes its time is not disturbed by one that tries the package
tree="$work/vouch"

# A copy of the sources with debian/ where the tools look for it, without the secrets of whoever runs the compose files
# (docker/steps/secrets.sh): they belong in no package, and only root could read them. The changelog's entry is made from the project's version.
lay_out_tree() {
  local when
  when=$(date -R -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}")
  rm -rf "$work"
  mkdir -p "$tree"
  find "$ROOT" -mindepth 1 -maxdepth 1 ! -name '.*' ! -name 'build*' ! -name tests ! -name docker -exec cp -a -t "$tree" {} +
  mkdir "$tree/docker"
  find "$ROOT/docker" -mindepth 1 -maxdepth 1 ! -name secrets -exec cp -a -t "$tree/docker" {} +
  cp -a "$ROOT/packaging/debian" "$tree/debian"
  printf 'vouch (%s) unstable; urgency=medium\n\n  * What has changed is in /usr/share/doc/vouch/CHANGELOG.md.gz.\n\n -- %s  %s\n' \
    "$full_version" "$(sed -n 's/^Maintainer: //p' "$tree/debian/control")" "$when" >"$tree/debian/changelog"
}

build_package() {
  say "Building vouch $full_version for $arch, $jobs compilers at once ..."
  lay_out_tree
  if [[ -n $built ]]; then export VOUCH_BUILT=$built; fi
  # Debian's build tools give each build a home of its own; the compilers' cache and its settings are those of ours.
  local settings=${CCACHE_CONFIGPATH:-${XDG_CONFIG_HOME:-$HOME/.config}/ccache/ccache.conf}
  if [[ -f $settings ]]; then export CCACHE_CONFIGPATH=$settings; fi
  if [[ -z ${CCACHE_DIR:-} ]] && command -v ccache >/dev/null; then
    CCACHE_DIR=$(ccache -k cache_dir)
    export CCACHE_DIR
  fi
  # What is needed was installed above; Debian's own check would also ask for g++, which Vouch is not built with.
  (cd "$tree" && DEB_BUILD_OPTIONS="nocheck parallel=$jobs" dpkg-buildpackage --build=binary --no-sign --no-check-builddeps \
    --host-arch "$arch") ||
    die "The package could not be built (the lines above say why)."
  cp "$work/"vouch*_"$full_version"_"$arch".*deb "$out/"
  good "$(realpath --relative-base="$PWD" "$out/vouch_${full_version}_$arch.deb")"
}

# A Debian of its own, whose packages for the other architecture do not disturb this machine's.
make_root() {
  local root="$out/root-$arch" why
  why=$(why_no_debian_root)
  [[ -z $why ]] || die "A package for $arch cannot be built here: $why."
  if [[ ! -e $root/.ready ]]; then
    say "Making a Debian for building, in $root (some minutes) ..."
    rm -rf "$root"
    mkdir -p "$out"
    debian_root_make "$root" >"$out/root-$arch.log" 2>&1 || die "It could not be made ($out/root-$arch.log says why)."
    debian_root_run --bind "$ROOT" "$root" "$ROOT/tools/cross_packages.sh" "$arch" >>"$out/root-$arch.log" 2>&1 ||
      die "What a build for $arch needs could not be installed ($out/root-$arch.log says why)."
    touch "$root/.ready"
  fi
}

build_in_root() {
  local root="$out/root-$arch"
  make_root
  debian_root_run --bind "$ROOT" "$root" env "CCACHE_DIR=$out/ccache-$arch" "CCACHE_BASEDIR=$ROOT" CCACHE_NOHASHDIR=1 \
    "$ROOT/tools/build_deb.sh" --arch "$arch" --here --version "$version" --jobs "$jobs"
}

if [[ $root_only == yes ]]; then
  [[ $arch != "$own_arch" ]] || die "--root-only is for another architecture than this machine's."
  make_root
elif [[ $arch == "$own_arch" ]]; then
  [[ -n $built ]] || install_packages release
  install_packages package
  build_package
elif [[ $here == yes ]]; then
  build_package
else
  build_in_root
fi
