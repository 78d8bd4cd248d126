# Completion of vouchctl for bash. Goes into /usr/share/bash-completion/completions/vouchctl, where bash-completion finds
# it by itself; or: source packaging/completion/vouchctl.bash

_vouchctl() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="status stats reload snapshot flush lookup explain nta zones anchors cache top trace commands help"
  local types="A AAAA CAA CNAME DNAME DNSKEY DS HTTPS LOC MX NAPTR NS NSEC NSEC3 PTR RRSIG SOA SRV SSHFP SVCB TLSA TXT"
  local common="--socket --json --help"

  case $previous in
    --socket | -s)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --for | --reason | --zone | --seconds | --rows | --count) return ;;
  esac

  # The words of the command so far, options left out.
  local said=() at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case ${COMP_WORDS[at]} in
      --socket | -s) ((at++)) ;;
      -*) ;;
      *) said+=("${COMP_WORDS[at]}") ;;
    esac
  done

  local offered="$common"
  case "${said[0]-} ${said[1]-}" in
    " ") offered="$commands $common --version" ;;
    "help ") offered="$commands" ;;
    "flush ") offered="name zone type bogus all" ;;
    "flush name") ((${#said[@]} == 3)) && offered="$types" ;;
    "flush type") ((${#said[@]} == 2)) && offered="$types" ;;
    "cache ") offered="stats dump" ;;
    "explain ") offered="" ;;
    "explain "*) offered="$types $common" ;;
    "nta ") offered="add remove list" ;;
    "nta add") offered="--for --reason --stays $common" ;;
    "cache dump") offered="--zone $common" ;;
    "zones "*) offered="--failing $common" ;;
    "top "*) offered="--once --seconds --rows $common" ;;
    "trace "*) offered="--count $common" ;;
    "lookup ") offered="" ;;
    "lookup "*) offered="$types +dnssec +cd +short +client=" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -F _vouchctl vouchctl
