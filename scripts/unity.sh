#!/usr/bin/env bash
# Prints one source made of many: scripts/unity.sh together|apart FILE...
#
# together: one after the other. apart: each in a namespace of its own, behind the includes of all; an include
# that has been seen adds nothing, so what a file declares is its own.
set -euo pipefail
how=$1
shift
if [[ $how == apart ]]; then
  grep -h '^#include' "$@" | grep -v '\.def"' | awk '!seen[$0]++'
fi
number=0
for file in "$@"; do
  if [[ $how == together ]]; then
    echo "#include \"$file\""
  else
    printf 'namespace file_%d {\n#include "%s"\n}  // namespace file_%d\n' $((++number)) "$file" "$number"
  fi
done
