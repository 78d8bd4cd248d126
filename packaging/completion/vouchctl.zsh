#compdef vouchctl
# Completion of vouchctl for zsh. Goes into a folder of $fpath, on Debian /usr/share/zsh/vendor-completions/_vouchctl.

_vouchctl_types() {
  local -a types
  types=(A AAAA CAA CNAME DNAME DNSKEY DS HTTPS LOC MX NAPTR NS NSEC NSEC3 PTR RRSIG SOA SRV SSHFP SVCB TLSA TXT)
  _describe -t types 'record type' types
}

_vouchctl() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands flushes caches negatives flags

  commands=(
    'status:what runs, since when, and how it is'
    'stats:all counters, in groups'
    'reload:take up the changed configuration'
    'snapshot:write the cache to its file now'
    'flush:forget what is known of names'
    'lookup:resolve as a client would'
    'explain:why an answer is what it is'
    'nta:negative trust anchors'
    'zones:zones whose chain of trust breaks'
    'anchors:trust anchors and where each stands in its roll'
    'cache:how full the caches are, and what is in them'
    'top:the most asked names and the busiest zones, live'
    'trace:answers as they are given'
    'commands:the names of all commands that this vouchd knows'
    'help:what a command does'
  )
  flushes=(
    'name:a name, or one type of it'
    'zone:a name and all below it'
    'type:all sets of one type'
    'bogus:all that failed validation'
    'all:everything'
  )
  negatives=('add:validate nothing there for a while' 'remove:validate there again' 'list:all that are in force')
  caches=('stats:how full they are' 'dump:what is in the cache')
  flags=('+dnssec:with signatures and proofs' '+cd:what failed validation as well' '+short:the data alone')

  _arguments -C \
    '(-s --socket)'{-s,--socket}'[where vouchd listens]:socket:_files' \
    '(-j --json)'{-j,--json}'[the answer as vouchd gives it]' \
    '(-h --help)'{-h,--help}'[what it does]' \
    '(-V --version)'{-V,--version}'[the version]' \
    '1:command:->command' \
    '*::argument:->argument'

  case $state in
    command) _describe -t commands 'command' commands ;;
    argument)
      case $line[1] in
        help) _describe -t commands 'command' commands ;;
        flush)
          if ((CURRENT == 2)); then
            _describe -t flushes 'what to forget' flushes
          elif [[ $words[2] == type ]] || ((CURRENT == 4)); then
            _vouchctl_types
          fi
          ;;
        cache)
          if ((CURRENT == 2)); then _describe -t caches 'cache command' caches; else _arguments '--zone[only this one]:zone:'; fi
          ;;
        explain) ((CURRENT > 2)) && _vouchctl_types ;;
        nta)
          if ((CURRENT == 2)); then
            _describe -t anchors 'negative anchor command' negatives
          elif [[ $words[2] == add ]]; then
            _arguments '--for[how long]:time:' '--reason[why]:text:' '--stays[to its end]'
          fi
          ;;
        zones) _arguments '--failing[only those that fail now]' ;;
        top) _arguments '--once[one look]' '--seconds[between two looks]:seconds:' '--rows[of each list]:rows:' ;;
        trace) _arguments '--count[end after so many]:answers:' ;;
        lookup)
          if ((CURRENT > 2)); then
            _vouchctl_types
            _describe -t flags 'flag' flags
          fi
          ;;
      esac
      ;;
  esac
}

_vouchctl "$@"
