# Sourced by the scripts that run tests and count them: `passed` and `failed` add up, finish() tells what failed, and
# the sums.
passed=0
failed=0
failures=() # what failed, in the order of the run: a line or a few each

add() { # PASSED FAILED
  passed=$((passed + $1))
  failed=$((failed + $2))
}
title() { printf '\n--- %s\n' "$*"; }

# fail NAME [LOG]: one test that failed; the log's last words are shown now, and its name again at the end.
fail() {
  echo "FAIL  $1"
  [[ -z ${2:-} ]] || tail -40 "$2"
  failures+=("FAIL  $1")
  add 0 1
}

# sharded N BINARY ARGS...: adds the test cases of a doctest program, run by N processes at once.
sharded() {
  local shards=$1 cases shard first last pids=()
  shift
  cases=$("$@" --count | sed -nE 's/.*filters: *([0-9]+).*/\1/p')
  if [[ ${cases:-0} -eq 0 ]]; then
    fail "$1 does not tell how many test cases it has"
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
    fail "a run of $cases test cases died with status $code: $(grep -a '^TEST CASE:' "$log" | tail -1)" "$log"
    return
  fi
  bad=$(sed -E 's/.*\| *([0-9]+) failed.*/\1/' <<<"$line")
  [[ $code -eq 0 || $bad -gt 0 ]] || bad=1
  if [[ $bad -gt 0 ]]; then
    tail -60 "$log"
    failures+=("$(failed_cases "$log")")
  fi
  echo "$((cases - bad)) of $cases test cases passed, $(grep -a 'assertions:' "$log" | tail -1 | sed -E 's/.*assertions: *([0-9]+).*/\1/') assertions"
  add $((cases - bad)) "$bad"
}

# failed_cases LOG: of each case that a doctest program calls failed, its name and its first error with place and values.
failed_cases() {
  awk '/^====/ { name = ""; told = 0 }
       /^TEST CASE:/ { name = $0; sub(/^TEST CASE: */, "", name) }
       /ERROR:/ && !told { print "FAIL  " name; print "      " $0; told = 1; more = 2; next }
       more > 0 { print "      " substr($0, 1, 200); --more }' < <(tr -d '\000' <"$1")
}

# step NAME COMMAND...: one test that passes when the command does.
step() {
  local name=$1
  shift
  if "$@" >"$BUILD/step.log" 2>&1; then
    echo "ok    $name"
    add 1 0
  else
    fail "$name" "$BUILD/step.log"
  fi
}

# finish: what failed, the last line, and the status.
finish() {
  if [[ $failed -gt 0 ]]; then
    title "what failed"
    printf '%s\n' "${failures[@]}"
  fi
  echo
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}
