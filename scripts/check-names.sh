#!/usr/bin/env bash
# One type per name: lists every name that two files of lb/ give to a type of their own, so that a search for it
# finds one thing. Aliases count where others can see them, in headers. Silent and 0 when there is none.
#
# It reads sources as clang-format leaves them: what stands at the left margin is in a namespace, not in a class.
set -euo pipefail
cd "$(dirname "$0")/.."

found=$(git ls-files 'lb/*.h' 'lb/*.cc' | xargs awk '
  function define(name) {
    sub(/[^A-Za-z0-9_].*/, "", name)
    if (!(name in first)) first[name] = FILENAME ":" FNR
    else print name ": " first[name] " and " FILENAME ":" FNR
  }
  /^using [A-Za-z0-9_]+ =/ && FILENAME ~ /\.h$/ { define($2); next }
  /^(class|struct|union|enum) [^;]*$|^(class|struct|union|enum) .*[{]/ {
    sub(/^enum class |^(class|struct|union|enum) /, "")
    sub(/^alignas\([^)]*\) /, "")
    name = $0
    sub(/ final/, "", name)
    if (name !~ /^[A-Za-z0-9_]+( :| [{]|$)/) next  # a specialization, or a part of a class that is told elsewhere
    define(name)
  }')
[[ -z $found ]] && exit 0
echo "$found"
exit 1
