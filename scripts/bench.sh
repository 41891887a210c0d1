#!/usr/bin/env bash
# Speed beside HAProxy and nginx: the same servers, without service time, the same client, the same moment.
# Runs of the proxies take turns (A B C A B C ...), and per case their medians and spreads are printed,
# then written as JSON and plots to $OUT. What is started is stopped at the end, also on Ctrl-C.
#
#   QUICK=1                        the most telling cases, short: under three minutes
#   CASES='256x1-40B *x8-4KiB setup idle stream-* binding micro'   which; patterns of names as printed (default: all)
#   PROXIES='haproxy nginx finishline finishline-2w'   which; finishline-early is bound early
#   TLS=1                          over TLS, with one certificate and cipher for all; setup resumes sessions
#   ROUNDS=5 SECONDS_EACH=2        runs per case and proxy, and how long each is
#
# The figure to trust on a machine that has other work is the CPU time per request of the proxy's processes.
# It is taken between a short and a long run, so that opening and closing the connections cancels out:
# (cpu of long - cpu of short) / (requests of long - requests of short).
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin}
BENCH=${BENCH:-build/bench}
OUT=${OUT:-$BENCH}
QUICK=${QUICK:-}
PROXIES=${PROXIES:-haproxy nginx finishline finishline-2w}
UNIT=100ns  # what such a server needs for a request, more or less: the proxy is told the truth
source scripts/lib.sh
source scripts/bench/peers.sh
source scripts/bench/measure.sh
source scripts/bench/streams.sh

ulimit -n "$(ulimit -Hn)"
DESCRIPTORS=$(ulimit -n)
[[ $DESCRIPTORS != unlimited && $DESCRIPTORS -lt 64000 ]] || DESCRIPTORS=64000
# A proxy that splices needs two descriptors for each.
IDLE_CONNECTIONS=$(((DESCRIPTORS - 1200) / 2))
[[ $IDLE_CONNECTIONS -le 10000 ]] || IDLE_CONNECTIONS=10000
MAX_CONNECTIONS=$((IDLE_CONNECTIONS + 200))

if [[ $QUICK ]]; then
  ROUNDS=${ROUNDS:-3} SECONDS_EACH=${SECONDS_EACH:-0.8}
  MICRO=(--benchmark_min_time=0.02 '--benchmark_filter=^(decode|encode|record|decide|makespan|in_order|deadline)')
  default_cases='1x1-40B 64x1-40B 256x1-40B 256x8-40B 256x1-4KiB setup idle stream-64x1-40B stream-bulk-16 stream-redis micro'
else
  ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-2}
  MICRO=(--benchmark_min_time=0.2)
  default_cases='*'
fi
TLS=${TLS:-}
[[ ! $TLS ]] || default_cases='64x1-40B 256x8-40B setup'
CASES=${CASES:-$default_cases}

all_cases() {
  [[ ! $TLS ]] || { echo 64x1-40B 256x1-40B 256x8-40B 256x1-4KiB setup && return; }
  local size pipeline connections
  for size in 40B 4KiB; do
    for pipeline in 1 8; do
      for connections in 1 16 64 256 1024; do echo "${connections}x$pipeline-$size"; done
    done
  done
  printf '%s\n' 4096x1-40B 256x8-64KiB setup idle $STREAM_CASES binding micro
}

# selected NAME: whether a pattern of $CASES matches.
selected() {
  local pattern
  set -f
  for pattern in $CASES; do
    [[ $1 == $pattern ]] && { set +f; return 0; }
  done
  set +f
  return 1
}

# --- one run -----------------------------------------------------------------------------------------
# record METRIC VALUE: a line for the report on RUN, which is (case, proxy, round).
record() { printf '%s\t%s\t%s\t%s\t%s\n' "${RUN[@]}" "$@" >>"$RUNS"; }
calculate() { awk "BEGIN { printf \"%.6g\", $1 }"; }

# complain MESSAGE FILE: the benchmark goes on, and fails in the end.
complain() {
  printf '%s; its last words were:\n' "$1" >&2
  tail -20 "$2" >&2
  FAILED=1
}

# drive PROXY SECONDS FLAGS...: one run of the client; leaves its report and sets
#   CPU_NS       of the proxy                       MEMORY_KIB  of the proxy in the middle of the run
#   SERVER_NS    of the busiest server              SERVERS_NS  of all servers
#   MACHINE      share of all cores that was busy   REQUESTS    answered
drive() {
  local proxy=$1 seconds=$2 before servers=() after i client busy all busy_after all_after used
  shift 2
  before=$(cpu_ns ${TREE[$proxy]})
  for i in "${SERVERS[@]}"; do servers+=("$(cpu_ns "$i")"); done
  read -r busy all < <(machine_ticks)

  "$BIN/finishline-client" --connect "${PEER[$proxy]}" --duration "${seconds}s" --json "$REPORT" --no-progress \
    "$@" >"$SCRATCH/client.out" 2>&1 &
  client=$!
  PIDS+=("$client")
  sleep "$(calculate "$seconds / 2")"
  MEMORY_KIB=$(memory_kib ${TREE[$proxy]})
  wait "$client" || complain "the client reports failures behind $proxy" "$SCRATCH/client.out"
  forget "$client"
  sleep 0.05  # until the proxy has closed what the client closed

  read -r busy_after all_after < <(machine_ticks)
  MACHINE=$(calculate "($busy_after - $busy) / ($all_after - $all)")
  after=$(cpu_ns ${TREE[$proxy]})
  CPU_NS=$((after - before))
  SERVER_NS=0 SERVERS_NS=0
  for i in "${!SERVERS[@]}"; do
    used=$(($(cpu_ns "${SERVERS[$i]}") - servers[i]))
    SERVERS_NS=$((SERVERS_NS + used))
    [[ $used -le $SERVER_NS ]] || SERVER_NS=$used
  done
  REQUESTS=$(number "$REPORT" ok)
  [[ $REQUESTS -gt 0 ]] || die "no request was served behind $proxy"
}

# measure CASE PROXY ROUND FLAGS...
measure() {
  local name=$1 proxy=$2 round=$3 cpu requests wall client key _
  shift 3
  for _ in 1 2 3; do
    drive "$proxy" "$(calculate "$SECONDS_EACH / 5")" "$@"
    cpu=$CPU_NS requests=$REQUESTS
    drive "$proxy" "$SECONDS_EACH" "$@"
    # On a machine with other work the long run may be the one that got no time.
    [[ $REQUESTS -lt $((requests * 2)) ]] || break
  done
  if [[ $REQUESTS -le $requests ]]; then
    echo "left out: $name behind $proxy, round $round: this machine is too busy with other work" >&2
    return
  fi
  wall=$(number "$REPORT" makespan_s)
  client=$(number "$REPORT" client_cpu_s)
  RUN=("$name" "$proxy" "$round")
  record cpu_us "$(calculate "($CPU_NS - $cpu) / ($REQUESTS - $requests) / 1000")"
  record rps "$(number "$REPORT" throughput_rps)"
  for key in p50 p99 p999; do record "${key}_us" "$(number "$REPORT" $key)"; done
  record memory_kib "$MEMORY_KIB"
  record proxy_cores "$(calculate "$CPU_NS / 1e9 / $wall")"
  record client_cores "$(calculate "$client / $wall")"
  record server_cores "$(calculate "$SERVER_NS / 1e9 / $wall")"
  record other_cores "$(calculate "$MACHINE * $(nproc) - ($CPU_NS + $SERVERS_NS) / 1e9 / $wall - $client / $wall")"
  record machine "$MACHINE"
}

# measure_idle PROXY ROUND: memory per connection that was used once and then left alone, of a fresh proxy.
measure_idle() {
  local proxy=$1 round=$2 key=idle$2:$1 tree before after holder out=$SCRATCH/holder.out
  start_peer "$key" "$proxy" "${TYPED[@]}"
  tree=$(tree_of "${ROOT[$key]}")
  before=$(memory_kib $tree)
  : >"$out"
  "$BENCH/hold_connections" "${PEER[$key]}" "$IDLE_CONNECTIONS" >"$out" 2>&1 &
  holder=$!
  PIDS+=("$holder")
  wait_for "$out" '^holding' "$holder" 60 >/dev/null || die "idle connections behind $proxy failed"
  after=$(memory_kib $tree)
  RUN=(idle "$proxy" "$round")
  record connection_bytes "$(calculate "($after - $before) * 1024 / $IDLE_CONNECTIONS")"
  record memory_kib "$after"
  stop "$holder" || true  # ended by our signal
  stop "${ROOT[$key]}" || true
}

# --- all runs ----------------------------------------------------------------------------------------
# Of one address a client has used up all 28,000 ports after two seconds of connecting, and then looks for one
# for milliseconds.
SOURCE_IPS=127.0.1.1,127.0.1.2,127.0.1.3,127.0.1.4,127.0.1.5,127.0.1.6,127.0.1.7,127.0.1.8

# flags_of CASE: what the client is told.
flags_of() {
  local connections pipeline size
  [[ ! $TLS ]] || printf '%s ' --tls --ca "$SCRATCH/tls.pem" --server-name localhost
  [[ $1 == setup ]] && { echo "--concurrency 16 --pipeline 1 --body 8 --reconnect --source-ip $SOURCE_IPS"; return; }
  IFS='x-' read -r connections pipeline size <<<"$1"
  [[ $size == 40B ]] && size=8  # behind a header of 32
  echo "--concurrency $connections --pipeline $pipeline --body $size"
}

run_case() {
  local name=$1 rounds=$ROUNDS round proxy proxies=$PROXIES
  [[ $name != stream-* ]] || proxies=$STREAM_PROXIES
  [[ $name != idle ]] || rounds=$(((ROUNDS + 2) / 3))
  for round in $(seq "$rounds"); do
    # QUICK keeps its promise on a busy machine, too: late cases get one round.
    if [[ $QUICK && $round -gt 1 && $SECONDS -gt 90 ]]; then break; fi
    for proxy in $proxies; do
      progress "$name, round $round of $rounds, $proxy"
      if [[ $name == idle ]]; then
        measure_idle "$proxy" "$round"
      elif [[ $name == stream-* ]]; then
        measure_stream "$name" "$proxy" "$round"
      else
        measure "$name" "$proxy" "$round" $(flags_of "$name")
      fi
    done
  done
}

run_micro() {
  local program
  for program in "$BENCH"/*_bench; do
    printf '\n--- %s\n' "$(basename "$program")"
    "$program" "${MICRO[@]}" --benchmark_out="$OUT/$(basename "$program").json" \
      --benchmark_out_format=json 2>/dev/null
  done
}

progress() {
  if [[ -t 2 ]]; then printf '\r\033[K%s' "$*" >&2; fi
}

mkdir -p "$OUT"
if [[ $TLS ]]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$SCRATCH/tls.key" -out "$SCRATCH/tls.pem" \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
  cat "$SCRATCH/tls.pem" "$SCRATCH/tls.key" >"$SCRATCH/tls-both.pem"
fi
REPORT=$SCRATCH/report.json
RUNS=$OUT/runs.tsv
FAILED=0
: >"$RUNS"
start_server video-1 video --unit 0
start_server video-2 video --unit 0
start_server music-1 music --unit 0
SERVERS=("${PIDS[@]}")
TYPED=("$ADDRESS_video_1" "$ADDRESS_video_2" "$ADDRESS_music_1")
declare -A TREE
for proxy in $PROXIES; do
  start_peer "$proxy" "$proxy" "${TYPED[@]}"
  TREE[$proxy]=$(tree_of "${ROOT[$proxy]}")
done

chosen=()
for name in $(all_cases); do
  if selected "$name"; then chosen+=("$name"); fi
done
[[ ${#chosen[@]} -gt 0 ]] || die "CASES='$CASES' chooses none of: $(all_cases | tr '\n' ' ')"
[[ ${chosen[*]} != *stream-* ]] || start_stream_servers
for name in "${chosen[@]}"; do [[ $name == micro || $name == binding ]] || run_case "$name"; done
progress ''
[[ ! -s $RUNS ]] || scripts/bench/report.sh "$OUT" "$IDLE_CONNECTIONS"
if selected binding; then BIN=$BIN scripts/bench/binding.sh; fi
if selected micro; then run_micro; fi
exit $FAILED
