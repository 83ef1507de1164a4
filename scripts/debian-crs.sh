#!/usr/bin/env bash
# Prints the directory of Debian's modsecurity-crs 3.3 (/usr/share/modsecurity-crs of the package, with its /etc beside it):
# sha256-pinned, fetched by apt and unpacked once into the cache. Only `npm run crs -- --debian` and a test that is skipped
# without the cache use it. With `--cached` it fetches nothing and fails where there is no cache.
set -euo pipefail
VERSION=3.3.4-1+deb12u3
SUM=5ad9adbdcdc3e9d2f9a23c479641d0cf8ab7a93626da1b9deb2496260c33fbf6
CACHE=${CACHE:-${POSTERN_CACHE:-$HOME/.cache/postern}}
dir=$CACHE/debian-crs-$VERSION
if [ ! -d "$dir" ]; then
	if [ "${1:-}" = --cached ]; then exit 2; fi
	echo "setup: fetching Debian's modsecurity-crs $VERSION into $CACHE" >&2
	mkdir -p "$CACHE"
	tmp=$(mktemp -d "$CACHE/debian-crs.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	(cd "$tmp" && apt-get download --quiet "modsecurity-crs=$VERSION" > /dev/null 2>&1) ||
		{ echo "debian-crs: apt knows no modsecurity-crs $VERSION (apt-get update; Debian 12 has it)" >&2; exit 2; }
	echo "$SUM  $(echo "$tmp"/*.deb)" | sha256sum --check --quiet
	dpkg-deb --extract "$tmp"/*.deb "$tmp/package"
	# rename is atomic: a second run at the same time finds either nothing or the whole
	mv -T "$tmp/package" "$dir" 2> /dev/null || [ -d "$dir" ]
fi
echo "$dir/usr/share/modsecurity-crs"
