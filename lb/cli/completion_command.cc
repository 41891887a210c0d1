#include "lb/cli/completion_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "lb/cli/admin_client.h"
#include "lb/flags/command_line.h"
#include "lb/flags/help.h"

namespace finishline::cli {
namespace {

// Each calls `PROGRAM [COMMAND] --help`: indented words are commands under "Subcommands:", and flags
// elsewhere.
constexpr const char* kBash = R"sh(# bash completion for finishline; to be sourced
_finishline_commands() { # PROGRAM [COMMAND]
  "$@" --help 2>/dev/null | awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }'
}
_finishline_flags() {
  "$@" --help 2>/dev/null | grep -oE '^ +(-[A-Za-z],)?--[a-z0-9-]+' | grep -oE -e '--[a-z0-9-]+'
}
_finishline() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} asked=("${COMP_WORDS[0]}")
  if [[ ${asked[0]} =~ finishline(-client)?$ && $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]]; then
    asked+=("${COMP_WORDS[1]}")
  fi
  case $before in
    -c | --config | --file) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(_finishline_flags "${asked[@]}")" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$(_finishline_commands "${asked[@]}")" -- "$word"))
    [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -F _finishline finishline finishline-server finishline-client
)sh";

constexpr const char* kZsh = R"sh(#compdef finishline finishline-server finishline-client
# zsh completion for finishline; to stand in $fpath as _finishline
_finishline() {
  local -a asked commands flags
  asked=($words[1])
  [[ $words[1] == *finishline(|-client) && CURRENT -gt 2 && $words[2] != -* ]] && asked+=($words[2])
  commands=(${(f)"$($asked --help 2>/dev/null |
    awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 }
         on && /^  [a-z]/ { name = $1; $1 = ""; sub(/^ /, ""); print name ":" $0 }')"})
  flags=(${(f)"$($asked --help 2>/dev/null | grep -oE '^ +(-[A-Za-z],)?--[a-z0-9-]+' | grep -oE -e '--[a-z0-9-]+')"})
  if [[ $PREFIX == -* ]]; then
    compadd -- $flags
  elif (( $#commands )); then
    _describe command commands
  else
    _files
  fi
}
if [[ $funcstack[1] == _finishline ]]; then
  _finishline "$@"
else
  compdef _finishline finishline finishline-server finishline-client
fi
)sh";

constexpr const char* kFish = R"sh(# fish completion for finishline; to stand in ~/.config/fish/completions
function __finishline_help
    set -l words (commandline -opc)
    set -l asked $words[1]
    if string match -qr -- 'finishline(-client)?$' $words[1]; and test (count $words) -gt 1; and not string match -q -- '-*' $words[2]
        set asked $asked $words[2]
    end
    $asked --help 2>/dev/null
end
function __finishline_commands
    __finishline_help | awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { name = $1; $1 = ""; sub(/^ /, ""); print name "\t" $0 }'
end
function __finishline_flags
    __finishline_help | grep -oE '^ +(-[A-Za-z],)?--[a-z0-9-]+' | grep -oE -e '--[a-z0-9-]+'
end
for program in finishline finishline-server finishline-client
    complete -c $program -a '(__finishline_commands)'
    complete -c $program -n 'string match -q -- "-*" (commandline -ct)' -a '(__finishline_flags)'
end
)sh";

struct Shell {
  const char* name;
  const char* script;
};
constexpr Shell kShells[] = {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};

}  // namespace

int run_completion_command(int argc, char** argv) {
  CLI::App flags("Prints a script that completes our commands and flags", "finishline completion");
  std::string wanted;
  flags.add_option("shell", wanted, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  flags::add_examples(flags,
                      {"source <(finishline completion bash)", "finishline completion zsh >_finishline",
                       "finishline completion fish >~/.config/fish/completions/finishline.fish"});
  if (const auto code = flags::parse(flags, argc, argv)) return *code;
  for (const Shell& shell : kShells)
    if (wanted == shell.name) std::fputs(shell.script, stdout);
  return 0;
}

}  // namespace finishline::cli
