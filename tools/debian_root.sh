# shellcheck shell=bash
# A Debian of its own in a folder: where packages are built for another architecture, and tried out, without disturbing
# this machine's. Sourced; needs root. Which mirrors to use is asked of this machine's apt each time, and written
# nowhere but into that folder.

# Debian's archives as this machine's apt knows them, as lines of a sources.list. A mirror calls itself by Debian's name
# (Origin) wherever it stands.
debian_sources() {
  local uri release component key=''
  [[ ! -f /usr/share/keyrings/debian-archive-keyring.gpg ]] || key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] '
  # shellcheck disable=SC2016  # these are apt's own variables
  apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' | sort -u |
    while IFS='|' read -r uri release component; do printf 'deb %s%s %s %s\n' "$key" "$uri" "$release" "$component"; done
}

# Prints why no such folder can be made here; nothing when it can.
why_no_debian_root() {
  local needed
  if ((EUID != 0)); then
    echo "only root can make a Debian in a folder"
    return
  fi
  for needed in debootstrap unshare setpriv chroot apt-get; do
    if ! command -v "$needed" >/dev/null; then
      echo "$needed is not installed"
      return
    fi
  done
  if ! unshare --mount --pid --net --fork true 2>/dev/null; then
    echo "this machine allows no namespaces"
  elif [[ -z $(debian_sources) ]]; then
    echo "apt knows no Debian mirror (is this Debian, and has apt-get update been run?)"
  fi
}

# debian_root_make FOLDER: the smallest Debian of this machine's release.
debian_root_make() {
  local folder=$1 codename mirror
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  mirror=$(debian_sources | awk -v codename="$codename" '$(NF-1) == codename { print $(NF-2); exit }')
  if [[ -z $mirror ]]; then
    echo "apt knows no mirror of Debian $codename" >&2
    return 1
  fi
  debootstrap --variant=minbase "$codename" "$folder" "$mirror" || return 1
  debian_sources >"$folder/etc/apt/sources.list"
  # How this machine's apt reaches its mirrors, and whether they may be old: a proxy, a snapshot of the archive.
  apt-config dump Acquire::http::Proxy Acquire::https::Proxy Acquire::Check-Valid-Until Acquire::Check-Date \
    >"$folder/etc/apt/apt.conf.d/90as-the-host"
  printf 'force-unsafe-io\n' >"$folder/etc/dpkg/dpkg.cfg.d/90thrown-away"  # no waiting for a disk that nobody keeps
  printf '#!/bin/sh\nexit 101\n' >"$folder/usr/sbin/policy-rc.d"            # no service is started by its package
  chmod 755 "$folder/usr/sbin/policy-rc.d"
}

# debian_root_run [--alone] [--read-only] [--bind OUTSIDE] FOLDER COMMAND...: as root in there, in namespaces for processes
# and mounts that end with it; --alone: for the network, too, where only loopback is; --read-only: nothing in it can be
# changed; --bind: OUTSIDE is seen within at its own path.
debian_root_run() {
  local namespaces=(--mount --pid --fork --kill-child) outside='' loopback=no read_only=no
  while [[ $1 == --* ]]; do
    case $1 in
      --alone) namespaces+=(--net) loopback=yes ;;
      --read-only) read_only=yes ;;
      --bind)
        outside=$2
        shift
        ;;
    esac
    shift
  done
  # Whoever ends us ends what runs in there: unshare itself waits, deaf to TERM.
  # shellcheck disable=SC2016  # for the shell within
  setpriv --pdeathsig KILL -- unshare "${namespaces[@]}" sh -ec '
    outside=$1 loopback=$2 read_only=$3 folder=$4
    shift 4
    [ -z "$outside" ] || mkdir -p "$folder$outside"
    if [ "$read_only" = yes ]; then
      mount --bind "$folder" "$folder"
      mount -o remount,bind,ro "$folder"
    fi
    mount -t proc proc "$folder/proc"
    mount --rbind /dev "$folder/dev"
    [ -z "$outside" ] || mount --bind "$outside" "$folder$outside"
    [ "$loopback" = no ] || ip link set lo up
    exec env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
      chroot "$folder" "$@"
  ' sh "$outside" "$loopback" "$read_only" "$@"
}
