# Completion of vouchd's command line for bash.
_vouchd() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  case "$before" in
    -c | --config)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      compopt -o filenames
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "-c --config --check-config --print-config --print-default-config -V --version -h --help" -- "$word")
}
complete -F _vouchd vouchd
