#!/usr/bin/env bash
# What clients cost one worker: IDLE connections that have been served once, then SLOW clients with full
# pipelines who never read. Prints bytes per idle connection and fails when the worker exceeds the memory that
# `finishline check` states. Called by `make memory`.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin} BENCH=${BENCH:-build/bench}
IDLE=${IDLE:-10000} SLOW=${SLOW:-1000} PIPELINE=${PIPELINE:-4}
ulimit -n $((IDLE + SLOW + 200)) || { echo "needs $((IDLE + SLOW + 200)) file descriptors: raise ulimit -Hn"; exit 1; }

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

wait_for() { # FILE WORDS
  for _ in $(seq 600); do
    grep -q "$2" "$1" 2>/dev/null && return
    sleep 0.1
  done
  echo "waited in vain for '$2':"
  tail -5 "$1"
  exit 1
}
private_bytes() { awk '/^Private_(Clean|Dirty)/ { sum += $2 } END { print sum * 1024 }' "/proc/$1/smaps_rollup"; }

"$BIN/finishline-server" --type video --listen 127.0.0.1:0 --unit 1us --reply-bytes 65536 >"$work/server" 2>&1 &
pids+=($!)
wait_for "$work/server" listening
server=$(sed -n 's/.*listening on //p' "$work/server" | head -1)
cat >"$work/finishline.toml" <<TOML
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
address = "$server"
TOML
"$BIN/finishline" run -c "$work/finishline.toml" >"$work/proxy" 2>&1 &
pids+=($!)
wait_for "$work/proxy" 'listening listener=media'
address=$(sed -n 's/.*listening listener=media address=\([^ ]*\).*/\1/p' "$work/proxy" | head -1)
worker=$(sed -n 's/.*worker_started worker=0 pid=\([0-9]*\).*/\1/p' "$work/proxy" | head -1)
stated=$("$BIN/finishline" check -c "$work/finishline.toml" | sed -n 's/^memory at most: //p')
most=$(($(sed 's/.*= \([0-9]*\) MiB.*/\1/' <<<"$stated") << 20))
echo "stated: $stated"

before=$(private_bytes "$worker")
"$BENCH/hold_connections" "$address" "$IDLE" >"$work/idle" 2>&1 &
pids+=($!)
wait_for "$work/idle" holding
idle=$(private_bytes "$worker")
echo "$IDLE idle connections: $(((idle - before) / IDLE)) bytes each, worker $((idle >> 10)) KiB"

"$BENCH/hold_connections" "$address" "$SLOW" 500 >"$work/slow" 2>&1 &
pids+=($!)
wait_for "$work/slow" holding
sleep 1
slow=$(private_bytes "$worker")
echo "$SLOW clients that never read: worker $((slow >> 10)) KiB"
grep -q worker_died "$work/proxy" && { echo "the worker died"; exit 1; }
if [[ $slow -gt $most ]]; then
  echo "that is more than stated"
  exit 1
fi
echo "within the budget"
