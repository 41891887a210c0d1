# Sourced by the scripts that run tests and count them: `passed` and `failed` add up, finish() tells.
passed=0
failed=0

add() { # PASSED FAILED
  passed=$((passed + $1))
  failed=$((failed + $2))
}
title() { printf '\n--- %s\n' "$*"; }

# sharded N BINARY ARGS...: adds the test cases of a doctest program, run by N processes at once.
sharded() {
  local shards=$1 cases shard first last pids=()
  shift
  cases=$("$@" --count | sed -nE 's/.*filters: *([0-9]+).*/\1/p')
  if [[ ${cases:-0} -eq 0 ]]; then
    echo "FAIL  $1 does not tell how many test cases it has"
    add 0 1
    return
  fi
  first() { echo $(($1 * cases / shards + 1)); }
  for ((shard = 0; shard < shards; ++shard)); do
    last=$(($(first $((shard + 1))) - 1))
    "$@" --first="$(first $shard)" --last=$last >"$BUILD/shard-$shard.log" 2>&1 &
    pids+=($!)
  done
  for ((shard = 0; shard < shards; ++shard)); do
    wait "${pids[shard]}"
    count_doctest $? "$BUILD/shard-$shard.log" $(($(first $((shard + 1))) - $(first $shard)))
  done
}

# count_doctest CODE LOG CASES: adds what a run of so many test cases has said. Its own sum is of no use: it takes
# those that other processes run for passed.
count_doctest() {
  local code=$1 log=$2 cases=$3 line bad
  line=$(grep -a 'test cases:' "$log" | tail -1)
  if [[ -z $line ]]; then
    tail -20 "$log"
    add 0 1
    return
  fi
  bad=$(sed -E 's/.*\| *([0-9]+) failed.*/\1/' <<<"$line")
  [[ $code -eq 0 || $bad -gt 0 ]] || bad=1
  [[ $bad -eq 0 ]] || tail -60 "$log"
  echo "$((cases - bad)) of $cases test cases passed, $(grep -a 'assertions:' "$log" | tail -1 | sed -E 's/.*assertions: *([0-9]+).*/\1/') assertions"
  add $((cases - bad)) "$bad"
}

# step NAME COMMAND...: one test that passes when the command does.
step() {
  local name=$1
  shift
  if "$@" >"$BUILD/step.log" 2>&1; then
    echo "ok    $name"
    add 1 0
  else
    echo "FAIL  $name"
    tail -40 "$BUILD/step.log"
    add 0 1
  fi
}

# finish: the last line, and the status.
finish() {
  echo
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}
