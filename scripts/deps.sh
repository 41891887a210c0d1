#!/usr/bin/env bash
# Installs the Debian packages that are missing, and says so: scripts/deps.sh [build|test|bench|manual|package]...
set -euo pipefail

build=(g++ make libuv1-dev libtomlplusplus-dev libspdlog-dev libfmt-dev libcli11-dev nlohmann-json3-dev
       libcpp-httplib-dev libseccomp-dev libsodium-dev libsqlite3-dev libeigen3-dev
       libboost-dev libcurl4-openssl-dev libncurses-dev libhiredis-dev libssl-dev libmaxminddb-dev)
test=(procps prometheus doctest-dev librapidcheck-dev clang clang-format libclang-rt-14-dev valgrind netcat-openbsd iproute2
      redis-server redis-tools nginx curl wrk postgresql
      python3 python3-aiosmtpd openssl python3-pip python3-venv python3-yaml nodejs chromium chromium-driver)
manual=(help2man go-md2man)
test+=("${manual[@]}")
package=("${manual[@]}" dpkg-dev lintian binutils file man-db)
bench=(libbenchmark-dev valgrind binutils haproxy nginx libnginx-mod-stream redis-server redis-tools gnuplot-nox)

wanted=()
for group in "${@:-build}"; do
  declare -n packages=$group
  wanted+=("${packages[@]}")
done

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || {
    echo "finishline needs these Debian packages: ${missing[*]}" >&2
    echo "install them as root: apt-get install ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "installing Debian packages: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
# Services must not start by themselves: what we run, we run on ports of our own.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
