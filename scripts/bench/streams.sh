# Cases of opaque streams: bulk data, small messages, connection set-up, and Redis's own benchmark. Sourced by
# scripts/bench.sh after peers.sh and measure.sh. Each proxy stands before one server.
#
#   haproxy, nginx   as they come         haproxy-splice, nginx-256k   tuned for bulk data
#   finishline       one worker
#
# Load comes from $BENCH/stream_load and redis-benchmark; CPU is that of the proxy's processes.

STREAM_PROXIES=${STREAM_PROXIES:-haproxy haproxy-splice nginx nginx-256k finishline}
STREAM_CASES='stream-64x1-40B stream-setup stream-bulk-1 stream-bulk-16 stream-redis'

haproxy_stream_config() { # PORT
  cat <<CFG
global
  nbthread 1
  maxconn 1000
  ${TUNED:+tune.bufsize 262144}
defaults
  mode tcp
  ${TUNED:+option splice-auto}
  timeout connect 10s
  timeout client 10m
  timeout server 10m
listen stream
  bind 127.0.0.1:$1
  server one $BACKEND
CFG
}

nginx_stream_config() { # PORT
  cat <<CONF
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid $SCRATCH/nginx.$1.pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections 2048; }
stream {
  access_log off;
  server { listen 127.0.0.1:$1 backlog=4096; proxy_pass $BACKEND; proxy_timeout 10m; ${TUNED:+proxy_buffer_size 256k;} }
}
CONF
}

start_finishline_stream() { # KEY FILE
  cat >"$2" <<TOML
[proxy]
workers = 1
admin = ""
max_connections = 1000
[[listener]]
name = "stream"
bind = "127.0.0.1:0"
mode = "stream"
pool = "stream"
[pool.stream]
check = "off"
[[server]]
name = "one"
pool = "stream"
address = "$BACKEND"
TOML
  "$BIN/finishline" run -c "$2" 2>"$2.log" &
  ROOT[$1]=$!
  PIDS+=($!)
  PEER[$1]=$(wait_for "$2.log" 'listening listener=stream address=[^ ]*' $!)
  PEER[$1]=${PEER[$1]##*=}
}

# start_stream_peers TAG: before $BACKEND; sets ROOT[TAG:PROXY], PEER[TAG:PROXY].
start_stream_peers() {
  local proxy key file
  for proxy in $STREAM_PROXIES; do
    key=$1:$proxy file=$SCRATCH/$1-$proxy.conf TUNED=
    case $proxy in
      haproxy-splice | nginx-256k) TUNED=1 ;;&
      haproxy*) start_on_free_port "$key" "$file" haproxy_stream_config haproxy -db -q -f ;;
      nginx*) start_on_free_port "$key" "$file" nginx_stream_config nginx -e stderr -c ;;
      finishline) start_finishline_stream "$key" "$file" ;;
    esac
  done
}

start_stream_servers() {
  "$BENCH/stream_load" serve >"$SCRATCH/serve.out" &
  PIDS+=($!)
  BACKEND=$(wait_for "$SCRATCH/serve.out" '[0-9.]*:[0-9]\+$' $!)
  start_stream_peers plain
  local port
  command -v redis-server >/dev/null || return 0
  for _ in $(seq 20); do
    port=$((20000 + RANDOM % 12000))
    answers "$port" && continue
    redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$SCRATCH" >"$SCRATCH/redis.log" 2>&1 &
    is_up "$port" $! && break
  done
  PIDS+=($!)
  BACKEND=127.0.0.1:$port
  start_stream_peers redis
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
