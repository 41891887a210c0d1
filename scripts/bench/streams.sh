# Cases of opaque streams: bulk data, small messages, connection set-up, and Redis's own benchmark. Sourced by
# scripts/bench.sh after peers.sh and measure.sh. Each proxy stands before one server.
#
# Ours are finishline, which chooses how bulk data is moved, finishline-copy and finishline-splice.
#
# Load comes from $BENCH/stream_load and redis-benchmark; CPU is that of the proxy's processes.

STREAM_PROXIES=${STREAM_PROXIES:-haproxy haproxy-splice nginx nginx-256k finishline}
STREAM_CASES='stream-64x1-40B stream-setup stream-bulk-1 stream-bulk-16 stream-redis'

# start_stream_peers TAG SERVER: sets ROOT[TAG:PROXY], PEER[TAG:PROXY].
start_stream_peers() {
  local proxy MAX_CONNECTIONS=1000  # splicing takes descriptors, too
  for proxy in $STREAM_PROXIES; do start_peer "$1:$proxy" "${proxy/#finishline/finishline-stream}" "$2"; done
}

start_stream_servers() {
  local server
  "$BENCH/stream_load" serve >"$SCRATCH/serve.out" &
  PIDS+=($!)
  server=$(wait_for "$SCRATCH/serve.out" '[0-9.]*:[0-9]\+$' $!)
  start_stream_peers plain "$server"
  command -v redis-server >/dev/null || return 0
  start_on_free_port redis-server "$SCRATCH/redis.conf" redis_config redis-server
  start_stream_peers redis "${PEER[redis-server]}"
}

redis_config() { # PORT
  printf '%s\n' "port $1" 'bind 127.0.0.1' 'save ""' "dir $SCRATCH"
}

# measure_stream CASE PROXY ROUND
measure_stream() {
  local name=$1 proxy=$2 key=plain:$2 tree before count seconds rate
  [[ $name != stream-redis ]] || key=redis:$proxy
  tree=$(tree_of "${ROOT[$key]}")
  RUN=("$name" "$proxy" "$3")
  before=$(cpu_ns $tree)
  case $name in
    stream-64x1-40B) load=(echo "${PEER[$key]}" 64) ;;
    stream-setup) load=(connect "${PEER[$key]}" 16) ;;
    stream-bulk-*) load=(bulk "${PEER[$key]}" "${name##*-}") ;;
    stream-redis)
      rate=$(timeout 300 redis-benchmark -h "${PEER[$key]%:*}" -p "${PEER[$key]##*:}" -t get,set -P 1 -c 50 \
        -n "$(calculate "20000 * $SECONDS_EACH" | cut -d. -f1)" --csv 2>/dev/null |
        awk -F'"' '/SET|GET/ { time += 1 / $4; n++ } END { print n / time }')
      count=$(calculate "2 * 20000 * $SECONDS_EACH")
      record rps "$rate"
      record cpu_us "$(calculate "($(cpu_ns $tree) - $before) / 1000 / $count")"
      return
      ;;
  esac
  read -r count seconds < <("$BENCH/stream_load" "${load[@]}" "$SECONDS_EACH") || die "no load behind $proxy"
  if [[ $name == stream-bulk-* ]]; then
    record gb_s "$(calculate "$count / $seconds / 1e9")"
    record cpu_s_gib "$(calculate "($(cpu_ns $tree) - $before) / 1e9 / ($count / 1024 ^ 3)")"
  else
    record rps "$(calculate "$count / $seconds")"
    record cpu_us "$(calculate "($(cpu_ns $tree) - $before) / 1000 / $count")"
  fi
}
