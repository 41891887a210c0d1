#!/usr/bin/env bash
# Makes the table, results.json and the plots from the runs.tsv of scripts/bench.sh.
#   report.sh DIRECTORY IDLE_CONNECTIONS
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1
idle=$2

cores=$(nproc)
model=$(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)
version_of() { "$@" 2>&1 | sed -nE 's/^[^0-9]*([0-9]+\.[0-9]+\.[0-9]+).*/\1/p' | awk 'NR == 1'; }
haproxy=$(version_of haproxy -v)
nginx=$(version_of nginx -v)

summary=$out/summary.tsv
awk -f scripts/bench/summary.awk "$out/runs.tsv" >"$summary"

echo "$(date -u +%F) $model, $cores cores, Linux $(uname -r), HAProxy $haproxy, nginx $nginx"
echo "medians (least..most) of the runs; idle: $idle connections, each used once"
awk -f scripts/bench/table.awk scripts/bench/goals.tsv "$summary"

about="\"date\": \"$(date -u +%FT%TZ)\", \"cpu\": \"$model\", \"cores\": $cores, \"kernel\": \"$(uname -r)\","
about+=" \"haproxy\": \"$haproxy\", \"nginx\": \"$nginx\", \"idle_connections\": $idle"
awk -v about="$about" -f scripts/bench/json.awk "$summary" >"$out/results.json"

gnuplot -e "summary='$summary'; out='$out'" scripts/bench/plots.gp
printf '\nwritten: %s\n' "$out/results.json $(echo "$out"/*.svg)"
