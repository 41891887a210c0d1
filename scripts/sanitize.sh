#!/usr/bin/env bash
# The long passes: the data path and whole processes under the address and undefined-behaviour sanitizers, the
# ledger under the thread sanitizer, the fuzz targets. The last line is "N passed, N failed". Called by
# `make sanitize`; the tests of whole processes themselves are those of `make test`, next to other programs.
set -uo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
unset MAKEFLAGS MFLAGS MAKELEVEL
source scripts/tally.sh

# The system tests that move bytes, lose servers and workers, and change the configuration.
SUITES='*speed_test*,*server_loss*,*worker_crash*,*slow_client*,*stream_test*,*reload*,*admission*,*bad_input*'

mkdir -p "$BUILD/asan/bin"
title "address and undefined-behaviour sanitizers"
step "build" make BUILD="$BUILD" asan-short
sharded "$(nproc)" "$BUILD/asan/bin/finishline-tests"
cp -f "$BUILD/bin/finishline-system-tests" "$BUILD/asan/bin/whole-processes"
sharded $((2 * $(nproc))) "$BUILD/asan/bin/whole-processes" -sf="$SUITES"
title "thread sanitizer"
step "the tests of the shared ledger" make BUILD="$BUILD" tsan
title "fuzzing"
step "every target" make BUILD="$BUILD" fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-10}"
finish
