#!/usr/bin/env bash
# Late binding beside early binding and round-robin, in real processes: the proxy with two workers before two video
# servers and one music server that need real time. Prints, for a burst and for open traffic at shares of what the
# pool can do, makespan / lower bound and the time in the system; the open traffic as ratios to early binding, too.
#
#   SEEDS=5               bursts, of which the medians are printed
#   BURST=300 UNIT=4ms    how many requests are in each, and how long a unit of length takes
#   LOADS='0.5 0.7 0.9'   shares of the capacity of the open traffic; OPEN=10000 requests each, OPEN_UNIT=1ms
set -euo pipefail
cd "$(dirname "$0")/../.."
BIN=${BIN:-build/bin}
SEEDS=${SEEDS:-5} BURST=${BURST:-300} LOADS=${LOADS-0.5 0.7 0.9} OPEN=${OPEN:-10000}
BURST_UNIT=${UNIT:-4ms} OPEN_UNIT=${OPEN_UNIT:-1ms}
# With the seed matrix and all types alike, lengths 1 to 9, this pool can do so many requests per unit of time.
CAPACITY=0.6
source scripts/lib.sh

declare -A KEYS=([early]='binding = "early"' [balanced]='' [shortest]='order = "shortest"' [longest]='order = "longest"' [round-robin]='')
policy_of() { if [[ $1 == round-robin ]]; then echo round-robin; else echo makespan; fi; }

servers() { # UNIT
  UNIT=$1
  start_server video-1 video --unit "$1"
  start_server video-2 video --unit "$1"
  start_server music-1 music --unit "$1"
}

# play NAME REPORT FLAGS...: one run of the client behind a proxy of this kind.
play() {
  local name=$1 report=$2
  shift 2
  seed_config "$SCRATCH/$name.toml" "$(policy_of "$name")" 2 "${KEYS[$name]}"
  start_proxy "$SCRATCH/$name.toml"
  "$BIN/finishline-client" --connect "$MEDIA" --concurrency 8 --no-progress --json "$report" "$@" >/dev/null
  stop "$PROXY"
}

milliseconds() { awk -v us="$1" 'BEGIN { printf "%.1f ms", us / 1000 }'; }
# latency REPORT KEY: of all requests, in microseconds.
latency() { sed -n '/"latency_us"/,/}/p' "$1" | sed -nE "s/.*\"$2\": ([0-9.]+).*/\1/p" | head -1; }

printf '\nburst of %s requests, unit %s, median of %s\n' "$BURST" "$BURST_UNIT" "$SEEDS"
printf '%-12s %22s\n' '' 'makespan / lower bound'
servers "$BURST_UNIT"
for name in early balanced shortest longest round-robin; do
  for seed in $(seq "$SEEDS"); do
    play "$name" "$SCRATCH/report.json" --requests "$BURST" --arrivals burst --seed "$seed"
    number "$SCRATCH/report.json" ratio >>"$SCRATCH/$name.ratios"
  done
  printf '%-12s %22.4f\n' "$name" "$(median <"$SCRATCH/$name.ratios")"
done
stop_all

[[ -z $LOADS ]] || servers "$OPEN_UNIT"
for load in $LOADS; do
  printf '\nopen traffic at %s of the capacity, %s requests, unit %s\n' "$load" "$OPEN" "$OPEN_UNIT"
  printf '%-12s %12s %12s %14s %14s\n' '' mean p99 'mean / early' 'p99 / early'
  rate=$(awk -v load="$load" -v capacity=$CAPACITY -v unit="${OPEN_UNIT%ms}" 'BEGIN { printf "%.1f", 1000 * load * capacity / unit }')
  for name in early balanced shortest; do
    report=$SCRATCH/$name.json
    play "$name" "$report" --requests "$OPEN" --rate "$rate" --seed 1
    mean=$(latency "$report" mean) p99=$(latency "$report" p99)
    [[ $name != early ]] || early_mean=$mean early_p99=$p99
    printf '%-12s %12s %12s %14.3f %14.3f\n' "$name" "$(milliseconds "$mean")" "$(milliseconds "$p99")" \
      "$(awk -v a="$mean" -v b="$early_mean" 'BEGIN { print a / b }')" "$(awk -v a="$p99" -v b="$early_p99" 'BEGIN { print a / b }')"
  done
done
