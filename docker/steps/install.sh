#!/usr/bin/env bash
# In the image: installs the package. Its user gets a number that is the same in every image, so that volumes and secrets
# can be given to it from outside.
#   install.sh FOLDER    where vouch.deb and health.sh are; afterwards they are gone
set -euo pipefail

folder=${1:?which folder?}
readonly NUMBER=953  # of user and group; below 1000, as system users' are, and given to nobody by Debian

export DEBIAN_FRONTEND=noninteractive
groupadd --system --gid "$NUMBER" vouch
useradd --system --uid "$NUMBER" --gid "$NUMBER" --home-dir /var/lib/vouch --no-create-home --shell /usr/sbin/nologin vouch
apt-get update
apt-get install -y --no-install-recommends "$folder/vouch.deb" ca-certificates
apt-get clean
rm -rf /var/lib/apt/lists/*
install -D -m 0755 "$folder/health.sh" /usr/lib/vouch/health.sh
rm -rf "$folder"
