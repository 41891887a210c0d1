# The proxies that are measured, each on a loopback port of its own. Sourced by scripts/bench.sh after
# scripts/lib.sh; needs $MAX_CONNECTIONS.
#
#   haproxy, nginx               one thread, one worker; round robin, no logs, otherwise as they come
#   haproxy-splice, nginx-256k   the same, tuned for bulk data
#   finishline, finishline-2w    one worker, two workers; of requests, policy makespan
#   finishline-stream            one worker, a listener of streams; finishline-stream-copy, finishline-stream-splice with
#                                pool.bulk so
#
# start_peer KEY PROXY SERVER...: before these servers (host:port; for finishline itself the two video servers
# and the music server of scripts/lib.sh). Sets ROOT[KEY] (pid) and PEER[KEY] (address).

declare -A ROOT PEER
TLS=${TLS:-}
TLS_SUITE=TLS_AES_128_GCM_SHA256  # with $TLS: of TLS 1.3

start_peer() {
  local key=$1 proxy=$2 file=$SCRATCH/${1//:/-}.conf
  shift 2
  BEHIND=("$@")
  case $proxy in
    haproxy | haproxy-splice) start_on_free_port "$key" "$file" "${proxy/-/_}_config" haproxy -db -q -f ;;
    nginx | nginx-256k) start_on_free_port "$key" "$file" "${proxy/-/_}_config" nginx -e stderr -c ;;
    finishline) start_finishline "$key" "$file" 1 ;;
    finishline-2w) start_finishline "$key" "$file" 2 ;;
    finishline-early) start_finishline "$key" "$file" 1 'binding = "early"' ;;
    finishline-stream) start_finishline_stream "$key" "$file" ;;
    finishline-stream-copy | finishline-stream-splice)
      start_finishline_stream "$key" "$file" "bulk = \"${proxy##*-}\""
      ;;
    *) die "no such proxy: $proxy" ;;
  esac
}

# Who does not say which port the kernel chose tries ports below those that it chooses.
start_on_free_port() { # KEY FILE CONFIG_FUNCTION COMMAND...
  local key=$1 file=$2 config=$3 port
  shift 3
  for _ in $(seq 20); do
    port=$((20000 + RANDOM % 12000))
    answers "$port" && continue
    "$config" "$port" >"$file"
    "$@" "$file" 2>"$file.log" >&2 &
    ROOT[$key]=$!
    PIDS+=($!)
    if is_up "$port" $!; then
      PEER[$key]=127.0.0.1:$port
      return
    fi
    forget $!
  done
  cat "$file.log" >&2
  die "$key does not start"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

is_up() { # PORT PID
  local _
  for _ in $(seq 250); do
    kill -0 "$2" 2>/dev/null || return 1
    answers "$1" && return
    sleep 0.02
  done
  return 1
}

# --- configurations: PORT on which to listen, before the servers BEHIND ---------------------------------
haproxy_config() { # PORT [GLOBAL_LINE DEFAULTS_LINE]
  cat <<CFG
global
  nbthread 1
  maxconn $MAX_CONNECTIONS
  ${2:-}
defaults
  mode tcp
  ${3:-}
  timeout connect 10s
  timeout client 10m
  timeout server 10m
listen media
  bind 127.0.0.1:$1${TLS:+ ssl crt $SCRATCH/tls-both.pem ciphersuites $TLS_SUITE}
  balance roundrobin
CFG
  local i
  for i in "${!BEHIND[@]}"; do echo "  server server-$i ${BEHIND[$i]}"; done
}

haproxy_splice_config() { haproxy_config "$1" 'tune.bufsize 262144' 'option splice-auto'; }

nginx_config() { # PORT [SERVER_LINE]
  cat <<CONF
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid $SCRATCH/nginx.$1.pid;
error_log stderr crit;
worker_processes 1;
worker_rlimit_nofile $((2 * MAX_CONNECTIONS + 128));
events { worker_connections $((2 * MAX_CONNECTIONS + 128)); }
stream {
  access_log off;
  upstream servers { $(printf 'server %s; ' "${BEHIND[@]}") }
  ${TLS:+ssl_certificate $SCRATCH/tls.pem; ssl_certificate_key $SCRATCH/tls.key; ssl_conf_command Ciphersuites $TLS_SUITE;}
  server { listen 127.0.0.1:$1${TLS:+ ssl} backlog=4096; proxy_pass servers; proxy_timeout 10m; ${2:-} }
}
CONF
}

nginx_256k_config() { nginx_config "$1" 'proxy_buffer_size 256k;'; }

start_finishline() { # KEY FILE WORKERS [POOL_KEYS]
  seed_config "$2" makespan "$3" "${4:-}"
  sed -i "s/^workers = .*/&\nmax_connections = $MAX_CONNECTIONS/" "$2"
  [[ ! $TLS ]] || sed -i "/^name = \"media\"/a tls_certificates = [\"$SCRATCH/tls-both.pem\"]" "$2"
  start_proxy "$2"
  ROOT[$1]=$PROXY
  PEER[$1]=$MEDIA
}

start_finishline_stream() { # KEY FILE [POOL_KEYS]
  finishline_stream_config "$2" "${BEHIND[@]}"
  [[ ! ${3:-} ]] || sed -i "s/^\[pool.stream\]/&\n$3/" "$2"
  "$BIN/finishline" run -c "$2" 2>"$2.log" &
  ROOT[$1]=$!
  PIDS+=($!)
  PEER[$1]=$(wait_for "$2.log" 'listening listener=stream address=[^ ]*' $!)
  PEER[$1]=${PEER[$1]##*=}
}

finishline_stream_config() { # FILE SERVER...
  local file=$1 i=0 server
  shift
  cat >"$file" <<TOML
[proxy]
workers = 1
admin = ""
max_connections = $MAX_CONNECTIONS
[[listener]]
name = "stream"
bind = "127.0.0.1:0"
mode = "stream"
pool = "stream"
[pool.stream]
check = "off"
TOML
  for server in "$@"; do
    printf '[[server]]\nname = "server-%s"\npool = "stream"\naddress = "%s"\n' "$((i++))" "$server" >>"$file"
  done
}
