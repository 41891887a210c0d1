#!/usr/bin/env bash
# Three typed server processes, the proxy with two workers, the client, all real, on free ports: does the
# main job get done, and as well as promised? Exit 0 when every check holds.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin}
UNIT=${UNIT:-2ms}
source scripts/lib.sh

ok() { echo "ok    $*"; }
at_most() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }

start_server video-1 video --unit "$UNIT"
start_server video-2 video --unit "$UNIT"
start_server music-1 music --unit "$UNIT"

# ratio NAME POLICY KEYS: the median over five seeds of makespan / lower bound, the seed workload in one burst.
ratio() {
  local seed
  seed_config "$SCRATCH/$1.toml" "$2" 2 "$3"
  start_proxy "$SCRATCH/$1.toml"
  for seed in 1 2 3 4 5; do
    "$BIN/finishline-client" --connect "$MEDIA" --requests 300 --arrivals burst --length 1..9 --concurrency 8 \
      --seed "$seed" --json "$SCRATCH/report.json" >/dev/null || die "the client saw failures under $1"
    number "$SCRATCH/report.json" ratio >>"$SCRATCH/$1.ratios"
  done
  stop "$PROXY" || die "the proxy did not end well"
  median <"$SCRATCH/$1.ratios" >"$SCRATCH/$1.median"
}

ratio makespan makespan ''
ratio early makespan 'binding = "early"'
ratio round-robin round-robin ''
makespan=$(<"$SCRATCH/makespan.median") early=$(<"$SCRATCH/early.median") round_robin=$(<"$SCRATCH/round-robin.median")
echo "makespan / lower bound, median of 5 seeds: makespan $makespan, bound early $early, round-robin $round_robin"
at_most "$makespan" 1.05 || die "policy makespan needs more than 1.05 x the lower bound"
at_most "$early" 1.12 || die "policy makespan with binding early needs more than 1.12 x the lower bound"
at_most 1.6 "$round_robin" || die "policy round-robin is too good to be true: the servers are not what they should be"
ok "makespan comes within 1.05 x of the lower bound, where early binding may need 1.12 x and round-robin 1.6 x"

start_proxy "$SCRATCH/makespan.toml"
reply=$(printf V5 | timeout 10 nc -N "${MINI%:*}" "${MINI##*:}")
[[ $reply == V5 ]] || die "nc sent V5 to the mini listener and got '$reply'"
reply=$(printf 'P1M9X3' | timeout 10 nc -N "${MINI%:*}" "${MINI##*:}")
[[ $reply == 'P1M9!2' ]] || die "nc sent P1M9X3 to the mini listener and got '$reply'"
ok "the two-byte protocol works with nc"

"$BIN/finishline-client" --connect "$MINI" --protocol mini --servers video=2,music=1 --cost "$SCRATCH/makespan.toml" --requests 60 \
  --concurrency 6 --reconnect --seed 3 >/dev/null || die "the original client behaviour fails: connect, send, read, close"
ok "the client of the two-byte protocol: connect, send, read two bytes, close"

"$BIN/finishline" status --admin "$ADMIN" >"$SCRATCH/status" || die "finishline status fails"
grep -q music-1 "$SCRATCH/status" || die "finishline status shows no music-1"
ok "finishline status shows the servers"

workers=$(pgrep -P "$PROXY" | wc -l)
[[ $workers -eq 3 ]] || die "the master has $workers children instead of two workers and control"
children=$(pgrep -P "$PROXY")
kill -KILL "$PROXY"
wait "$PROXY" 2>/dev/null || true
for _ in $(seq 100); do
  left=0
  for child in $children; do kill -0 "$child" 2>/dev/null && left=1; done
  [[ $left -eq 0 ]] && break
  sleep 0.02
done
[[ $left -eq 0 ]] || die "children outlive a killed master"
ok "a killed master leaves no child behind"
