#!/usr/bin/env bash
# The main job, live: two video servers, one music server, the proxy with two workers, a mixed burst; then
# the same burst under round-robin on the same servers. Everything is stopped at the end, also on Ctrl-C.
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

# burst POLICY: fires the burst once per seed; the first report is shown, every ratio kept.
burst() {
  local policy=$1 seed
  seed_config "$SCRATCH/$policy.toml" "$policy" 2
  start_proxy "$SCRATCH/$policy.toml"
  printf '\n=== policy %s: %s requests in one burst, two video servers and one music server ===\n' "$policy" "$REQUESTS"
  for seed in $(seq "$SEEDS"); do
    exec 3>&1
    [[ $seed -eq 1 ]] || exec 3>/dev/null
    "$BIN/finishline-client" --connect "$MEDIA" --requests "$REQUESTS" --arrivals burst --concurrency 8 \
      --seed "$seed" --json "$SCRATCH/$policy.$seed.json" >&3 || die "the client reports failures"
    number "$SCRATCH/$policy.$seed.json" ratio >>"$SCRATCH/$policy.ratios"
    number "$SCRATCH/$policy.$seed.json" makespan_s >>"$SCRATCH/$policy.seconds"
  done
  stop "$PROXY"
}

burst makespan
burst round-robin

echo
printf '%-12s %12s %22s\n' policy makespan 'makespan / lower bound'
for policy in makespan round-robin; do
  printf '%-12s %10.3f s %20.3f x\n' "$policy" "$(median <"$SCRATCH/$policy.seconds")" "$(median <"$SCRATCH/$policy.ratios")"
done
[[ $SEEDS -eq 1 ]] || echo "medians of $SEEDS seeds"
