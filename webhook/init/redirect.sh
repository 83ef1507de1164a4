#!/bin/sh
# Sends a pod's TCP through its sidecar: inbound to --inbound-port, outbound to --outbound-port, v4 and v6.
# The Kubernetes init container and the lab run this very file inside the pod's network namespace (needs NET_ADMIN,
# iptables, ip6tables, ip).
#
# Promises: each family's rules appear in one transaction; running it again leaves the same rules; a pod with IPv6 whose
# IPv6 can not be redirected gets its IPv6 TCP dropped, and where that is impossible too the script fails, so that the
# pod does not start with a door beside the sidecar. Never touches other people's chains, UDP, ICMP or loopback.
#
#   redirect.sh [--proxy-uid UID] [--inbound-port PORT] [--outbound-port PORT]
#               [--exclude-inbound PORT,…] [--exclude-outbound PORT,…]
#   redirect.sh --clean        takes its own rules and chains away
# Each flag has a variable of the same name: POSTERN_PROXY_UID, POSTERN_INBOUND_PORT, … Flags win.
set -eu

proxy_uid=${POSTERN_PROXY_UID:-14747}
inbound_port=${POSTERN_INBOUND_PORT:-15006}
outbound_port=${POSTERN_OUTBOUND_PORT:-15001}
exclude_inbound=${POSTERN_EXCLUDE_INBOUND:-}
exclude_outbound=${POSTERN_EXCLUDE_OUTBOUND:-}
clean=

fail() {
	echo "redirect: $*" >&2
	exit "${status:-1}"
}

while [ $# -gt 0 ]; do
	case "$1" in
	--clean) clean=yes && shift && continue ;;
	--proxy-uid | --inbound-port | --outbound-port | --exclude-inbound | --exclude-outbound)
		[ $# -ge 2 ] || status=2 fail "$1 needs a value"
		;;
	*) status=2 fail "unknown argument $1" ;;
	esac
	case "$1" in
	--proxy-uid) proxy_uid=$2 ;;
	--inbound-port) inbound_port=$2 ;;
	--outbound-port) outbound_port=$2 ;;
	--exclude-inbound) exclude_inbound=$2 ;;
	--exclude-outbound) exclude_outbound=$2 ;;
	esac
	shift 2
done

# number NAME VALUE MAX
number() {
	case "$2" in '' | *[!0-9]* | ??????????*) status=2 fail "$1: $2 is not a number from 1 to $3" ;; esac
	[ "$2" -ge 1 ] && [ "$2" -le "$3" ] || status=2 fail "$1: $2 is not a number from 1 to $3"
}
# ports NAME LIST: the list with spaces instead of commas, each port checked
ports() {
	list=$(echo "$2" | tr ',' ' ')
	for port in $list; do number "$1" "$port" 65535; done
}
number --proxy-uid "$proxy_uid" 999999999
number --inbound-port "$inbound_port" 65535
number --outbound-port "$outbound_port" 65535
ports --exclude-inbound "$exclude_inbound" && exclude_inbound=$list
ports --exclude-outbound "$exclude_outbound" && exclude_outbound=$list

# jump TOOL TABLE CHAIN TARGET: the line that makes CHAIN go to TARGET, or nothing where it does already
jump() {
	"$1" -w -t "$2" -C "$3" -p tcp -j "$4" 2> /dev/null || echo "-A $3 -p tcp -j $4"
}

# nat_rules TOOL LOOPBACK: naming a chain with ':' empties it, so a second run replaces and does not add
nat_rules() {
	echo '*nat'
	echo ':POSTERN_INBOUND - [0:0]'
	echo ':POSTERN_OUTBOUND - [0:0]'
	echo '-A POSTERN_INBOUND -i lo -j RETURN'
	for port in $exclude_inbound; do echo "-A POSTERN_INBOUND -p tcp --dport $port -j RETURN"; done
	echo "-A POSTERN_INBOUND -p tcp -j REDIRECT --to-ports $inbound_port"
	echo "-A POSTERN_OUTBOUND -m owner --uid-owner $proxy_uid -j RETURN"
	echo '-A POSTERN_OUTBOUND -o lo -j RETURN'
	echo "-A POSTERN_OUTBOUND -d $2 -j RETURN"
	for port in $exclude_outbound; do echo "-A POSTERN_OUTBOUND -p tcp --dport $port -j RETURN"; done
	echo "-A POSTERN_OUTBOUND -p tcp -j REDIRECT --to-ports $outbound_port"
	jump "$1" nat PREROUTING POSTERN_INBOUND
	jump "$1" nat OUTPUT POSTERN_OUTBOUND
	echo COMMIT
}
# The proxy is not excepted here: it could only carry what it never decided.
drop_rules() {
	echo '*filter'
	echo ':POSTERN_DROP_IN - [0:0]'
	echo ':POSTERN_DROP_OUT - [0:0]'
	echo '-A POSTERN_DROP_IN -i lo -j RETURN'
	echo '-A POSTERN_DROP_IN -j DROP'
	echo '-A POSTERN_DROP_OUT -o lo -j RETURN'
	echo '-A POSTERN_DROP_OUT -j DROP'
	jump ip6tables filter INPUT POSTERN_DROP_IN
	jump ip6tables filter OUTPUT POSTERN_DROP_OUT
	echo COMMIT
}
# restore TOOL RULES: one transaction, other chains untouched
restore() {
	printf '%s\n' "$2" | "$1-restore" -w --noflush
}
# forget TOOL TABLE FROM CHAIN: takes a chain of ours and every jump to it away
forget() {
	while "$1" -w -t "$2" -D "$3" -p tcp -j "$4" 2> /dev/null; do :; done
	"$1" -w -t "$2" -F "$4" 2> /dev/null && "$1" -w -t "$2" -X "$4" 2> /dev/null || :
}

undrop() {
	forget ip6tables filter INPUT POSTERN_DROP_IN
	forget ip6tables filter OUTPUT POSTERN_DROP_OUT
}
# Envoy's connections to the app come from 127.0.0.6 or ::6; only the second has to be made.
redirect_v6() {
	ip -6 addr show dev lo | grep -q ' ::6/128 ' || ip -6 addr add ::6/128 dev lo nodad || return 1
	restore ip6tables "$(nat_rules ip6tables ::1/128)" || return 1
	undrop
}
drop_v6() {
	restore ip6tables "$(drop_rules)"
}
disable_v6() {
	for interface in /proc/sys/net/ipv6/conf/*; do
		case "${interface##*/}" in all | lo) continue ;; esac
		echo 1 > "$interface/disable_ipv6" || return 1
	done
}
# Link-local addresses count: a neighbour on the same bridge reaches them.
has_v6() {
	grep -qv ' lo$' /proc/net/if_inet6 2> /dev/null
}

if [ -n "$clean" ]; then
	for tool in iptables ip6tables; do
		command -v "$tool" > /dev/null || continue
		forget "$tool" nat PREROUTING POSTERN_INBOUND
		forget "$tool" nat OUTPUT POSTERN_OUTBOUND
	done
	command -v ip6tables > /dev/null && undrop
	ip -6 addr del ::6/128 dev lo 2> /dev/null || :
	exit 0
fi

restore iptables "$(nat_rules iptables 127.0.0.0/8)" || fail 'iptables refused the rules'
[ -e /proc/net/if_inet6 ] || exit 0
redirect_v6 && exit 0
echo 'redirect: IPv6 can not be redirected; dropping its TCP instead' >&2
drop_v6 || disable_v6 || ! has_v6 || fail 'this pod has IPv6 that can be neither redirected nor dropped'
