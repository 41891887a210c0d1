#!/usr/bin/env bash
# Prints one generated part of the reference: generate.sh keys|fixed-keys|metrics|policies|commands PROGRAM|events|reasons.
# Each comes from the programs themselves or from the one table in the source that they are made from. Needs $BIN.
set -euo pipefail
cd "$(dirname "$0")/../.."
BIN=$(cd "$BIN" && pwd)

# The sample file, which a test holds to the key table word for word: comment lines, then key = default.
# What is in the last parentheses of a comment is what the value may be.
keys() {
  awk '
    function cell(text) { gsub(/\|/, "\\|", text); return text }
    /^\[/ {
      name = $0
      gsub(/media/, "NAME", name)
      gsub(/latency_high/, "RULE", name)
      sub(/scale\.video/, "scale.TYPE", name)
      if (name in seen) exit
      seen[name] = 1
      if (fenced && name !~ /^\[cost/) { print "```"; fenced = 0 }
      if (name !~ /^\[cost/) {
        print "\n### `" name "`\n\n" toupper(substr(prose, 1, 1)) substr(prose, 2) ".\n"
        print "| key | default | values | meaning |\n| --- | --- | --- | --- |"
      } else if (!fenced) {
        print "\n### `[cost.SERVER_TYPE]`\n\n" lines "\n```toml"
        fenced = 1
      }
      if (fenced) print
      prose = lines = ""
      next
    }
    /^# / { prose = prose (prose == "" ? "" : " ") substr($0, 3); lines = lines substr($0, 3) "\n"; next }
    /^#/ { next }
    /^$/ { prose = lines = ""; next }
    fenced { print; next }
    {
      key = $1
      value = substr($0, index($0, "=") + 2)
      range = ""
      if (match(prose, / \([^()]*\)$/)) { range = substr(prose, RSTART + 2, RLENGTH - 3); prose = substr(prose, 1, RSTART - 1) }
      if (sub(/^required: /, "", prose)) value = "required"
      else value = "`" value "`"
      print "| `" key "` | " cell(value) " | " cell(range) " | " cell(prose) " |"
      prose = ""
    }' lb/finishline.example.toml | sed '1{/^$/d}'
}

# Keys that a reload cannot change, from the key table.
fixed_keys() {
  tr '\n' ' ' <lb/config/key_table.cc | sed 's/{&/\n&/g' |
    sed -nE '/kRestart, *"/s/^\{&([A-Za-z]+)::[a-z_]+, "([a-z_]+)".*/\1.\2/p' | tr A-Z a-z | sed 's/.*/* `&`/'
}

# The page at URL, once it also shows what a server says of itself with its answer to a first health ping, and what has
# been learned of it.
metrics_page() {
  local page= try
  for try in {1..100}; do
    page=$(curl -sf "$1") && grep -q '^finishline_server_cpu_ratio{' <<<"$page" &&
      grep -q '^finishline_learned_cost_age_seconds{' <<<"$page" && break
    sleep 0.2
  done
  printf '%s\n' "$page"
}

# Families of the page of a proxy that has met a bit of everything: name, kind, labels, help.
metrics() {
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/finishline-docs.XXXXXX")
  local host=127.$((64 + $$ / 65536 % 64)).$(($$ / 256 % 256)).$(($$ % 254 + 1))
  end() {
    local pid
    for pid in $(jobs -p); do kill -TERM "$pid" 2>/dev/null || true; done
    wait
    rm -rf "$scratch"
  }
  trap end EXIT
  "$BIN/finishline-server" --type video --fail-every 2 --listen "$host:9001" >"$scratch/out" 2>&1 &
  cat >"$scratch/finishline.toml" <<TOML
[proxy]
workers = 1
max_connections = 100
admin = "$host:9900"
[peers]
name = "one"
redis = "redis://$host:9379"
[[listener]]
name = "media"
bind = "$host:9000"
pool = "media"
[[listener]]
name = "any"
bind = "$host:9010"
mode = "stream"
pool = "any"
[pool.media]
learn = "watch"
sharing = "seat"
[pool.any]
[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "$host:9001"
[[server]]
name = "any-1"
pool = "any"
address = "$host:9001"
TOML
  "$BIN/finishline" run -c "$scratch/finishline.toml" 2>"$scratch/log" &
  "$BIN/finishline-client" --connect "$host:9000" --mix video=1 --requests 5 >"$scratch/out" 2>&1 || true
  "$BIN/finishline-client" --connect "$host:9000" --mix video=1 --requests 1 --no-describe >"$scratch/out" 2>&1 || true
  metrics_page "http://$host:9900/metrics" | awk '
    /^# HELP/ { name = $3; order[++count] = name; sub(/^# HELP [^ ]+ /, ""); help[name] = $0; next }
    /^# TYPE/ { kind[name] = $4 }
    /^[^#]/ && !(name in labels) {
      labels[name] = ""
      if (match($0, /\{.*\}/)) {
        text = substr($0, RSTART + 1, RLENGTH - 2)
        while (match(text, /[a-z_]+="/)) {
          labels[name] = labels[name] (labels[name] == "" ? "" : ", ") "`" substr(text, RSTART, RLENGTH - 2) "`"
          text = substr(text, RSTART + RLENGTH)
        }
      }
    }
    END {
      print "| metric | kind | labels | what it says |\n| --- | --- | --- | --- |"
      for (i = 1; i <= count; ++i)
        print "| `" order[i] "` | " kind[order[i]] " | " labels[order[i]] " | " help[order[i]] " |"
    }'
}

help_of() { # PROGRAM [COMMAND]
  echo "### \`$*\`"
  printf '\n```text\n%s\n```\n' "$(PATH=$BIN:$PATH "$@" --help)"
}
commands() {
  help_of "$1"
  local command
  for command in $(PATH=$BIN:$PATH "$1" --help | awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }'); do
    echo
    help_of "$1" "$command"
  done
}

# X-macro lists: NAME(word, [level,] "help"), with // comments as heads of groups.
events() {
  sed -nE -e '/^\/\/ The vocabulary/d' \
    -e 's/^\/\/ (.*)/\n### \1\n\n| event | level | meaning |\n| --- | --- | --- |/p' \
    -e 's/^FINISHLINE_EVENT\(([a-z_]+), ([a-z]+), "(.*)"\)/| `\1` | \2 | \3 |/p' lb/log/events.def | sed '1{/^$/d}'
}
reasons() {
  printf '| reason | meaning |\n| --- | --- |\n'
  sed -nE 's/^FINISHLINE_CLOSE_REASON\(([a-z_]+), "(.*)"\)/| `\1` | \2 |/p' lb/ledger/close_reasons.def
}
refusals() {
  printf '| reason | meaning |\n| --- | --- |\n'
  sed -nE 's/^FINISHLINE_REFUSAL\(([a-z_]+), "(.*)"\)/| `\1` | \2 |/p' lb/http/refusals.def
}

case $1 in
  keys) keys ;;
  fixed-keys) fixed_keys ;;
  metrics) metrics ;;
  policies) "$BIN/finishline" policies ;;
  commands) commands "$2" ;;
  events) events ;;
  reasons) reasons ;;
  refusals) refusals ;;
  *) echo "generate.sh: there is no part '$1'" >&2 && exit 2 ;;
esac
