#!/usr/bin/env bash
# Late binding beside early binding and round-robin, in real processes: the proxy with two workers before two video
# servers and one music server that need real time. What is promised of it stands behind each figure.
#
#   SECTIONS='burst workers idle learned open cpu'   which; all
#   SEEDS=5               bursts, of which the medians are printed
#   BURST=300 UNIT=4ms    how many requests are in each, and how long a unit of length takes
#   LOADS='0.5 0.7 0.9'   shares of the capacity of the open traffic; OPEN=10000 requests each, OPEN_UNIT=1ms,
#   OPEN_SEEDS=3          each so many times: early binding is not stable at 0.9, so single runs of it differ much
#   CPU_ROUNDS=5          turns of early and late binding with servers that answer at once, of CPU_SECONDS=3
set -euo pipefail
cd "$(dirname "$0")/../.."
BIN=${BIN:-build/bin}
SECTIONS=${SECTIONS:-burst workers idle learned open cpu}
SEEDS=${SEEDS:-5} BURST=${BURST:-300} LOADS=${LOADS-0.5 0.7 0.9} OPEN=${OPEN:-10000} OPEN_SEEDS=${OPEN_SEEDS:-3}
BURST_UNIT=${UNIT:-4ms} OPEN_UNIT=${OPEN_UNIT:-1ms} CPU_ROUNDS=${CPU_ROUNDS:-5} CPU_SECONDS=${CPU_SECONDS:-3}
# With the seed matrix and all types alike, lengths 1 to 9, this pool can do so many requests per unit of time.
CAPACITY=0.6
source scripts/lib.sh
source scripts/bench/measure.sh

declare -A KEYS=([early]='binding = "early"' [shortest]='order = "shortest"' [longest]='order = "longest"' [learned]='learn = "on"')
policy_of() { if [[ $1 == round-robin ]]; then echo round-robin; else echo makespan; fi; }

# servers UNIT [FLAGS...]: three, in place of those before.
servers() {
  UNIT=$1
  shift
  stop_all
  start_server video-1 video --unit "$UNIT" "$@"
  start_server video-2 video --unit "$UNIT" "$@"
  start_server music-1 music --unit "$UNIT" "$@"
}

# proxy NAME [WORKERS]: one that binds so.
proxy() {
  seed_config "$SCRATCH/$1.toml" "$(policy_of "$1")" "${2:-2}" "${KEYS[$1]:-}"
  [[ $1 != learned ]] || sed -i '/^\[cost/,/^$/s/= [0-9]*$/= 1/' "$SCRATCH/$1.toml"
  start_proxy "$SCRATCH/$1.toml"
}

load() { "$BIN/finishline-client" --connect "$MEDIA" --no-progress --json "$REPORT" "$@" >/dev/null; }

# burst NAME WORKERS SEED: leaves its report.
burst() {
  proxy "$1" "$2"
  load --concurrency 8 --requests "$BURST" --arrivals burst --seed "$3"
}

# bursts NAME WORKERS KEY: the median of this number of the report.
bursts() {
  local seed
  for seed in $(seq "$SEEDS"); do
    burst "$1" "$2" "$seed" && stop "$PROXY"
    number "$REPORT" "$3"
  done | median
}

over() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f", a / b }'; }
spread() { sort -g | awk '{ v[NR] = $1 } END { printf "%.3f (%.3f..%.3f)", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, v[1], v[NR] }'; }

# line NAME FIGURE [LIMIT]: one row of a table.
line() {
  local judged=''
  [[ $2 ]] || die "there is no figure for $1"
  [[ ! ${3:-} ]] || judged=$(awk -v f="$2" -v l="$3" 'BEGIN { printf "<= %s  %s", l, f + 0 <= l + 0 ? "met" : "MISSED" }')
  printf '%-34s %24s  %s\n' "$1" "$(sed -E 's/^([0-9]*\.[0-9]{4})[0-9]*$/\1/' <<<"$2")" "$judged"
}

# --- the sections ------------------------------------------------------------------------------------

run_burst() {
  local -A limits=([balanced]=1.010 [shortest]=1.03 [longest]=1.004)
  local name
  printf '\nburst of %s requests, unit %s, makespan / lower bound, median of %s\n' "$BURST" "$BURST_UNIT" "$SEEDS"
  servers "$BURST_UNIT"
  for name in early balanced shortest longest round-robin; do
    line "$name" "$(bursts "$name" 2 ratio)" "${limits[$name]:-}"
  done
}

run_workers() {
  local one workers
  printf '\nthe same burst, by the number of workers: makespan / that of one worker\n'
  servers "$BURST_UNIT"
  one=$(bursts balanced 1 ratio)
  for workers in 4 8; do
    line "balanced, $workers workers" "$(over "$(bursts balanced "$workers" ratio)" "$one")" 1.03
  done
}

# idle_share NAME SEED: of the servers' time, as the proxy has seen it in this burst; it looks while somebody asks.
idle_share() {
  local share='' _
  proxy "$1"
  curl -s "http://$ADMIN/api/v1/live" >/dev/null
  load --concurrency 8 --requests "$BURST" --arrivals burst --seed "$2"
  for _ in $(seq 50); do
    share=$(curl -s "http://$ADMIN/metrics" | sed -n 's/^finishline_pool_idle_share{[^}]*} //p')
    [[ ! $share ]] || break
    sleep 0.1
  done
  stop "$PROXY"
  [[ $share ]] || die "the proxy does not tell its idle share"
  echo "$share"
}

run_idle() {
  local delay seed name limit
  printf '\nthe same burst, work up to a third longer than declared: share of time in which a server idles while work waits for it\n'
  for delay in 100us 1ms; do
    servers "$BURST_UNIT" --delay "$delay" --jitter "$((${BURST_UNIT%ms} * 5 * 300))us"
    for name in early balanced; do
      limit=''
      [[ $name == early ]] || limit=0.005
      line "$name, replies $delay on the way" "$(for seed in $(seq "$SEEDS"); do idle_share "$name" "$seed"; done | median)" "$limit"
    done
  done
}

# learned_burst SEED: its makespan, after 300 replies.
learned_burst() {
  proxy learned
  load --concurrency 8 --requests 300 --arrivals burst --seed "$((1000 + $1))"
  sleep 1.5 # what has been learned is told once a second
  load --concurrency 8 --requests "$BURST" --arrivals burst --seed "$1"
  stop "$PROXY"
  number "$REPORT" makespan_s
}

run_learned() {
  local seed true_costs
  printf '\nthe same burst, all costs declared alike, after 300 replies with learning on: makespan / that with true costs\n'
  servers "$BURST_UNIT"
  true_costs=$(bursts balanced 2 makespan_s)
  line learned "$(over "$(for seed in $(seq "$SEEDS"); do learned_burst "$seed"; done | median)" "$true_costs")" 1.05
}

# latency REPORT KEY: of all requests, in microseconds.
latency() { sed -n '/"latency_us"/,/}/p' "$1" | sed -nE "s/.*\"$2\": ([0-9.]+).*/\1/p" | head -1; }

# open_run LOAD NAME SEED: leaves mean and p99 in files by load, name and seed.
open_run() {
  local rate
  rate=$(awk -v load="$1" -v capacity=$CAPACITY -v unit="${OPEN_UNIT%ms}" 'BEGIN { printf "%.1f", 1000 * load * capacity / unit }')
  proxy "$2"
  load --concurrency 8 --requests "$OPEN" --rate "$rate" --seed "$3"
  stop "$PROXY"
  latency "$REPORT" mean >"$SCRATCH/open.$1.$2.$3.mean"
  latency "$REPORT" p99 >"$SCRATCH/open.$1.$2.$3.p99"
}

# open_ratios LOAD NAME KEY: to early binding with the same arrivals, a line per seed.
open_ratios() {
  local seed
  for seed in $(seq "$OPEN_SEEDS"); do
    over "$(cat "$SCRATCH/open.$1.$2.$seed.$3")" "$(cat "$SCRATCH/open.$1.early.$seed.$3")"
    echo
  done
}

open_line() { # LOAD NAME KEY LIMIT
  local milliseconds
  milliseconds=$(cat "$SCRATCH/open.$1.$2".*."$3" | median | awk '{ printf "%.1f", $1 / 1000 }')
  line "$2, $3 $milliseconds ms" "$(open_ratios "$1" "$2" "$3" | spread)" "$4"
}

run_open() {
  local load name seed mean p99
  servers "$OPEN_UNIT"
  for load in $LOADS; do
    printf '\nopen traffic at %s of the capacity, %s requests, unit %s: time in the system / that of early binding, %s runs\n' "$load" "$OPEN" "$OPEN_UNIT" "$OPEN_SEEDS"
    for name in early balanced shortest; do
      for seed in $(seq "$OPEN_SEEDS"); do open_run "$load" "$name" "$seed"; done
      mean=1.0 p99=1.1
      [[ $load != 0.9 ]] || { mean=0.20 p99=0.30; [[ $name != shortest ]] || mean=0.18; }
      [[ $name != early ]] || { mean='' p99=''; }
      open_line "$load" "$name" mean "$mean"
      open_line "$load" "$name" p99 "$p99"
    done
  done
}

# cpu_us NAME CONNECTIONS PIPELINE: of the proxy's processes per request.
cpu_us() {
  local before after tree
  proxy "$1" 1
  tree=$(tree_of "$PROXY")
  load --concurrency "$2" --pipeline "$3" --body 8 --duration 0.5s
  before=$(cpu_ns $tree)
  load --concurrency "$2" --pipeline "$3" --body 8 --duration "${CPU_SECONDS}s"
  after=$(cpu_ns $tree)
  stop "$PROXY"
  awk -v ns="$((after - before))" -v n="$(number "$REPORT" requests)" 'BEGIN { print ns / n / 1000 }'
}

run_cpu() {
  local shape round late
  printf '\nservers that answer at once: CPU per request / that of early binding, %s turns\n' "$CPU_ROUNDS"
  servers 0
  UNIT=100ns
  for shape in '64 1' '256 8'; do
    for round in $(seq "$CPU_ROUNDS"); do
      late=$(cpu_us balanced $shape)
      over "$late" "$(cpu_us early $shape)" && echo
    done >"$SCRATCH/cpu"
    line "balanced, ${shape/ / x }" "$(spread <"$SCRATCH/cpu")" 1.02
  done
}

REPORT=$SCRATCH/report.json
for section in $SECTIONS; do "run_$section"; done
