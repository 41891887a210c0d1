#!/usr/bin/env bash
# Runs each fuzz target for SECONDS_EACH over a copy of its corpus. A crash leaves its input in $BUILD/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p "$BUILD/crashes"
for target in "$BUILD"/fuzz/*_fuzz; do
  name=$(basename "$target" _fuzz)
  work="$BUILD/corpus/$name"
  mkdir -p "$work"
  echo "fuzzing $name for $SECONDS_EACH s"
  "$target" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$BUILD/crashes/$name-" "$work" "tests/fuzz/corpus/$name" 2>&1 | grep -E 'stat::number_of_executed|ERROR|SUMMARY' || true
  [[ ${PIPESTATUS[0]} -eq 0 ]]
done
