#!/usr/bin/env bash
# Debian packages of what was built, into DEBS: finishline (programs, service, manual pages, completion),
# libfinishline0 and libfinishline-dev (the C library) and finishline-doc. Called by `make deb`; checked by lintian, whose errors are ours.
set -euo pipefail
cd "$(dirname "$0")/.."
BIN=${BIN:-build/bin} DEBS=${DEBS:-build/deb}
version=$("$BIN/finishline" --version | cut -d' ' -f2)-1
arch=$(dpkg --print-architecture)
maintainer='Finishline contributors <maintainers@finishline.invalid>'
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
rm -rf "$DEBS"
mkdir -p "$DEBS"
DEBS=$(realpath "$DEBS")
umask 022

put() { install -D -m "${3:-644}" "$1" "$2"; }
squeeze() { gzip -9 -n -f "$@"; }

# --- finishline ------------------------------------------------------------------------------------

root=$DEBS/finishline
make --no-print-directory install DESTDIR="$root" PREFIX=/usr ZSH_DIR=/usr/share/zsh/vendor-completions \
  MANUAL_DOC_DIR=/usr/share/doc/finishline-doc >/dev/null
# Documents and the library are other packages'.
rm -rf "${root:?}/usr/share/doc" "$root/usr/share/man/man3" "$root/usr/include"
mkdir -p "$root/lib/systemd/system"
mv "$root/usr/lib/systemd/system/finishline.service" "$root/lib/systemd/system/"
rm -rf "$root/usr/lib"
sed -i 's:^Documentation=.*:Documentation=man\:finishline(1) man\:finishline.toml(5):' "$root/lib/systemd/system/finishline.service"
put lb/finishline.example.toml "$root/etc/finishline/finishline.toml"
put scripts/debian/finishline.logrotate "$root/etc/logrotate.d/finishline"
squeeze "$root"/usr/share/man/man[15]/*

# --- libfinishline0, libfinishline-dev ---------------------------------------------------------------

shared=$DEBS/libfinishline0 dev=$DEBS/libfinishline-dev
multiarch=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
make --no-print-directory install-library DESTDIR="$dev" PREFIX=/usr LIBDIR="$multiarch" >/dev/null
put "$dev$multiarch/libfinishline.so.0" "$shared$multiarch/libfinishline.so.0"
rm "$dev$multiarch/libfinishline.so.0"
for page in "$dev"/usr/share/man/man3/*.3; do
  [[ ! -L $page ]] || { ln -s libfinishline.3.gz "$page.gz" && rm "$page"; }
done
squeeze "$dev/usr/share/man/man3/libfinishline.3"
mkdir -p "$shared/DEBIAN"
echo "libfinishline 0 libfinishline0 (>= ${version%-*})" >"$shared/DEBIAN/shlibs"
echo 'activate-noawait ldconfig' >"$shared/DEBIAN/triggers"

# --- finishline-doc --------------------------------------------------------------------------------

doc=$DEBS/finishline-doc
make --no-print-directory install-doc DESTDIR="$doc" PREFIX=/usr DOC_DIR=/usr/share/doc/finishline-doc >/dev/null
rm -f "$doc/usr/share/doc/finishline-doc/LICENSE"
gzip -9 -n -c CHANGELOG.md >"$doc/usr/share/doc/finishline-doc/changelog.gz"
rm "$doc/usr/share/doc/finishline-doc/CHANGELOG.md"

# --- what every package has ------------------------------------------------------------------------

changelog() { # PACKAGE
  local to=$DEBS/$1/usr/share/doc/$1
  put scripts/debian/copyright "$to/copyright"
  printf 'finishline (%s) unstable; urgency=medium\n\n  * What has changed: changelog.gz in finishline-doc.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(date -R -u -d "@$SOURCE_DATE_EPOCH")" >"$to/changelog.Debian"
  squeeze "$to/changelog.Debian"
}
control() { # PACKAGE ARCHITECTURE DEPENDS SUMMARY DESCRIPTION
  mkdir -p "$DEBS/$1/DEBIAN"
  cat >"$DEBS/$1/DEBIAN/control" <<TEXT
Package: $1
Source: finishline
Version: $version
Architecture: $2
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$DEBS/$1" | cut -f1)
${3:+Depends: $3
}Section: net
Priority: optional
Description: $4
$5
TEXT
}
# The libraries that these files are linked with, as their packages say.
libraries() { # FILE...
  local scratch
  scratch=$(mktemp -d)
  mkdir "$scratch/debian"
  printf 'Source: finishline\n\nPackage: finishline\nArchitecture: any\n' >"$scratch/debian/control"
  (cd "$scratch" && dpkg-shlibdeps -O "$@" 2>/dev/null) | sed 's/^shlibs:Depends=//'
  rm -rf "$scratch"
}

changelog finishline
control finishline "$arch" "adduser, init-system-helpers (>= 1.54~), $(libraries "$root"/usr/bin/*)" \
  'TCP load balancer that makes all work finish earliest' \
  ' Requests say what they cost, servers differ by type: Finishline keeps every
 server'"'"'s expected finish time and sends each request where all work finishes
 earliest. It also carries opaque TCP with the classic algorithms, health
 checks, reload, upgrade, metrics and a dashboard.'
for script in postinst prerm postrm; do put "scripts/debian/finishline.$script" "$root/DEBIAN/$script" 755; done
printf '/etc/finishline/finishline.toml\n/etc/logrotate.d/finishline\n' >"$root/DEBIAN/conffiles"

changelog libfinishline0
control libfinishline0 "$arch" "$(libraries "$shared$multiarch"/*.so.0)" 'C library for clients and workers of Finishline' \
  ' Clients that ask a Finishline proxy for typed work, and workers behind one:
 waiting or in an event loop, with deadlines, retries and draining. This
 package has the shared library.'
sed -i 's/^Section: net/Section: libs\nMulti-Arch: same/' "$shared/DEBIAN/control"

changelog libfinishline-dev
control libfinishline-dev "$arch" "libfinishline0 (= $version)" 'C library for clients and workers of Finishline (development)' \
  ' Clients that ask a Finishline proxy for typed work, and workers behind one.
 This package has the header, the static library, the pkg-config file and the
 manual page. A tutorial is in finishline-doc.'
sed -i 's/^Section: net/Section: libdevel/' "$dev/DEBIAN/control"

changelog finishline-doc
control finishline-doc all '' 'documents of the Finishline load balancer' \
  ' How-to pages, reference, explanations and examples of finishline.'
sed -i 's/^Section: net/Section: doc/' "$doc/DEBIAN/control"

for package in finishline libfinishline0 libfinishline-dev finishline-doc; do
  (cd "$DEBS/$package" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  dpkg-deb --root-owner-group --build "$DEBS/$package" "$DEBS" >/dev/null
  rm -rf "${DEBS:?}/$package"
done
lintian --allow-root --tag-display-limit 0 --fail-on error "$DEBS"/*.deb
ls "$DEBS"/*.deb
