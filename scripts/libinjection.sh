#!/usr/bin/env bash
# Builds classifier/waf/libinjection/wasm/libinjection.wasm, which is kept in the repository: libinjection's C sources as
# ModSecurity 3.0.14 carries them (Debian's source package modsecurity, sha256-pinned), our shim.c around them, compiled by
# zig cc 0.13.0 (PyPI wheel ziglang, 80 MB, sha256-pinned). Same sources, same compiler: the same bytes on every machine.
# Set-up does not run it: who changes shim.c or a version does.
#   libinjection.sh [--check|--cached]   --check: compares with the file that is there, changes nothing; --cached: says (by
#   its exit code) whether sources and compiler are in the cache already
set -euo pipefail
cd "$(dirname "$0")/.."
MODSECURITY=3.0.14
SUITE=trixie
MODSECURITY_SUM=99740ef9f7d2c7fc2e9850f25bafd5924de3df21b8d8900fbd9cd66acd0c4758
ZIG=0.13.0
ZIG_SUM=3ce0c9f16547e5d61b32e0d226926e9a2552ef4b91fccf7ab5ea1a623a77824b
CACHE=${POSTERN_CACHE:-$HOME/.cache/postern}
sources=$CACHE/libinjection-$MODSECURITY
zig=$CACHE/zig-$ZIG
folder=classifier/waf/libinjection/wasm
if [ "${1:-}" = --cached ]; then [ -d "$sources" ] && [ -d "$zig" ]; exit; fi
[ "$(uname -m)" = x86_64 ] || { echo "libinjection: no pinned compiler for $(uname -m)" >&2; exit 2; }
mkdir -p "$CACHE"
tmp=$(mktemp -d "$CACHE/libinjection.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

if [ ! -d "$sources" ]; then
	echo "libinjection: fetching ModSecurity $MODSECURITY (Debian source package) into $CACHE" >&2
	archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/$')
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $SUITE main" > "$tmp/sources.list"
	mkdir -p "$tmp/lists/partial"
	apt() { # lists of its own: the machine's are left alone
		apt-get -qq -o Dir::Etc::sourcelist="$tmp/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$tmp/lists" \
			-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "$@"
	}
	apt update
	(cd "$tmp" && apt source --download-only --tar-only modsecurity > /dev/null)
	tar=$tmp/modsecurity_$MODSECURITY.orig.tar.gz
	echo "$MODSECURITY_SUM  $tar" | sha256sum --check --quiet
	mkdir "$tmp/sources"
	tar -xzf "$tar" -C "$tmp/sources" --strip-components=3 "modsecurity-$MODSECURITY/others/libinjection"
	# rename is atomic: a second build running at the same time finds either nothing or the whole
	mv -T "$tmp/sources" "$sources" 2> /dev/null || [ -d "$sources" ]
fi
if [ ! -d "$zig" ]; then
	echo "libinjection: fetching zig $ZIG (PyPI wheel ziglang) into $CACHE" >&2
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$tmp" "ziglang==$ZIG"
	echo "$ZIG_SUM  $(echo "$tmp"/*.whl)" | sha256sum --check --quiet
	python3 -m zipfile -e "$tmp"/*.whl "$tmp/wheel"
	chmod 755 "$tmp/wheel/ziglang/zig"
	mv -T "$tmp/wheel/ziglang" "$zig" 2> /dev/null || [ -d "$zig" ]
fi

# -mtail-call: the HTML reader's states call each other; without it a long run of slashes in a tag would need a deep stack
ZIG_GLOBAL_CACHE_DIR=$CACHE/zig-cache ZIG_LOCAL_CACHE_DIR=$tmp/zig-cache "$zig/zig" cc --target=wasm32-wasi -O3 -w \
	-mtail-call -mexec-model=reactor -fno-stack-protector -Wl,-s -DCAPACITY=1048576 \
	-DLIBINJECTION_VERSION="\"ModSecurity $MODSECURITY\"" -I"$sources/src" "$folder/shim.c" -o "$tmp/libinjection.wasm"
cp "$sources/COPYING" "$tmp/COPYING"
for file in libinjection.wasm COPYING; do
	if [ "${1:-}" = --check ]; then cmp "$tmp/$file" "$folder/$file"; else cp "$tmp/$file" "$folder/$file"; fi
done
sha256sum "$folder/libinjection.wasm"
