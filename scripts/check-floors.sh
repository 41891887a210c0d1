#!/usr/bin/env bash
# Includes go down only: lists every include of ours that breaks the order of the floors, and uv.h, toml++
# and spdlog where they do not belong. Silent and 0 when the house stands.
set -euo pipefail
cd "$(dirname "$0")/.."

# room floor: a file may include its own room and rooms of lower floors.
declare -A floor=(
  [proto]=0 [lb/model]=1 [lb/sched]=1 [lb/ledger]=2 [lb/config]=2 [lb/log]=2
  [lb/net]=3 [lb/process]=3 [lb/sim]=3 [lb/http]=4 [lb/worker]=4 [lb/control]=5 [lb/cli]=6 [lb/master]=6 [lb]=7
  [servers]=4 [client]=4
)
# What the order alone would forbid and the plan allows, and what it would allow and the plan forbids.
allowed='^lb/sched/[a-z_]+\.(h|cc) lb/model/|^lb/config/[a-z_]+\.(h|cc) lb/net/(address|socket|network)\.h$|^lb/process/[a-z_]+\.(h|cc) lb/(config|ledger|log)/|^servers/main\.cc client/cost_file\.h$'
forbidden='^(servers|client)/[^ ]+ lb/(sched|ledger|config|process)/|^lb/sched/[^ ]+ lb/|^lb/net/[^ ]+ lb/(sched|ledger|config|log)/|^lb/(master)/[^ ]+ lb/net/(loop|stream|timer)|^lb/sim/[^ ]+ lb/(worker|control|process|net)/'

bad=0
complain() {
  echo "$1"
  bad=1
}
room_of() { case $1 in lb/*/*) echo "${1%/*}" ;; lb/*) echo lb ;; *) echo "${1%%/*}" ;; esac; }

while IFS=' ' read -r file include; do
  from=$(room_of "$file") to=$(room_of "$include")
  [[ $from == "$to" ]] && continue
  edge="$file $include"
  if [[ $edge =~ $allowed ]]; then continue; fi
  if [[ -z ${floor[$to]:-} ]]; then complain "$file includes $include, which is no room of the house"; continue; fi
  if [[ ${floor[$to]} -ge ${floor[$from]} ]]; then complain "$file (floor ${floor[$from]}) includes $include (floor ${floor[$to]})"; fi
  if [[ $edge =~ $forbidden && ! ( $from == lb/sched && $to == lb/sched ) ]]; then complain "$file must not know $include"; fi
done < <(git ls-files 'proto/*' 'lb/*' 'servers/*' 'client/*' | grep -E '\.(h|cc)$' |
  xargs grep -HoE '^#include "[^"]+"' | sed -E 's/:#include "([^"]+)"/ \1/' | grep -v '\.def$')

only() { # HEADER ROOMS...
  local header=$1 found
  shift
  found=$(git grep -lE "#include <$header" -- '*.cc' '*.h' | grep -vE "^($(IFS='|'; echo "$*"))/" || true)
  [[ -z $found ]] || complain "$header is included outside of $*: $found"
}
only 'uv\.h' lb/net
only 'toml\+\+' lb/config servers client
only 'spdlog' lb/log
shared=$(git grep -n 'shared_ptr' -- 'lb/worker' 'lb/ledger' 'lb/sched' 'lb/net' || true)
[[ -z $shared ]] || complain "shared_ptr on the data path: $shared"
exit $bad
