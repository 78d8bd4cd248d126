#compdef vouchd
# Completion of vouchd's command line for zsh.
_arguments \
  '(-c --config)'{-c,--config}'[the configuration]:file:_files -g "*.y(a|)ml"' \
  '--check-config[say what is wrong with the configuration, and end]' \
  '--print-config[print the configuration whole, and end]' \
  '(- *)--print-default-config[print the commented default configuration, and end]' \
  '(- *)'{-V,--version}'[print versions, and end]' \
  '(- *)'{-h,--help}'[print help, and end]'
