#!/usr/bin/env bash
# Installs what a build for another architecture needs: compilers for this machine, libraries for that one. As root, in
# a Debian that is kept for it or thrown away (tools/build_deb.sh makes the first, docker/Dockerfile is the second).
#
#   tools/cross_packages.sh ARCH          what building the package needs
#   tools/cross_packages.sh ARCH tests    also what the unit tests need
set -euo pipefail

CROSS_TOOLS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=tools/packages.sh
source "$CROSS_TOOLS/packages.sh"

arch=${1:?which architecture? for example arm64}
wanted=${2:-package}

# Tools run here; libraries are linked there. Headers alone belong to no architecture.
names=()
while IFS=$'\t' read -r name _; do
  case "$name" in
    nlohmann-json3-dev | cmake | ninja-build | pkg-config | ccache | clang-19 | lld-19 | python3) names+=("$name") ;;
    libgtest-dev | libgmock-dev | libbenchmark-dev) [[ $wanted != tests ]] || names+=("$name:$arch") ;;
    shellcheck) [[ $wanted != tests ]] || names+=("$name") ;;
    lib*-dev | *-cpp-dev) names+=("$name:$arch") ;;
  esac
done < <(packages_for release)
while IFS=$'\t' read -r name _; do
  case "$name" in
    debhelper | dpkg-dev) names+=("$name") ;;
  esac
done < <(packages_for package)
case "$arch" in
  arm64) names+=(binutils-aarch64-linux-gnu) ;;  # strip and objdump for the package; lld links
esac
# The C++ library of the release, whose headers clang looks for beside the newest gcc that it finds.
names+=("libstdc++-$(apt-cache depends g++ | sed -n 's/.*Depends: g++-\([0-9]*\).*/\1/p' | head -1)-dev:$arch" qemu-user-static)

dpkg --add-architecture "$arch"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends "${names[@]}"
