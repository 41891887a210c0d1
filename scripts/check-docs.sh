#!/usr/bin/env bash
# Documents agree with the code: the README's policy table is what `finishline policies` prints, the sample
# configuration is good, every file and make target that the README names is there.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin}
bad=0
complain() {
  echo "$1"
  bad=1
}

table=$(sed -n '/<!-- policies -->/,/<!-- end -->/p' README.md | grep '^|' || true)
[[ $table == "$("$BIN/finishline" policies)" ]] || complain "README.md: the policy table is not what 'finishline policies' prints"

"$BIN/finishline" check -c lb/finishline.example.toml >/dev/null || complain "lb/finishline.example.toml is not good"

while read -r path; do
  [[ -e $path ]] || complain "README.md names $path, which is not there"
done < <(grep -oE '\]\([a-zA-Z_./-]+\)' README.md | sed -E 's/^\]\((.*)\)$/\1/')

while read -r target; do
  grep -qE "^$target:" Makefile || complain "README.md names make $target, which the Makefile does not know"
done < <(grep -oE '(^|`)make [a-z]+' README.md | awk '{ print $2 }' | sort -u)
exit $bad
