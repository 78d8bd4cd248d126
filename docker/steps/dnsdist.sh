#!/usr/bin/env bash
# In the image of the fleet's load balancer: installs Debian's dnsdist, and the same check of health as the nodes have.
#   dnsdist.sh FOLDER    where health.sh is
set -euo pipefail

folder=${1:?which folder?}
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends dnsdist
apt-get clean
rm -rf /var/lib/apt/lists/*
install -D -m 0755 "$folder/health.sh" /usr/lib/vouch/health.sh
rm -rf "$folder"
