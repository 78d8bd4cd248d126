#!/bin/sh
# Installs the named Debian packages, as root and without a question. Called by tools/packages.sh.
#
# Debian starts a server as soon as its package is installed. The lab starts its own copies of NSD on loopback and wants
# none on port 53; of Prometheus and dnsdist the tests want the programs alone: while we install, services are told to stay
# off (policy-rc.d), and what is new is not started at boot.
set -eu
export DEBIAN_FRONTEND=noninteractive

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
fi

if ! apt-get install -y --no-install-recommends "$@"; then
  echo "Trying once more with fresh package lists ..."
  apt-get update
  apt-get install -y --no-install-recommends "$@"
fi

for service in nsd prometheus dnsdist; do
  case " $* " in
    *" $service "*)
      if command -v systemctl >/dev/null; then
        systemctl disable "$service.service" >/dev/null 2>&1 || true
      fi
      ;;
  esac
done
