# The proxies that are measured, each on a loopback port of its own, before the same three servers.
# Sourced by scripts/bench.sh after scripts/lib.sh; needs the servers' ADDRESS_* and $MAX_CONNECTIONS.
#
#   haproxy, nginx   one thread, one worker; round robin, no logs, otherwise as they come
#   finishline       one worker, policy makespan
#   finishline-2w    two workers
#
# start_peer NAME [TAG] sets ROOT[NAME] (pid) and PEER[NAME] (address); TAG keeps files of several apart.

declare -A ROOT PEER

start_peer() {
  case $1 in
    haproxy) start_on_free_port haproxy "$SCRATCH/haproxy${2:-}.cfg" haproxy_config haproxy -db -q -f ;;
    nginx) start_on_free_port nginx "$SCRATCH/nginx${2:-}.conf" nginx_config nginx -e stderr -c ;;
    finishline) start_finishline finishline "$SCRATCH/finishline${2:-}.toml" 1 ;;
    finishline-2w) start_finishline finishline-2w "$SCRATCH/finishline-2w${2:-}.toml" 2 ;;
    *) die "no such proxy: $1 (known are haproxy, nginx, finishline, finishline-2w)" ;;
  esac
}

# HAProxy and nginx do not say which port the kernel chose, so they try ports below those that it chooses.
start_on_free_port() { # NAME FILE CONFIG_FUNCTION COMMAND...
  local name=$1 file=$2 config=$3 port
  shift 3
  for _ in $(seq 20); do
    port=$((20000 + RANDOM % 12000))
    answers "$port" && continue
    "$config" "$port" >"$file"
    "$@" "$file" 2>"$file.log" >&2 &
    ROOT[$name]=$!
    PIDS+=($!)
    if is_up "$port" $!; then
      PEER[$name]=127.0.0.1:$port
      return
    fi
    forget $!
  done
  cat "$file.log" >&2
  die "$name does not start"
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

haproxy_config() { # PORT
  cat <<CFG
global
  nbthread 1
  maxconn $MAX_CONNECTIONS
defaults
  mode tcp
  timeout connect 10s
  timeout client 10m
  timeout server 10m
listen media
  bind 127.0.0.1:$1
  balance roundrobin
  server video-1 $ADDRESS_video_1
  server video-2 $ADDRESS_video_2
  server music-1 $ADDRESS_music_1
CFG
}

nginx_config() { # PORT
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
  upstream servers { server $ADDRESS_video_1; server $ADDRESS_video_2; server $ADDRESS_music_1; }
  server { listen 127.0.0.1:$1 backlog=4096; proxy_pass servers; proxy_timeout 10m; }
}
CONF
}

start_finishline() { # NAME FILE WORKERS
  seed_config "$2" makespan "$3"
  sed -i "s/^workers = .*/&\nmax_connections = $MAX_CONNECTIONS/" "$2"
  start_proxy "$2"
  ROOT[$1]=$PROXY
  PEER[$1]=$MEDIA
}
