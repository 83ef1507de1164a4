#!/usr/bin/env bash
# Prints the directory of libmodsecurity's Python wheel, the peer of `npm run bench -- waf`: 3.0.15 from PyPI
# (sha256-pinned, unpacked once into the cache). Needs CPython 3.11 on x86_64, for which the wheel is.
set -euo pipefail
VERSION=3.0.15
CACHE=${CACHE:-${POSTERN_CACHE:-$HOME/.cache/postern}}
dir=$CACHE/libmodsecurity-$VERSION
case "$(uname -m)-$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" in
	x86_64-3.11) sum=434d25f33d34f9d77c2609c3242671fe9f3f80b4433d8486cf5ba493d4b0bc4b ;;
	*) echo "libmodsecurity: no pinned wheel for this machine and its python3 (x86_64, 3.11)" >&2; exit 2 ;;
esac
if [ ! -d "$dir" ]; then
	echo "setup: fetching libmodsecurity $VERSION (PyPI wheel) into $CACHE" >&2
	mkdir -p "$CACHE"
	tmp=$(mktemp -d "$CACHE/libmodsecurity.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$tmp" "libmodsecurity==$VERSION"
	echo "$sum  $(echo "$tmp"/*.whl)" | sha256sum --check --quiet
	python3 -m zipfile -e "$tmp"/*.whl "$tmp/wheel"
	# rename is atomic: a second set-up running at the same time finds either nothing or the whole
	mv -T "$tmp/wheel" "$dir" 2> /dev/null || [ -d "$dir" ]
fi
echo "$dir"
