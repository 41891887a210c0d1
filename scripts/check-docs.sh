#!/usr/bin/env bash
# Documents agree with the code. README.md, the pages in lb/doc and proto/PROTOCOL.md:
#   * every command that a page shows is run, and succeeds (scripts/docs/run-page.sh);
#   * generated parts of the reference are what the programs and their tables say (scripts/docs/generate.sh);
#   * files, make targets, commands, keys and metrics that a page names are there.
# Says what is wrong, and 1. `check-docs.sh --write` brings the generated parts up to date first;
# `check-docs.sh PAGE...` runs the commands of these pages only.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=$(cd "${BIN:-build/bin}" && pwd)
export BIN
scratch=$(mktemp -d "${TMPDIR:-/tmp}/finishline-docs.XXXXXX")
running=()
clean_up() {
  local pid
  for pid in "${running[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
bad=0
complain() {
  echo "$1"
  bad=1
}

# Commands that cannot be run here, and why. They stand in ```sh no-run blocks, of which there are no others.
declare -A not_run=(
  [lb/doc/how-to/run-under-systemd.md]="needs root, and systemd as the first process"
  [lb/doc/how-to/install-as-a-package.md]="builds and installs packages, which needs root"
  [lb/doc/how-to/test-with-faults.md]="make chaos and make memory take minutes; make test runs short passes of them"
  [lb/doc/how-to/read-the-access-log.md]="shows a file that has grown for a while, with a tool that need not be there"
  [lb/doc/how-to/contribute.md]="builds and tests all, which takes minutes; make test is what runs this"
  [lb/doc/how-to/speak-tls.md]="names a machine that is not there"
  [lb/doc/how-to/measure-speed.md]="make bench installs other proxies and takes minutes"
)

# What a page needs beyond our programs and may do without: its commands are not run where that is missing.
declare -A needs=([lb/doc/tutorial/node-client.md]=node [lb/doc/tutorial/node-worker.md]=node [lb/doc/tutorial/c-worker.md]=$BIN/../lib/libfinishline.a)

mapfile -t pages < <(printf '%s\n' README.md proto/PROTOCOL.md && find lb/doc -name '*.md' | sort)

# --- generated parts ---------------------------------------------------------------------------------

# with_parts PAGE: the page with each part between <!-- generated: WHAT --> and <!-- end --> made anew.
with_parts() {
  local line part
  while IFS= read -r line; do
    [[ -n ${part:-} && $line != '<!-- end -->' ]] && continue
    part=
    printf '%s\n' "$line"
    [[ $line =~ ^'<!-- generated: '([a-z -]+)' -->'$ ]] || continue
    part=${BASH_REMATCH[1]}
    # shellcheck disable=SC2086
    printf '\n%s\n\n' "$(scripts/docs/generate.sh $part)" || return
  done <"$1"
}
check_parts() {
  local page
  for page in $(grep -l '^<!-- generated: ' "${pages[@]}"); do
    with_parts "$page" >"$scratch/page" || { complain "$page: a generated part cannot be made"; continue; }
    cmp -s "$page" "$scratch/page" && continue
    if [[ ${1:-} == --write ]]; then
      cp "$scratch/page" "$page"
      echo "$page is written anew"
    else
      diff -u --label "$page" --label "as it should be" "$page" "$scratch/page" | head -20 || true
      complain "$page is not what the programs say: scripts/check-docs.sh --write mends it"
    fi
  done
}

# --- what pages name ---------------------------------------------------------------------------------

check_links() { # PAGE
  local link target
  while read -r link; do
    target=${link%%#*}
    [[ -z $target || -e $(dirname "$1")/$target ]] || complain "$1 names $target, which is not there"
  done < <(grep -oE '\]\([^):]+\)' "$1" | sed -E 's/^\]\((.*)\)$/\1/')
}
check_names() { # PAGE
  local name
  for name in $(grep -oE '(^|`)make [a-z]+' "$1" | awk '{ print $2 }' | sort -u); do
    grep -qE "^$name:" Makefile || complain "$1 names make $name, which the Makefile does not know"
  done
  for name in $(grep -oE '(^|`|/)finishline [a-z]+' "$1" | awk '{ print $2 }' | sort -u); do
    grep -qE "^  $name " "$scratch/help" || complain "$1 names finishline $name, which is no command"
  done
  for name in $(grep -oE '\bfinishline_[a-z_]+[a-z]' "$1" | sort -u); do
    grep -qE "\b$name\b" proto/c/finishline.h && continue
    [[ $name =~ ^(.*)_(bucket|sum|count)$ ]] && grep -qF "\`${BASH_REMATCH[1]}\` | histogram" lb/doc/reference/metrics.md && continue
    grep -qF "\`$name\`" lb/doc/reference/metrics.md || complain "$1 names $name, which is no metric"
  done
  for name in $(grep -oE '`(proxy|log|work|listener|pool|server)\.[a-z_]+`' "$1" | tr -d '`' | sort -u); do
    grep -qE "^${name#*.} = " lb/finishline.example.toml || complain "$1 names $name, which is no key"
  done
  for name in $(awk '
    /^ *```toml$/ { inside = 1; next }
    /^ *```$/ { inside = 0 }
    inside && /^ *\[/ { costs = /cost/ }
    inside && !costs && match($0, /^ *[a-z_]+ =/) { print $1 }' "$1" | sort -u); do
    [[ $name == include ]] || grep -qE "^$name = " lb/finishline.example.toml || complain "$1 shows $name, which is no key"
  done
}

# Every fenced block says what it is, so that no command hides from being run.
check_fences() { # PAGE
  local fence
  while read -r fence; do
    case $fence in
      '' | text | sh | toml | json | ini | yaml | 'python '*.py | 'js '*.mjs | 'c '*.c) ;;
      'sh no-run') [[ -n ${not_run[$1]:-} ]] || complain "$1 has commands that are not run: scripts/check-docs.sh does not say why" ;;
      *) complain "$1 has a block of the unknown kind '$fence'" ;;
    esac
  done < <(sed -nE 's/^ *```(.*)/\1/p' "$1" | awk 'NR % 2 == 1 && $0 == "" { print "bare" } $0 != ""')
}

check_tables() {
  local name
  for name in $(sed -nE 's/^FINISHLINE_[A-Z]+_METRIC\(.*"(finishline_[a-z_]+)".*/\1/p' lb/ledger/metrics.def); do
    grep -qF "\`$name\`" lb/doc/reference/metrics.md || complain "lb/doc/reference/metrics.md lacks $name"
  done
  for name in $(grep -oE '\{SIG[A-Z0-9]+, Meaning::(stop|reload|reopen_log|upgrade)' lb/process/signal_table.cc | grep -oE 'SIG[A-Z0-9]+'); do
    grep -qF "\`$name\`" lb/doc/reference/signals-and-exit-codes.md || complain "lb/doc/reference/signals-and-exit-codes.md lacks $name"
  done
  for name in $(sed -nE 's/^FINISHLINE_API [^(]*\b(finishline_[a-z_]+)\(.*/\1/p' proto/c/finishline.h); do
    grep -qE "^\.Fn $name( |$)" proto/c/libfinishline.3 || complain "proto/c/libfinishline.3 lacks $name"
  done
  for name in lb/*/; do
    [[ -z $(find "$name" -name '*.h' -print -quit) ]] || grep -qF "\`$name\`" lb/doc/explanation/house.md || complain "lb/doc/explanation/house.md lacks the room $name"
  done
  for name in lb/finishline.example.toml lb/examples/*.toml lb/examples/{transcode,queries,inference}/*.toml; do
    "$BIN/finishline" check -c "$name" >/dev/null || complain "$name is not good"
  done
  for name in $(find lb/doc -name '*.md' ! -path lb/doc/README.md); do
    grep -qF "](${name#lb/doc/})" lb/doc/README.md || complain "lb/doc/README.md does not list $name"
  done
}

# --- commands ----------------------------------------------------------------------------------------

# All pages at once: each has a folder and an address of its own.
run_commands() { # PAGE...
  local page pids=() i=0
  for page in "$@"; do
    grep -qE '^ *```sh$' "$page" || continue
    [[ -z ${needs[$page]:-} ]] || command -v "${needs[$page]}" >/dev/null || [[ -e ${needs[$page]} ]] || continue
    timeout 120 scripts/docs/run-page.sh "$PWD/$page" >"$scratch/${page//\//+}" 2>&1 </dev/null &
    running+=($!)
    pids+=($! "$page")
  done
  for ((; i < ${#pids[@]}; i += 2)); do
    wait "${pids[i]}" && continue
    page=${pids[i + 1]}
    tail -40 "$scratch/${page//\//+}"
    complain "$page: a command that it shows fails"
  done
  running=()
}

"$BIN/finishline" --help >"$scratch/help"
case ${1:-} in
  '' | --write)
    check_parts "$@"
    for page in "${pages[@]}"; do
      check_links "$page"
      check_names "$page"
      check_fences "$page"
    done
    check_tables
    run_commands "${pages[@]}"
    ;;
  *) run_commands "$@" ;;
esac
exit $bad
