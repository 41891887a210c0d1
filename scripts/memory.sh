#!/usr/bin/env bash
# What clients cost one worker: IDLE connections that have been served once, then SLOW clients with full
# pipelines who never read. Prints bytes per idle connection and fails when the worker exceeds the memory that
# `finishline check` states. Called by `make memory`.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin} BENCH=${BENCH:-build/bench}
IDLE=${IDLE:-10000} SLOW=${SLOW:-1000} PIPELINE=${PIPELINE:-4}
source scripts/lib.sh
ulimit -Sn $((IDLE + SLOW + 300)) || die "needs $((IDLE + SLOW + 300)) file descriptors: raise ulimit -Hn"

private_bytes() { awk '/^Private_(Clean|Dirty)/ { sum += $2 } END { print sum * 1024 }' "/proc/$1/smaps_rollup"; }

# hold NAME COUNT [UNREAD]: so many clients, connected and served when it returns.
hold() {
  "$BENCH/hold_connections" "$address" "${@:2}" >"$SCRATCH/$1" 2>&1 &
  PIDS+=($!)
  wait_for "$SCRATCH/$1" '^holding' $! 60 >/dev/null
}

start_server video-1 video --unit 1us --reply-bytes 65536
config=$SCRATCH/finishline.toml log=$SCRATCH/proxy.log
cat >"$config" <<TOML
[proxy]
workers = 1
admin = ""
max_connections = $((IDLE + SLOW + 10))
max_buffered = "256MiB"
[[listener]]
name = "media"
bind = "127.0.0.1:0"
pool = "media"
max_open = $PIPELINE
[pool.media]
check = "off"
[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "$ADDRESS_video_1"
TOML
stated=$("$BIN/finishline" check -c "$config" | sed -n 's/^memory at most: //p')
echo "stated: $stated"
most=$(($(sed 's/.*= \([0-9]*\) MiB.*/\1/' <<<"$stated") << 20))

"$BIN/finishline" run -c "$config" 2>"$log" &
PIDS+=($!)
address=$(wait_for "$log" 'listening listener=media address=[^ ]*' $!)
address=${address##*=}
worker=$(wait_for "$log" 'worker_started worker=0 pid=[0-9]*' $!)
worker=${worker##*=}

before=$(private_bytes "$worker")
hold idle "$IDLE"
idle=$(private_bytes "$worker")
echo "$IDLE idle connections: $(((idle - before) / IDLE)) bytes each, worker $((idle >> 10)) KiB"

hold slow "$SLOW" 500
sleep 1
slow=$(private_bytes "$worker") || die "the worker has ended"
echo "$SLOW clients that never read: worker $((slow >> 10)) KiB"
[[ $slow -le $most ]] || die "that is more than stated"
stop_all

ulimit -Sn "$(ulimit -Hn)"
echo "every attack at once, for ${ATTACK_SECONDS:=20} s"
ATTACK_SECONDS=$ATTACK_SECONDS "$BIN/finishline-memory-attack" || die "the worker exceeds what is stated, or fails an honest client"
echo "within the budget"
