#!/usr/bin/env bash
# No file over 400 lines, no function over 40: lists what is longer, longest first. Silent and 0 when nothing is.
#
# It reads sources as clang-format leaves them: a function begins at the left margin, or two columns into a class,
# and ends with a brace in the same column. Its lines are counted from its name to that brace.
set -euo pipefail
cd "$(dirname "$0")/.."
MAX_FILE=${MAX_FILE:-400} MAX_FUNCTION=${MAX_FUNCTION:-40}

found=$(git ls-files '*.cc' '*.h' | xargs awk -v max_file="$MAX_FILE" -v max_function="$MAX_FUNCTION" '
  function tell(lines, place, what) { printf "%5d lines: %s: %s\n", lines, place, what }
  function end_file() { if (length_now > max_file) tell(length_now, file, "the file") }
  function open(margin, text) {
    if (begun[margin] && called[margin] >= begun[margin] && text ~ /{$/ && text !~ /= {$/) opened[margin] = 1
  }
  # One margin: where the declaration began that a brace at this margin ends.
  function read(margin, text) {
    if (text ~ /^}/) {
      if (opened[margin] && FNR - begun[margin] + 1 > max_function)
        tell(FNR - begun[margin] + 1, FILENAME ":" begun[margin], first[margin])
      begun[margin] = opened[margin] = 0
    } else if (!opened[margin]) {
      if (!begun[margin] && text ~ /^[A-Za-z_~]/ && text !~ /^(namespace|class|struct|enum|union|template|public:|private:|protected:)/) {
        begun[margin] = FNR
        first[margin] = text
      }
      if (begun[margin] && text ~ /\(/) called[margin] = FNR
      open(margin, text)
      if (text == "" || text ~ /[;}]$/) begun[margin] = 0
    }
  }
  FNR == 1 { end_file(); file = FILENAME; begun[0] = begun[2] = opened[0] = opened[2] = 0 }
  { length_now = FNR }
  /^[^ ]|^$/ { read(0, $0); if ($0 != "") begun[2] = opened[2] = 0 }
  /^   / { if (!opened[0]) { open(0, $0); open(2, $0) } }
  /^  [^ ]/ { if (!opened[0]) read(2, substr($0, 3)) }
  END { end_file() }' | sort -rn)
[[ -z $found ]] && exit 0
echo "$found"
exit 1
