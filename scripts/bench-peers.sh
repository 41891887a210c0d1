#!/usr/bin/env bash
# Several proxies before the seed's three servers beside one: real processes on this machine, the same Poisson
# arrivals for each row, dealt out among the proxies, a redis of the run's own. Prints a table: latency over all requests, what that
# is to one proxy's, and what the redis had to carry. What is started is stopped at the end, also on Ctrl-C.
#
#   NODES='1 2 4'        how many proxies
#   LOADS='0.67 0.83'    of what the servers can do
#   MODES='rows own'     rows: with shared books; own: each with its own books alone, beside it
#   SECONDS_EACH=20      for how long, per row
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=$(cd "${BIN:-build/bin}" && pwd)
NODES=${NODES:-1 2 4} LOADS=${LOADS:-0.67 0.83} MODES=${MODES:-rows own} SECONDS_EACH=${SECONDS_EACH:-20}
CAPACITY=600 # requests a second: mean length 5 ms, a third of each type, two video servers and one for music
scratch=$(mktemp -d "${TMPDIR:-/tmp}/finishline-bench.XXXXXX")
running=()
stop_all() {
  local pid
  for pid in "${running[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${running[@]}"; do wait "$pid" 2>/dev/null || true; done
  running=()
}
trap 'stop_all; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# An address of 127/8 of this run's own, so that ports need not be looked for.
host=127.$((64 + $$ / 65536 % 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))

start() { # NAME COMMAND...
  local name=$1
  shift
  "$@" >"$scratch/$name.log" 2>&1 &
  running+=($!)
}
config() { # N MODE
  cat <<TOML
[proxy]
workers = 1
admin = "$host:$((9100 + $1))"
$([[ $2 == own ]] || printf '[peers]\nname = "proxy-%s"\nredis = "redis://%s:9379"\n' "$1" "$host")
[[listener]]
name = "media"
bind = "$host:$((9200 + $1))"
pool = "media"
[pool.media]
TOML
  local server type
  for server in 1 2 3; do
    type=video
    [[ $server -lt 3 ]] || type=music
    printf '[[server]]\nname = "server-%s"\npool = "media"\ntype = "%s"\naddress = "%s:%s"\n' \
      "$server" "$type" "$host" "$((9000 + server))"
  done
}
wait_for() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [[ $SECONDS -lt $end ]] || { echo "gave up: $*" >&2 && return 1; }
    sleep 0.1
  done
}
heard() { # N OTHERS
  [[ $(curl -sf "http://$host:$((9100 + $1))/api/v1/peers" | grep -o '"state":"here"' | wc -l) -eq $2 ]]
}
messages() { redis-cli -h "$host" -p 9379 info commandstats | sed -nE 's/^cmdstat_publish:calls=([0-9]+).*/\1/p'; }

# arrive LOAD: writes the arrivals of all rows of this load, so that they differ by nothing else.
arrive() {
  awk -v rate="$(awk -v c=$CAPACITY -v l="$1" 'BEGIN { print c * l }')" -v end="$SECONDS_EACH" 'BEGIN {
    srand(17)
    split("video picture music", types)
    print "time_s,type,length"
    while ((at -= log(1 - rand()) / rate) < end) printf "%.6f,%s,%d\n", at, types[1 + int(3 * rand())], 1 + int(9 * rand())
  }' >"$scratch/trace.csv"
}

# run NODES MODE: writes to $scratch/result "mean p50 p99 requests failed messages/s", times in ms.
run() {
  local nodes=$1 mode=$2 n clients=() before=0 after=0
  start redis redis-server --port 9379 --bind "$host" --save '' --appendonly no
  for n in 1 2 3; do
    start "server-$n" "$BIN/finishline-server" --type "$([[ $n -lt 3 ]] && echo video || echo music)" \
      --listen "$host:$((9000 + n))" --unit 1ms
  done
  for ((n = 1; n <= nodes; ++n)); do
    config "$n" "$mode" >"$scratch/proxy-$n.toml"
    start "proxy-$n" "$BIN/finishline" run -c "$scratch/proxy-$n.toml"
  done
  for ((n = 1; n <= nodes; ++n)); do
    wait_for 20 curl -sf "http://$host:$((9100 + n))/readyz"
    [[ $mode == own ]] || wait_for 20 heard "$n" $((nodes - 1))
  done
  [[ $mode == own ]] || before=$(messages)
  for ((n = 1; n <= nodes; ++n)); do
    awk -v n="$n" -v nodes="$nodes" 'NR == 1 || NR % nodes == n % nodes' "$scratch/trace.csv" >"$scratch/trace-$n.csv"
    "$BIN/finishline-client" --connect "$host:$((9200 + n))" --trace "$scratch/trace-$n.csv" --concurrency 32 \
      --no-progress --save-replies "$scratch/replies-$n.csv" >"$scratch/client-$n.log" 2>&1 &
    clients+=($!)
  done
  for n in "${clients[@]}"; do wait "$n" || true; done
  [[ $mode == own ]] || after=$(messages)
  awk -F, '
    FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    $at["status"] == "ok" || $at["status"] == "0" { print ($at["done_s"] - $at["intended_s"]) * 1000; next }
    { print "failed" }' "$scratch"/replies-*.csv | sort -n | awk -v per_s="$(((after - before) / SECONDS_EACH))" '
    /failed/ { ++failed; next }
    { ms[++n] = $1; sum += $1 }
    END { printf "%.2f %.2f %.2f %d %d %d\n", sum / n, ms[int(n * 0.5) + 1], ms[int(n * 0.99) + 1], n, failed, per_s }
  ' >"$scratch/result"
  rm -f "$scratch"/replies-*.csv
  stop_all
}

printf '%-5s %-6s %-5s %10s %10s %10s %9s %7s %9s %12s\n' load nodes books 'mean ms' 'p50 ms' 'p99 ms' 'p99 / 1' failed requests 'messages/s'
for load in $LOADS; do
  one=
  arrive "$load"
  for nodes in $NODES; do
    for mode in $MODES; do
      [[ $nodes -gt 1 || $mode == own || $MODES == rows ]] || continue # one proxy shares with nobody
      run "$nodes" "$mode"
      read -r mean p50 p99 requests failed per_s <"$scratch/result"
      [[ -n $one ]] || one=$p99
      printf '%-5s %-6s %-5s %10s %10s %10s %9s %7s %9s %12s\n' "$load" "$nodes" "$mode" "$mean" "$p50" "$p99" \
        "$(awk -v a="$p99" -v b="$one" 'BEGIN { printf "%.2f", a / b }')" "$failed" "$requests" "$per_s"
    done
  done
done
