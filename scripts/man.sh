#!/usr/bin/env bash
# The manual pages, from what the programs and the reference say, for `make install` and with that for the
# Debian package: scripts/man.sh BIN_DIR OUT_DIR DOC_DIR. Where help2man or go-md2man is not installed there
# are none, and it says so.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(realpath "$1") out=$2 doc=$3
for tool in help2man go-md2man; do
  command -v "$tool" >/dev/null || {
    echo "no manual pages: $tool is not installed; scripts/deps.sh manual does that" >&2
    exit 0
  }
done
install -d "$out/man1" "$out/man5"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# commands_of PROGRAM: the help of each of its sub-commands, as further sections.
commands_of() {
  "$bin/$1" --help | awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }' | while read -r command; do
    [[ $command == run ]] && continue
    printf '[=COMMAND %s]\n.nf\n' "${command^^}"
    "$bin/$1" "$command" --help | sed "s:$bin/::g; s/\\\\/\\\\e/g; s/-/\\\\-/g; s/^\\./\\\\\&./; s/^'/\\\\\&'/"
    printf '.fi\n\n'
  done
}
cat >"$scratch/finishline" <<TEXT
[SEE ALSO]
.BR finishline.toml (5),
.BR finishline-server (1),
.BR finishline-client (1);
the documents in $doc

TEXT
commands_of finishline >>"$scratch/finishline"
commands_of finishline-client >"$scratch/finishline-client"

page() { # PROGRAM SUMMARY [HELP2MAN_OPTION...]
  local program=$1 summary=$2
  PATH=$bin:$PATH help2man --no-info --no-discard-stderr --section 1 --name "$summary" "${@:3}" \
    --version-string "$("$bin/finishline" --version | cut -d' ' -f2)" "$program" >"$out/man1/$program.1"
}
page finishline 'TCP load balancer that makes all work finish earliest' --include "$scratch/finishline"
page finishline-server 'server of typed work, for tests or before a command of yours'
page finishline-client 'client that makes, checks and measures traffic' --include "$scratch/finishline-client"

{
  echo '% finishline.toml 5 "" "Finishline" "File formats"'
  echo
  echo '# NAME'
  echo 'finishline.toml - configuration of finishline(1)'
  echo
  sed -E '1s/^# .*/# DESCRIPTION/; s/\[([^]]*)\]\([^)]*\)/\1/g; s/^### /## /; 2,$s/^## /# /' lb/doc/reference/configuration.md
} | go-md2man 2>/dev/null >"$out/man5/finishline.toml.5"
chmod 644 "$out"/man1/finishline{,-server,-client}.1 "$out/man5/finishline.toml.5"
