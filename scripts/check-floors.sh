#!/usr/bin/env bash
# Includes go down only: lists every include of ours that breaks the order of the floors, and uv.h, toml++
# and spdlog where they do not belong. Silent and 0 when the house stands.
set -euo pipefail
cd "$(dirname "$0")/.."

# room floor: a file may include its own room and rooms of lower floors. lb/doc/explanation/house.md draws it.
declare -A floor=(
  [proto]=0
  [lb/model]=1 [lb/forecast]=1 [lb/address]=1 [lb/log]=1 [lb/alert]=1 [lb/tls]=1 [lb/flags]=1
  [lb/sched]=2 [lb/history]=2 [lb/net]=2
  [lb/ledger]=3 [lb/config]=3 [client]=3
  [lb/process]=4 [lb/sim]=4 [lb/http]=4
  [lb/worker]=5 [lb/peers]=5 [servers]=5
  [lb/control]=6
  [lb/cli]=7 [lb/master]=7
  [lb]=8
)
# What the order alone would allow, and the plan does not: policies are pure, the ledger is shared memory and
# nothing else, a configuration is values, the simulator has no loop, the master waits for nobody.
forbidden='^lb/sched/[^ ]+ lb/(address|log)/|^lb/net/[^ ]+ lb/(model|log)/|^lb/ledger/[^ ]+ lb/(address|log|net)/|^lb/config/[^ ]+ lb/(log|net)/|^lb/process/[^ ]+ lb/net/|^lb/sim/[^ ]+ lb/(config|log|net)/|^lb/master/[^ ]+ lb/net/(loop|stream|timer)|^(servers|client)/[^ ]+ lb/sched/|^servers/[^ ]+ lb/(ledger|config|process|sim)/|^servers/[^ ]+ client/'

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
  if [[ -z ${floor[$to]:-} ]]; then complain "$file includes $include, which is no room of the house"; continue; fi
  if [[ ${floor[$to]} -ge ${floor[$from]} ]]; then complain "$file (floor ${floor[$from]}) includes $include (floor ${floor[$to]})"; fi
  if [[ $edge =~ $forbidden ]]; then complain "$file must not know $include"; fi
done < <(git ls-files 'proto/*' 'lb/*' 'servers/*' 'client/*' | grep -E '\.(h|cc)$' |
  xargs grep -HoE '^#include "[^"]+"' | sed -E 's/:#include "([^"]+)"/ \1/' | grep -v '\.def$')

only() { # HEADER ROOMS...
  local header=$1 found
  shift
  found=$(git grep -lE "#include <$header" -- '*.cc' '*.h' | grep -vE "^($(IFS='|'; echo "$*"))/" || true)
  [[ -z $found ]] || complain "$header is included outside of $*: $found"
}
only 'uv\.h' lb/net
only 'toml\+\+' lb/config lb/model
only 'spdlog' lb/log
only 'eigen3' lb/forecast
only 'curl/' lb/control
only 'maxminddb' lb/control
only 'openssl/' lb/tls tests/support
shared=$(git grep -n 'shared_ptr' -- 'lb/worker' 'lb/ledger' 'lb/sched' 'lb/net' || true)
[[ -z $shared ]] || complain "shared_ptr on the data path: $shared"
exit $bad
