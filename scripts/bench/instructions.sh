#!/usr/bin/env bash
# How many instructions a worker spends on a request, in six fixed cases, against scripts/bench/instructions.tsv. They
# are counted by callgrind, so that neither the machine's speed nor its other work tells; called by `make bench-check`.
#
#   CASES='64x1-40B mini-64x1'   which (default: all)
#   UPDATE=1                     writes the figures into the table instead
#   TOLERANCE=3                  percent by which one may be larger
#
# Each case is run twice, the second time with twice the requests: the difference leaves out starting, connecting and
# ending. Everything runs on one core and gives way to the proxy last, so that every turn of the worker finds all that
# the client and the servers have to say, run after run.
#
# The figures hold for one compiler, one set of libraries and one kind of processor, which the table names. With others they are shown and
# not judged.
set -euo pipefail
cd "$(dirname "$0")/../.."
BIN=${BIN:-build/bin}
TABLE=${TABLE:-scripts/bench/instructions.tsv}
ALL='1x1-40B 64x1-40B 256x8-40B 64x1-4KiB mini-64x1 stream-64x1-40B'
CASES=${CASES:-$ALL}
UPDATE=${UPDATE:-}
TOLERANCE=${TOLERANCE:-3}
UNIT=100ns
MAX_CONNECTIONS=1000
source scripts/lib.sh
source scripts/bench/peers.sh
CORE=$(taskset -cp $$ | grep -o '[0-9]*$')
taskset -cp "$CORE" $$ >/dev/null

# built_with: what the figures depend on besides the sources.
built_with() {
  local version
  version=$(strings -a "$BIN/finishline" | sed -n 's/^GCC: ([^)]*) \([0-9.]*\)$/\1/p' | sort -u | tr '\n' ' ')
  echo "g++ ${version% }, libuv $(dpkg-query -W -f='${Version}' libuv1), libc $(dpkg-query -W -f='${Version}' libc6), $(uname -m) $(grep -owm1 avx2 /proc/cpuinfo || echo 'without avx2')"
}

# requests_of CASE: of the short run.
requests_of() {
  case $1 in
    1x1-*) echo 5000 ;;
    256x8-*) echo 20000 ;;
    *) echo 10000 ;;
  esac
}

# flags_of CASE: what the client is told.
flags_of() {
  local connections pipeline size
  IFS='x-' read -r connections pipeline size <<<"${1#mini-}"
  case $1 in
    mini-*) echo "--concurrency $connections --pipeline $pipeline --protocol mini --servers video=2,music=1" ;;
    stream-*) flags_of "${1#stream-}" ;;
    *-4KiB) echo "--concurrency $connections --pipeline $pipeline --body 4096" ;;
    *) echo "--concurrency $connections --pipeline $pipeline --body 8" ;; # behind a header of 32
  esac
}

# config_of CASE FILE: leaves in LISTENER whom the client connects to.
config_of() {
  case $1 in
    stream-*) LISTENER=stream && finishline_stream_config "$2" "$ADDRESS_video_1" ;;
    mini-*) LISTENER=mini && seed_config "$2" makespan 1 ;;
    *) LISTENER=media && seed_config "$2" makespan 1 ;;
  esac
}

# count CASE REQUESTS: the instructions of the worker, from its start to its end.
count() {
  local file=$SCRATCH/$1.toml log=$SCRATCH/$1.log proxy address worker
  config_of "$1" "$file"
  nice -n 19 valgrind --tool=callgrind --callgrind-out-file="$SCRATCH/counts.%p" "$BIN/finishline" run -c "$file" 2>"$log" &
  proxy=$!
  PIDS+=("$proxy")
  address=$(wait_for "$log" "listening listener=$LISTENER address=[^ ]*" "$proxy" 120)
  worker=$(wait_for "$log" 'worker_started worker=0 pid=[0-9]*' "$proxy" 120)
  "$BIN/finishline-client" --connect "${address##*=}" --requests "$2" --connect-timeout 120s --no-progress $(flags_of "$1") \
    >"$SCRATCH/client.out" 2>&1 || { cat "$SCRATCH/client.out" >&2 && die "$1: the client reports failures"; }
  stop "$proxy" || die "$1: the proxy has failed: $(tail -5 "$log")"
  INSTRUCTIONS=$(sed -n 's/^totals: //p' "$SCRATCH/counts.${worker##*=}")
}

# per_request CASE: sets PER_REQUEST.
per_request() {
  local short requests
  requests=$(requests_of "$1")
  count "$1" "$requests"
  short=$INSTRUCTIONS
  count "$1" $((2 * requests))
  PER_REQUEST=$(((INSTRUCTIONS - short + requests / 2) / requests))
}

kept_of() { awk -F'\t' -v name="$1" '$1 == name { print $2 }' "$TABLE"; }

# judge CASE: prints its line; fails when it is too large.
judge() {
  local kept change
  kept=$(kept_of "$1")
  [[ $kept ]] || die "$TABLE has no case $1; UPDATE=1 writes it"
  change=$(awk -v a="$PER_REQUEST" -v b="$kept" 'BEGIN { printf "%+.1f", 100 * (a / b - 1) }')
  printf '%-18s %10d %10d %8s %%\n' "$1" "$kept" "$PER_REQUEST" "$change"
  awk -v c="$change" -v t="$TOLERANCE" 'BEGIN { exit c > t }'
}

write_table() {
  {
    echo "# Instructions of a worker per request, counted by callgrind; written by UPDATE=1 make bench-check"
    echo "# built with: $BUILT_WITH"
    cat "$SCRATCH/figures"
  } >"$TABLE"
  cat "$TABLE"
}

start_server video-1 video --unit 0
start_server video-2 video --unit 0
start_server music-1 music --unit 0
BUILT_WITH=$(built_with)
KEPT_WITH=$(sed -n 's/^# built with: //p' "$TABLE" 2>/dev/null || true)
[[ $UPDATE ]] || printf '%-18s %10s %10s\n' case kept now
worse=()
for name in $CASES; do
  per_request "$name"
  printf '%s\t%s\n' "$name" "$PER_REQUEST" >>"$SCRATCH/figures"
  [[ $UPDATE ]] || judge "$name" || worse+=("$name")
done
if [[ $UPDATE ]]; then
  write_table
elif [[ $BUILT_WITH != "$KEPT_WITH" ]]; then
  echo "not judged: built with $BUILT_WITH; the table was taken with $KEPT_WITH"
  echo "for figures of your own to compare with: UPDATE=1 make bench-check, before your change"
elif [[ ${#worse[@]} -gt 0 ]]; then
  die "more than $TOLERANCE % worse: ${worse[*]}"
else
  echo "none is more than $TOLERANCE % worse"
fi
