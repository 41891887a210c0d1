#!/usr/bin/env bash
# Runs the commands of one page, as a reader would: run-page.sh PAGE. All of its ```sh blocks, in their order,
# in one shell in a folder of their own; the first command that fails fails the page. Blocks in HTML comments
# are run, too: they set the scene, or check what the prose says. A block that names a file behind its language is
# what the reader is to save: it is written to that file. Needs $BIN.
#
# Nothing that runs on this machine is in the way: 127.0.0.1 in commands and sample files becomes a loopback
# address that only this run uses. What is put in the place of the real thing: `git clone` clones from this
# repository and finds the programs built; `make demo` uses them; python3 is Debian's, whose packages
# scripts/deps.sh installs, whatever else is on the PATH.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BIN=$(cd "$BIN" && pwd)
PAGE=$1
HOST=127.$((64 + $$ / 65536 % 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))
WORK=$(mktemp -d "${TMPDIR:-/tmp}/finishline-docs.XXXXXX")
PATH=$WORK/.tools:$BIN:$PATH
mkdir "$WORK/.tools" && ln -s /usr/bin/python3 "$WORK/.tools/"

at_our_address() { sed "s/127\.0\.0\.1/$HOST/g"; }

# furnish FOLDER: the programs, and the sample files at our address.
furnish() {
  local file
  mkdir -p "$1/build" "$1/lb/examples" "$1/proto/c"
  ln -sfn "$BIN" "$1/build/bin"
  ln -sfn "$(dirname "$BIN")/lib" "$1/build/lib"
  cp "$ROOT"/proto/c/finishline.h "$1/proto/c/"
  cp -r "$ROOT"/proto/python "$ROOT"/proto/node "$1/proto/"
  cp -r "$ROOT"/lb/examples/prometheus "$ROOT"/lb/examples/grafana "$1/lb/examples/"
  for file in "$ROOT"/lb/finishline.example.toml "$ROOT"/lb/examples/*.toml; do
    at_our_address <"$file" >"$1/lb/${file#"$ROOT/lb/"}"
  done
}

clone() { # FOLDER
  command git clone -q "$ROOT" "$1"
  furnish "$1"
}
make() {
  case $* in
    demo) BIN=$BIN scripts/demo.sh ;;
    *) echo "no stand-in for make $*" >&2 && return 1 ;;
  esac
}

# eventually COMMAND...: until it succeeds, for 10 s at most.
eventually() {
  local _
  for _ in $(seq 200); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.05
  done
  echo "gave up waiting for: $*" >&2
  return 1
}

# fails COMMAND...: the shell does not mind a failed `! COMMAND`.
fails() { ! "$@"; }

# The set-up that most pages start from: the sample file with a token and a pid file, its three servers, the
# proxy. Sets PROXY. One more edit of the file, as sed takes it, may be given.
seed_pool_runs() {
  local port=9001 type
  sed -e 's/^admin_token_file = .*/admin_token_file = "token"/' -e 's/^pid_file = .*/pid_file = "finishline.pid"/' \
    -e 's/^workers = .*/workers = 2/' -e "${1:-}" lb/finishline.example.toml >finishline.toml
  (umask 077 && head -c 24 /dev/urandom | base64 >token)
  for type in video video music; do
    finishline-server --type $type --listen "$HOST:$port" >/dev/null 2>>server.log &
    port=$((port + 1))
  done
  proxy_runs finishline.toml
  eventually test -s finishline.pid
}
proxy_runs() {
  finishline run -c "$1" 2>>proxy.log &
  PROXY=$!
  eventually finishline status -c "$1"
}

end_children() {
  local code=$? pid _
  trap - EXIT ERR
  for _ in 1 2; do  # the second one is for those who have work to finish
    for pid in $(jobs -pr); do kill -TERM "$pid" 2>/dev/null || true; done
    [[ -z $(jobs -pr) ]] || sleep 0.1
  done
  wait
  [[ $code -eq 0 || ! -s $WORK/proxy.log ]] || tail -20 "$WORK/proxy.log"
  rm -rf "$WORK"
  exit "$code"
}
trap end_children EXIT
trap 'echo "failed: $BASH_COMMAND"' ERR
trap 'exit 143' TERM INT

# Blocks may stand indented, in lists.
awk '
  /^ *```(sh|(python|js|c) [a-z_]+\.[a-z]+)$/ {
    inside = 1
    indent = index($0, "`")
    file = $2
    if (file) print "cat >" file " <<'\''END OF " file "'\''"
    next
  }
  /^ *```$/ {
    if (inside && file) print "END OF " file
    inside = 0
  }
  inside { print substr($0, indent) }' "$PAGE" |
  sed 's/^git clone <this repository> /clone /' | at_our_address >"$WORK/.commands"
furnish "$WORK"
cd "$WORK"
set -E
source ./.commands
