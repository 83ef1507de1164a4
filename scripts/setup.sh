#!/usr/bin/env bash
# Everything `npm test` and `npm run demo` need on a fresh Debian/Ubuntu: system packages, npm packages, Envoy.
# Idempotent: what is there is left alone, and each thing installed is said in one line.
#   setup.sh [--build-only|--bench]   --build-only: no system packages (they are for the lab); --bench: load generators too
set -euo pipefail
cd "$(dirname "$0")/.."
CACHE=${POSTERN_CACHE:-$HOME/.cache/postern}
say() { echo "setup: $*" >&2; }

# command a package brings : package
LAB_TOOLS="iptables:iptables ip6tables:iptables nft:nftables ip:iproute2 nginx:nginx redis-server:redis-server redis-cli:redis-tools psql:postgresql-client sshd:openssh-server ssh:openssh-client curl:curl dig:dnsutils setpriv:util-linux openssl:openssl git:git"
[ "${1:-}" != --bench ] || LAB_TOOLS="$LAB_TOOLS wrk:wrk"
have() { command -v "$1" > /dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || [ -x "/sbin/$1" ]; }
missing() {
	local t
	for t in $LAB_TOOLS; do have "${t%%:*}" || echo "${t##*:}"; done
	python3 -m pip --version > /dev/null 2>&1 || echo python3-pip
	ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || echo postgresql
}
if [ "${1:-}" != --build-only ]; then
	need=$(missing | sort -u | tr '\n' ' ')
	if [ -n "$need" ]; then
		if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
			say "installing with apt: $need"
			# services of these packages must not start: the lab runs its own, inside its namespaces
			printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d.postern
			[ -e /usr/sbin/policy-rc.d ] || { cp /usr/sbin/policy-rc.d.postern /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; OURS=1; }
			trap '[ -z "${OURS:-}" ] || rm -f /usr/sbin/policy-rc.d; rm -f /usr/sbin/policy-rc.d.postern' EXIT
			export DEBIAN_FRONTEND=noninteractive
			apt-get update -qq
			# shellcheck disable=SC2086
			apt-get install -y -qq --no-install-recommends $need > /dev/null
		else
			say "the lab needs these Debian packages (or their like): $need"
			say "install them, or run as root on Debian/Ubuntu"
			exit 2
		fi
	fi
fi

stamp=node_modules/.postern-lock
if ! cmp -s package-lock.json "$stamp"; then
	say "installing npm packages (package-lock.json)"
	# A mirror without other platforms' optional binaries makes `npm ci` fail; the lock still pins what is installed.
	npm ci --no-audit --no-fund --loglevel=error > /dev/null 2>&1 ||
		npm install --no-save --no-audit --no-fund --loglevel=error > /dev/null
	cp package-lock.json "$stamp"
fi

CACHE="$CACHE" bash scripts/envoy.sh > /dev/null
