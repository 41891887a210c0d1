#!/usr/bin/env bash
# The main job, live: two video servers, one music server, the proxy with two workers, a mixed burst; then
# the same burst on the same servers with requests bound when they come, and under round-robin. Everything is stopped at the end, also on Ctrl-C.
# SEEDS=5 repeats it and prints medians; UNIT, REQUESTS as below.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin}
UNIT=${UNIT:-2ms}
REQUESTS=${REQUESTS:-300}
SEEDS=${SEEDS:-1}
source scripts/lib.sh

start_server video-1 video --unit "$UNIT"
start_server video-2 video --unit "$UNIT"
start_server music-1 music --unit "$UNIT"

# burst NAME POLICY KEYS: fires the burst once per seed; the first report is shown, every ratio kept.
burst() {
  local name=$1 seed
  seed_config "$SCRATCH/$name.toml" "$2" 2 "$3"
  start_proxy "$SCRATCH/$name.toml"
  printf '\n=== %s: %s requests in one burst, two video servers and one music server ===\n' "$name" "$REQUESTS"
  for seed in $(seq "$SEEDS"); do
    exec 3>&1
    [[ $seed -eq 1 ]] || exec 3>/dev/null
    "$BIN/finishline-client" --connect "$MEDIA" --requests "$REQUESTS" --arrivals burst --concurrency 8 \
      --seed "$seed" --json "$SCRATCH/$name.$seed.json" >&3 || die "the client reports failures"
    number "$SCRATCH/$name.$seed.json" ratio >>"$SCRATCH/$name.ratios"
    number "$SCRATCH/$name.$seed.json" makespan_s >>"$SCRATCH/$name.seconds"
  done
  stop "$PROXY"
}

burst makespan makespan ''
burst makespan-early makespan 'binding = "early"'
burst round-robin round-robin ''

echo
printf '%-16s %10s %24s\n' policy makespan 'makespan / lower bound'
for name in makespan makespan-early round-robin; do
  printf '%-16s %8.3f s %22.3f x\n' "$name" "$(median <"$SCRATCH/$name.seconds")" "$(median <"$SCRATCH/$name.ratios")"
done
[[ $SEEDS -eq 1 ]] || echo "medians of $SEEDS seeds"
