#!/usr/bin/env bash
# Runs every kind of test but the long passes of scripts/sanitize.sh, and adds up: the last line is
# "N passed, N failed". Called by `make test`, which has built them.
set -uo pipefail
cd "$(dirname "$0")/.."
BUILD=${BUILD:-build}
unset MAKEFLAGS MFLAGS MAKELEVEL  # the builds below choose for themselves how parallel they are
source scripts/tally.sh

mkdir -p "$BUILD"
title "unit, property and loop tests"
sharded "$(nproc)" "$BUILD/bin/finishline-tests"
title "whole processes"
sharded $((2 * $(nproc))) "$BUILD/bin/finishline-system-tests"  # they wait more than they work
title "integration: scripts/integration.sh"
if BIN=$BUILD/bin scripts/integration.sh; then add 1 0; else fail "integration"; fi
title "chaos, a short pass: make chaos"
if CHAOS_SECONDS="${CHAOS_SECONDS:-15}" "$BUILD/bin/finishline-chaos"; then add 1 0; else fail "chaos"; fi
title "workers and clients in other languages"
python_tests() { # they wait more than they work
  (BIN=$(realpath "$BUILD/bin") && export BIN && cd proto/python && printf '%s\n' tests/test_*.py | xargs -P 4 -n 1 python3 -m unittest)
}
step "Python: clients, servers, and everybody with everybody" python_tests
if command -v node >/dev/null; then
  step "Node: client and server" env BIN="$BUILD/bin" node --test proto/node/test/*.test.js
else
  echo "skip  Node: the client; there is no node"
fi
title "the dashboard's modules, outside a browser"
if command -v node >/dev/null; then
  step "the dashboard" node --test tests/page/*.test.mjs
else
  echo "skip  the dashboard; there is no node"
fi
title "the dashboard in a browser"
if [[ -x /usr/bin/chromium && -x /usr/bin/chromedriver ]] && command -v node >/dev/null; then
  step "what an operator sees and does" env BIN="$BUILD/bin" timeout -k 5 300 node --test tests/browser/dashboard.test.mjs
else
  echo "skip  the dashboard in a browser; there is no chromium with chromedriver, or no node"
fi
title "Prometheus, Grafana, containers and Kubernetes"
step "rules: each alert fires where it must, and only there" promtool test rules lb/examples/prometheus/finishline.rules.test.yml
step "every query of rules and dashboards, on a Prometheus that scrapes a proxy at work" \
  env BIN="$BUILD/bin" /usr/bin/python3 -m unittest discover -s tests/prometheus
step "files for containers and Kubernetes: what they name is there and agrees" \
  env BIN="$BUILD/bin" /usr/bin/python3 -m unittest discover -s tests/deploy
title "house rules"
step "includes go down only" scripts/check-floors.sh
step "one type per name" scripts/check-names.sh
step "no file over 400 lines, no function over 40" scripts/check-size.sh
step "the format is that of .clang-format" scripts/check-format.sh
step "documents agree with the code" env BIN="$BUILD/bin" scripts/check-docs.sh
step "idle and slow clients stay inside the stated memory" make BUILD="$BUILD" memory IDLE=1000 SLOW=100 ATTACK_SECONDS=15
finish
