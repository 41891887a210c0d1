# What the scripts share: a scratch directory, typed servers and proxies on ports that the kernel chooses,
# and an end that stops everything whatever happens. Source it; needs $BIN.

SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/finishline.XXXXXX")
PIDS=()

stop_all() {
  local pid
  for pid in "${PIDS[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${PIDS[@]}"; do wait "$pid" 2>/dev/null || true; done
  PIDS=()
}
cleanup() {
  stop_all
  rm -rf "$SCRATCH"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
  echo "$*" >&2
  exit 1
}

# wait_for FILE PATTERN PID [SECONDS]: prints the first match once it is there; fails when PID has ended or
# after so long, 10 s by default.
wait_for() {
  local file=$1 pattern=$2 pid=$3 found _
  for _ in $(seq $((${4:-10} * 50))); do
    if found=$(grep -om1 -e "$pattern" "$file" 2>/dev/null); then
      echo "$found"
      return 0
    fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.02
  done
  echo "gave up waiting for '$pattern'; the last words were:" >&2
  tail -5 "$file" >&2
  return 1
}

# start_server NAME TYPE [FLAGS...]: sets ADDRESS_<name with _ for ->, e.g. ADDRESS_video_1.
start_server() {
  local name=$1 type=$2 address
  shift 2
  "$BIN/finishline-server" --type "$type" --listen 127.0.0.1:0 "$@" >"$SCRATCH/$name.out" 2>"$SCRATCH/$name.log" &
  PIDS+=($!)
  address=$(wait_for "$SCRATCH/$name.out" '[0-9.]*:[0-9]\+$' $!)
  printf -v "ADDRESS_${name//-/_}" '%s' "$address"
}

# start_proxy CONFIG: sets PROXY (pid) and MEDIA, MINI, ADMIN (addresses of the listeners and the admin server).
start_proxy() {
  local log="$1.log"
  "$BIN/finishline" run -c "$1" 2>"$log" &
  PROXY=$!
  PIDS+=("$PROXY")
  MEDIA=$(wait_for "$log" 'listening listener=media address=[^ ]*' "$PROXY")
  MINI=$(wait_for "$log" 'listening listener=mini address=[^ ]*' "$PROXY")
  ADMIN=$(wait_for "$log" 'admin_listening address=[^ ]*' "$PROXY")
  MEDIA=${MEDIA##*=} MINI=${MINI##*=} ADMIN=${ADMIN##*=}
}

# forget PID: it has ended, or is another's to end.
forget() {
  local pid kept=()
  for pid in "${PIDS[@]}"; do [[ $pid == "$1" ]] || kept+=("$pid"); done
  PIDS=("${kept[@]}")
}

# stop PID: asks it to end, waits until it has, returns its exit code.
stop() {
  forget "$1"
  kill -TERM "$1"
  wait "$1"
}

# seed_config FILE POLICY WORKERS [KEYS]: the seed set-up over the servers started as video-1, video-2, music-1.
seed_config() {
  cat >"$1" <<TOML
[proxy]
workers = $3
admin = "127.0.0.1:0"

[work]
unit = "$UNIT"
types = { video = "V", picture = "P", music = "M" }

[cost.video]
video = 1
picture = 1
music = 2

[cost.music]
video = 3
picture = 2
music = 1

[[listener]]
name = "media"
bind = "127.0.0.1:0"
mode = "frame"
pool = "media"

[[listener]]
name = "mini"
bind = "127.0.0.1:0"
mode = "mini"
pool = "media"

[pool.media]
policy = "$2"
${4:-}

[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "$ADDRESS_video_1"

[[server]]
name = "video-2"
pool = "media"
type = "video"
address = "$ADDRESS_video_2"

[[server]]
name = "music-1"
pool = "media"
type = "music"
address = "$ADDRESS_music_1"
TOML
}

# number FILE KEY: the first number that stands behind "KEY" in a JSON file.
number() { grep -o "\"$2\": *[0-9.eE+-]*" "$1" | head -1 | sed 's/.*: *//'; }

median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
