#!/usr/bin/env bash
# What open dashboards cost: 256 connections with one request each at a time (`make bench`'s 256x1), with and
# without PAGES event streams, of which UNREAD are never read. Rounds with and without take turns; printed are
# medians with the least and the most. What is started is stopped at the end, also on Ctrl-C.
#
#   PAGES=1000 UNREAD=200       how many pages are open, and how many of them never read
#   ROUNDS=5 SECONDS_EACH=5     rounds of each kind, and how long each is
#
# The pages are read by a process on this machine, which takes its share of the cores, as is told: the CPU time
# of the workers per request, and of control, are the proxy's own.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin} BENCH=${BENCH:-build/bench}
PAGES=${PAGES:-1000} UNREAD=${UNREAD:-200} ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-5}
UNIT=100ns # what such a server needs for a request, more or less
source scripts/lib.sh
source scripts/bench/measure.sh
ulimit -n "$(ulimit -Hn)"

# named COMM: processes of the proxy whose name begins so.
named() {
  local pid comm
  for pid in $(tree_of "$PROXY"); do
    read -r comm <"/proc/$pid/comm"
    [[ $comm != $1* ]] || echo "$pid"
  done
}

open_pages() {
  "$BENCH/follow_pages" "$ADMIN" "$PAGES" "$UNREAD" >"$SCRATCH/pages.out" 2>&1 &
  FOLLOWER=$!
  PIDS+=("$FOLLOWER")
  wait_for "$SCRATCH/pages.out" "following $PAGES" "$FOLLOWER" 60 >/dev/null
}

# run KIND: a line "KIND requests/s, µs of workers per request, shares of a core of control and of the readers".
run() {
  local control workers before_control before_workers before_readers=0 spent_control spent_workers spent_readers=0 requests
  [[ $1 == without ]] || { open_pages && before_readers=$(cpu_ns "$FOLLOWER"); }
  control=$(named fl-control) workers=$(named fl-worker)
  before_control=$(cpu_ns $control) before_workers=$(cpu_ns $workers)
  "$BIN/finishline-client" --connect "$MEDIA" --concurrency 256 --pipeline 1 --body 8 --length const:1 \
    --duration "${SECONDS_EACH}s" --no-progress --json "$SCRATCH/client.json" >/dev/null
  spent_control=$(($(cpu_ns $control) - before_control)) spent_workers=$(($(cpu_ns $workers) - before_workers))
  [[ $1 == without ]] || spent_readers=$(($(cpu_ns "$FOLLOWER") - before_readers))
  requests=$(number "$SCRATCH/client.json" ok)
  awk -v kind="$1" -v ok="$requests" -v rate="$(number "$SCRATCH/client.json" throughput_rps)" -v w="$spent_workers" \
    -v c="$spent_control" -v r="$spent_readers" -v s="$(number "$SCRATCH/client.json" makespan_s)" \
    'BEGIN { printf "%s %.0f %.3f %.4f %.4f\n", kind, rate, w / 1000 / ok, c / 1e9 / s, r / 1e9 / s }' >>"$SCRATCH/rounds"
  [[ $1 == without ]] || { stop "$FOLLOWER" && cp "$SCRATCH/pages.out" "$SCRATCH/pages.last"; }
}

# said KIND COLUMN SCALE: "median (least to most)".
said() {
  local values
  values=$(awk -v kind="$1" -v at="$2" -v by="$3" '$1 == kind { printf "%.6g\n", $at * by }' "$SCRATCH/rounds" | sort -g)
  printf '%.*f (%.*f to %.*f)' "$4" "$(median <<<"$values")" "$4" "$(head -1 <<<"$values")" "$4" "$(tail -1 <<<"$values")"
}
middle() { awk -v kind="$1" -v at="$2" '$1 == kind { print $at }' "$SCRATCH/rounds" | median; }

start_server video-1 video --unit "$UNIT"
start_server video-2 video --unit "$UNIT"
start_server music-1 music --unit "$UNIT"
seed_config "$SCRATCH/pages.toml" makespan 1
start_proxy "$SCRATCH/pages.toml"
run without && : >"$SCRATCH/rounds" # the first is for warming up
for ((round = 1; round <= ROUNDS; ++round)); do
  kinds='without with'
  ((round % 2)) || kinds='with without'
  for kind in $kinds; do run "$kind"; done
done
printf '%-28s %30s %34s\n' "256 x 1, $ROUNDS rounds of $SECONDS_EACH s" "no page" "$PAGES pages, $UNREAD never read"
printf '%-28s %30s %34s\n' 'requests/s' "$(said without 2 1 0)" "$(said with 2 1 0)" \
  'workers, us per request' "$(said without 3 1 2)" "$(said with 3 1 2)" \
  'control, % of a core' "$(said without 4 100 1)" "$(said with 4 100 1)" \
  'the readers, % of a core' - "$(said with 5 100 1)"
awk -v a="$(middle without 2)" -v b="$(middle with 2)" -v c="$(middle without 3)" -v d="$(middle with 3)" \
  'BEGIN { printf "with the pages %+.1f %% requests/s, %+.1f %% CPU time of workers per request\n", 100 * (b / a - 1), 100 * (d / c - 1) }'
tr '\n' ' ' <"$SCRATCH/pages.last" | sed -E 's/following [0-9]+ events ([0-9]+) ended ([0-9]+) dropped ([0-9]+) /of the last round: \1 events read, \2 readers dropped, \3 that never read dropped\n/'
