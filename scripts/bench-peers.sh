#!/usr/bin/env bash
# Several proxies before the same servers beside one: real processes on this machine, the same
# arrivals for each row, dealt out among the proxies, a redis of the run's own. Prints two tables. Poisson
# arrivals: latency over all requests, what that is to one proxy's, and what the redis had to carry. A batch
# of 300 at once: when all was done, and what that is to the lower bound. What is started is stopped at the
# end, also on Ctrl-C.
#
#   POOL=2V1M            the servers: so many for video, which do pictures, too, and so many for music
#   UNIT=1ms             one unit of length, of which a request has 1 to 9
#   NODES='1 2 4'        how many proxies
#   LOADS='0.67 0.83'    of what the servers can do
#   MODES='rows lost own'  rows: with shared books; seat: with these, and one proxy decides for all; lost: as rows, and in the second third of the time redis is
#                        dead, with figures for that third and for what comes 2 s after its return; own: each
#                        with its own books alone, beside it
#   BATCHES=5            batches of each row, of which the median is printed; 0: none
#   SECONDS_EACH=20      for how long, per row
#   NETWORK=loopback     namespaces: each proxy with its client, the servers and redis on machines of their
#                        own, which are network namespaces on a switch; a way takes 0.1 ms more where the
#                        kernel has netem. Needs root or user namespaces.
set -euo pipefail
NETWORK=${NETWORK:-loopback}
case $NETWORK in
  loopback) ;;
  namespaces) # what follows runs in a network and a /run of its own, which end with it
    if [[ -z ${BENCH_INSIDE:-} ]]; then
      kinds=-nm
      [[ $EUID -eq 0 ]] || kinds=-Urnm
      unshare $kinds true || { echo "NETWORK=namespaces: this machine allows none; run it as root, or with NETWORK=loopback" >&2 && exit 2; }
      exec unshare $kinds env BENCH_INSIDE=yes bash "$0" "$@"
    fi
    ;;
  *) echo "NETWORK='$NETWORK' is no network: write loopback or namespaces" >&2 && exit 2 ;;
esac
cd "$(dirname "$0")/.."
BIN=$(cd "${BIN:-build/bin}" && pwd)
NODES=${NODES:-1 2 4} LOADS=${LOADS:-0.67 0.83} MODES=${MODES:-rows lost own} SECONDS_EACH=${SECONDS_EACH:-20} BATCHES=${BATCHES:-5}
POOL=${POOL:-2V1M} UNIT=${UNIT:-1ms}
[[ $POOL =~ ^([1-9][0-9]*)V([1-9][0-9]*)M$ ]] || { echo "POOL='$POOL' is no pool: write for example 10V5M" >&2 && exit 2; }
videos=${BASH_REMATCH[1]} servers=$((BASH_REMATCH[1] + BASH_REMATCH[2])) musics=${BASH_REMATCH[2]}
[[ $UNIT =~ ^[1-9][0-9]*ms$ ]] || { echo "UNIT='$UNIT' is no whole number of milliseconds: write for example 2ms" >&2 && exit 2; }
# Requests a second: mean length 5 units, a third of each type, servers of either kind at their best.
CAPACITY=$((300 * (videos < 2 * musics ? videos : 2 * musics) / ${UNIT%ms}))
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
redis_host=$host servers_host=$host

# machine NAME ADDRESS: a network namespace on the switch.
machine() {
  ip netns add "$1"
  ip link add "to-$1" type veth peer name eth0 netns "$1"
  ip link set "to-$1" master switch up
  on "$1" ip addr add "$2/24" dev eth0
  on "$1" ip link set eth0 up
  on "$1" ip link set lo up
  on "$1" tc qdisc add dev eth0 root netem delay 100us 2>/dev/null || delayed=no
}
on() { # MACHINE COMMAND...: there, or here where there are no machines
  local machine=$1
  shift
  if [[ $NETWORK == namespaces ]]; then nsenter --net="/run/netns/$machine" "$@"; else "$@"; fi
}
if [[ $NETWORK == namespaces ]]; then
  redis_host=10.77.0.1 servers_host=10.77.0.2 host=127.0.0.1 delayed=yes
  mount -t tmpfs none /run
  ip link set lo up
  ip link add switch type bridge
  ip link set switch up
  machine redis $redis_host
  machine servers $servers_host
  for ((n = 1; n <= $(tr ' ' '\n' <<<"$NODES" | sort -n | tail -1); ++n)); do machine "node-$n" "10.77.0.$((10 + n))"; done
  [[ $delayed == yes ]] || echo 'without a delay of 0.1 ms: this kernel has no netem'
fi

start() { # MACHINE NAME COMMAND...
  local machine=$1 name=$2
  shift 2
  if [[ $NETWORK == namespaces ]]; then set -- nsenter --net="/run/netns/$machine" "$@"; fi
  "$@" >"$scratch/$name.log" 2>&1 &
  running+=($!)
}
config() { # N MODE UNIT
  cat <<TOML
[proxy]
workers = 1
admin = "$host:$((9100 + $1))"
$([[ $2 == own ]] || printf '[peers]\nname = "proxy-%s"\nredis = "redis://%s:9379"\n' "$1" "$redis_host")
[work]
unit = "$3"
[[listener]]
name = "media"
bind = "$host:$((9200 + $1))"
pool = "media"
[pool.media]
$([[ $2 != seat ]] || echo 'sharing = "seat"')
TOML
  local server type
  for ((server = 1; server <= servers; ++server)); do
    type=video
    [[ $server -le $videos ]] || type=music
    printf '[[server]]\nname = "server-%s"\npool = "media"\ntype = "%s"\naddress = "%s:%s"\n' \
      "$server" "$type" "$servers_host" "$((9000 + server))"
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
  [[ $(on "node-$1" curl -sf "http://$host:$((9100 + $1))/api/v1/peers" | grep -o '"state":"here"' | wc -l) -eq $2 ]]
}
seated() { on "node-$1" curl -sf "http://$host:$((9100 + $1))/api/v1/peers" | grep -q '"holder":"'; }
messages() { on redis redis-cli -h "$redis_host" -p 9379 info commandstats | sed -nE 's/^cmdstat_publish:calls=([0-9]+).*/\1/p'; }

# arrive LOAD: writes the arrivals of all rows of this load, so that they differ by nothing else.
arrive() {
  awk -v rate="$(awk -v c=$CAPACITY -v l="$1" 'BEGIN { print c * l }')" -v end="$SECONDS_EACH" 'BEGIN {
    srand(17)
    split("video picture music", types)
    print "time_s,type,length"
    while ((at -= log(1 - rand()) / rate) < end) printf "%.6f,%s,%d\n", at, types[1 + int(3 * rand())], 1 + int(9 * rand())
  }' >"$scratch/trace.csv"
}

# batch SEED: writes 300 requests that come at once.
batch() {
  awk -v seed="$1" 'BEGIN {
    srand(seed)
    split("video picture music", types)
    print "time_s,type,length"
    for (i = 0; i < 300; ++i) printf "0,%s,%d\n", types[1 + int(3 * rand())], 1 + int(9 * rand())
  }' >"$scratch/trace.csv"
}
# The least time, in units, in which the servers of both kinds can do what stands in the trace: of
# the types that both kinds can do, work that is divided as one likes goes over until both are done at once.
bound() {
  awk -F, -v v="$videos" -v m="$musics" 'NR > 1 { sum[$2] += $3 }
    END {
      video = sum["video"] + sum["picture"]; music = sum["music"]
      over = (m * video - v * music) / (m + 2 * v) # pictures, at twice their length
      if (over < 0) over = (m * video - v * music) / (v + 2 * m) # music to video, at twice its length
      print (over >= 0 ? (video - over) / v : (music + over) / m)
    }' "$scratch/trace.csv"
}

start_redis() {
  start redis redis redis-server --port 9379 --bind "$redis_host" --protected-mode no --save '' --appendonly no
  redis=${running[-1]}
}
# Redis is dead in the second third of the time.
lose_redis() {
  sleep $((SECONDS_EACH / 3))
  kill -KILL "$redis"
  wait "$redis" 2>/dev/null || true
  sleep $((SECONDS_EACH / 3))
  start_redis
}

# run NODES MODE UNIT: plays the trace; writes to $scratch/replies what came of each request, "intended done
# ok" in seconds, and to $scratch/carried how many messages redis had to carry.
run() {
  local nodes=$1 mode=$2 unit=$3 n clients=() before=0 after=0
  start_redis
  for ((n = 1; n <= servers; ++n)); do
    start servers "server-$n" "$BIN/finishline-server" --type "$([[ $n -le $videos ]] && echo video || echo music)" \
      --listen "$servers_host:$((9000 + n))" --unit "$unit"
  done
  for ((n = 1; n <= nodes; ++n)); do
    config "$n" "$mode" "$unit" >"$scratch/proxy-$n.toml"
    start "node-$n" "proxy-$n" "$BIN/finishline" run -c "$scratch/proxy-$n.toml"
  done
  for ((n = 1; n <= nodes; ++n)); do
    wait_for 20 on "node-$n" curl -sf "http://$host:$((9100 + n))/readyz"
    [[ $mode == own ]] || wait_for 20 heard "$n" $((nodes - 1))
    [[ $mode != seat ]] || wait_for 20 seated "$n"
  done
  [[ $mode != rows && $mode != seat ]] || before=$(messages)
  for ((n = 1; n <= nodes; ++n)); do
    awk -v n="$n" -v nodes="$nodes" 'NR == 1 || NR % nodes == n % nodes' "$scratch/trace.csv" >"$scratch/trace-$n.csv"
    on "node-$n" "$BIN/finishline-client" --connect "$host:$((9200 + n))" --trace "$scratch/trace-$n.csv" --concurrency $((32 * servers / 3)) \
      --no-progress --save-replies "$scratch/replies-$n.csv" >"$scratch/client-$n.log" 2>&1 &
    clients+=($!)
  done
  [[ $mode != lost ]] || lose_redis
  for n in "${clients[@]}"; do wait "$n" || true; done
  [[ $mode != rows && $mode != seat ]] || after=$(messages)
  echo $((after - before)) >"$scratch/carried"
  awk -F, '
    FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    { print $at["intended_s"], $at["done_s"], ($at["status"] == "ok" || $at["status"] == "0") }
  ' "$scratch"/replies-*.csv >"$scratch/replies"
  rm -f "$scratch"/replies-*.csv
  stop_all
}

# latency FROM TO: "mean p50 p99 failed requests" of what came in these seconds, times in ms.
latency() {
  awk -v from="$1" -v to="$2" '$1 >= from && $1 < to { print $3 ? ($2 - $1) * 1000 : "failed" }' "$scratch/replies" |
    sort -n | awk '
      /failed/ { ++failed; next }
      { ms[++n] = $1; sum += $1 }
      END { printf "%.2f %.2f %.2f %d %d\n", sum / n, ms[int(n * 0.5) + 1], ms[int(n * 0.99) + 1], failed, n + failed }'
}
# row LABEL FROM TO: one line of the first table.
row() {
  local mean p50 p99 failed requests
  read -r mean p50 p99 failed requests < <(latency "$2" "$3")
  [[ -n $one ]] || one=$p99
  printf '%-5s %-6s %-15s %9s %9s %9s %8s %7s %9s %11s\n' "$load" "$nodes" "$1" "$mean" "$p50" "$p99" \
    "$(awk -v a="$p99" -v b="$one" 'BEGIN { printf "%.2f", a / b }')" "$failed" "$requests" \
    "$([[ $1 != rows && $1 != seat ]] || echo $(($(<"$scratch/carried") / SECONDS_EACH)))"
}

# One proxy shares with nobody.
makes_sense() { [[ $nodes -gt 1 || $mode == own || $mode == rows && ! $MODES =~ own ]]; }

printf '%-5s %-6s %-15s %9s %9s %9s %8s %7s %9s %11s\n' load nodes books 'mean ms' 'p50 ms' 'p99 ms' 'p99 / 1' \
  failed requests messages/s
for load in $LOADS; do
  one=
  arrive "$load"
  for nodes in $NODES; do
    for mode in $MODES; do
      makes_sense || continue
      run "$nodes" "$mode" "$UNIT"
      row "$mode" 0 "$SECONDS_EACH"
      [[ $mode == lost ]] || continue
      row '  redis is dead' $((SECONDS_EACH / 3)) $((2 * (SECONDS_EACH / 3)))
      row '  2 s later' $((2 * (SECONDS_EACH / 3) + 2)) "$SECONDS_EACH"
    done
  done
done

[[ $BATCHES -gt 0 ]] || exit 0
printf '\n%-6s %-5s %12s %12s %18s %7s\n' nodes books 'bound ms' 'median ms' 'makespan / bound' failed
for nodes in $NODES; do
  for mode in $MODES; do
    makes_sense && [[ $mode != lost ]] || continue
    : >"$scratch/batches"
    for ((seed = 1; seed <= BATCHES; ++seed)); do
      batch "$seed"
      run "$nodes" "$mode" 8ms
      awk -v bound="$(bound)" '{ if ($2 > last) last = $2; failed += !$3 }
        END { printf "%.0f %.0f %.4f %d\n", bound * 8, last * 1000, last * 1000 / (bound * 8), failed }
      ' "$scratch/replies" >>"$scratch/batches"
    done
    sort -k3n "$scratch/batches" | awk -v nodes="$nodes" -v mode="$mode" '{ line[NR] = $0; failed += $4 }
      END {
        split(line[int((NR + 1) / 2)], it)
        printf "%-6s %-5s %12s %12s %18s %7d\n", nodes, mode, it[1], it[2], it[3], failed
      }'
  done
done
