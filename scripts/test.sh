#!/usr/bin/env bash
# Runs every kind of test and adds up: the last line is "N passed, N failed". Called by `make test`.
set -uo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
unset MAKEFLAGS MFLAGS MAKELEVEL  # the builds below choose for themselves how parallel they are
passed=0
failed=0

add() { # PASSED FAILED
  passed=$((passed + $1))
  failed=$((failed + $2))
}
title() { printf '\n--- %s\n' "$*"; }

# doctest BINARY ARGS...: adds its test cases.
doctest() {
  local out
  out=$("$@" 2>&1)
  local code=$? line
  line=$(grep -a 'test cases:' <<<"$out" | tail -1)
  if [[ -z $line ]]; then
    tail -20 <<<"$out"
    add 0 1
    return
  fi
  [[ $code -eq 0 ]] || echo "$out" | tail -60
  echo "$line"
  local ok bad
  ok=$(sed -E 's/.*\| *([0-9]+) passed.*/\1/' <<<"$line")
  bad=$(sed -E 's/.*\| *([0-9]+) failed.*/\1/' <<<"$line")
  [[ $code -eq 0 || $bad -gt 0 ]] || bad=1
  add "$ok" "$bad"
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

mkdir -p "$BUILD"
title "unit, property and loop tests"
doctest "$BUILD/bin/finishline-tests"
title "whole processes"
doctest "$BUILD/bin/finishline-system-tests"
title "integration: scripts/integration.sh"
if BIN=$BUILD/bin scripts/integration.sh; then add 1 0; else add 0 1; fi
title "chaos, a short pass: make chaos"
if CHAOS_SECONDS="${CHAOS_SECONDS:-15}" "$BUILD/bin/finishline-chaos"; then add 1 0; else add 0 1; fi
title "house rules"
step "includes go down only" scripts/check-floors.sh
step "idle and slow clients stay inside the stated memory" make memory IDLE=1000 SLOW=100 ATTACK_SECONDS=15
step "documents agree with the code" env BIN="$BUILD/bin" scripts/check-docs.sh
title "sanitizers and fuzzing, a short pass"
step "address and undefined-behaviour sanitizers" make asan-short
step "thread sanitizer" make tsan
step "fuzz targets" make fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-5}"

echo
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
