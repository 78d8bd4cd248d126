#!/usr/bin/env bash
# In a Debian that is thrown away: builds the package for an architecture, and lays out what the image is made of.
#   build.sh ARCH FOLDER    ARCH as Docker says it: amd64 or arm64
set -euo pipefail

STEPS=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
ROOT=$(dirname "$(dirname "$STEPS")")
arch=${1:?which architecture?} folder=${2:?into which folder?}
own_arch=$(dpkg --print-architecture)

export DEBIAN_FRONTEND=noninteractive
apt-get update
if [[ $arch == "$own_arch" ]]; then
  "$ROOT/tools/build_deb.sh"
elif [[ $own_arch == amd64 ]]; then
  "$ROOT/tools/cross_packages.sh" "$arch"
  "$ROOT/tools/build_deb.sh" --arch "$arch" --here
else
  echo "For another architecture, images are built on amd64 alone; this is $own_arch." >&2
  exit 1
fi
mkdir -p "$folder"
cp "$ROOT"/build/deb/vouch_*_"$arch".deb "$folder/vouch.deb"
cp "$STEPS/install.sh" "$STEPS/health.sh" "$folder/"
