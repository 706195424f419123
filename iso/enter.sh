#!/bin/bash
# enter.sh - run a command inside the build root, with this machine's paths in place.
#
# All mounts are made in a mount namespace of their own and vanish with it. Exit status,
# terminal, standard input and outputs are the command's.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin		# chroot, for ordinary users

HERE=$(cd "$(dirname "$0")" && pwd)
SELF=$HERE/${0##*/}

# The root keeps its own of these; everything else at the top of the machine is shown as is.
OWN=' usr etc proc sys dev boot bin sbin lib lib32 lib64 libx32 run var lost+found .cornerstone '

usage()
{
	cat <<-END
	usage: iso/enter.sh [ROOT [COMMAND [ARG...]]]

	Runs COMMAND (default: an interactive shell) in the build root ROOT (default: the one
	iso/buildroot.sh makes). The current directory and every path outside the system
	folders are the same inside. Works as root; works for ordinary users where the
	kernel lets them make user namespaces and /etc/subuid gives them a range.
	END
}

# Show the machine's folder $1 at the same place in $root.
show()
{
	[ -d "$root$1" ] || mkdir -p "$root$1"
	mount --rbind "$1" "$root$1"
}

# Inside the new namespace: build the view, then become the command.
inside()
{
	local root=$1 cwd=$2 first d
	shift 2

	# what holds the root itself goes first, so that it is copied without our mounts
	first=/$(printf '%s' "${root#/}" | cut -d/ -f1)
	case $OWN in *" ${first#/} "*) ;; *) show "$first" ;; esac
	for d in /*; do
		case "$OWN${first#/} " in *" ${d#/} "*) continue ;; esac
		if [ -L "$d" ]; then
			[ -e "$root$d" ] || [ -L "$root$d" ] || ln -s "$(readlink "$d")" "$root$d"
		elif [ -d "$d" ]; then
			show "$d"
		fi
	done
	for d in /proc /sys /dev /var/tmp /run/media; do
		[ ! -d "$d" ] || show "$d"
	done
	case $cwd in /var/* | /usr/* | /run/* | /etc/* | /boot/*) show "$cwd" ;; esac
	# how this machine reaches the Python index, which one test asks, goes with it
	for d in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
		[ -f "$d" ] && [ -d "$root${d%/*}" ] || continue
		[ -f "$root$d" ] || { rm -f "$root$d"; : >"$root$d"; }
		mount --bind "$(readlink -f "$d")" "$root$d"
	done

	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export LC_ALL=C.UTF-8 CORNERSTONE_ROOT=1
	exec chroot "$root" /usr/bin/env --chdir="$cwd" "$@"
}

main()
{
	local root
	case ${1:-} in
	--help | -h) usage; return ;;
	--inside) shift; inside "$@" ;;
	esac
	if [ "${CORNERSTONE_ROOT:-}" = 1 ]; then
		shift || true
		[ $# -gt 0 ] || set -- bash
		exec "$@"
	fi
	root=${1:-$("$HERE/buildroot.sh")}
	shift || true
	[ -d "$root/usr" ] || { echo "enter: no build root at $root" >&2; exit 125; }
	root=$(cd "$root" && pwd -P)
	[ $# -gt 0 ] || set -- bash
	if [ "$(id -u)" = 0 ]; then
		exec unshare --mount --propagation private "$SELF" --inside "$root" "$(pwd -P)" "$@"
	fi
	exec unshare --map-root-user --map-auto --mount --propagation private \
	    "$SELF" --inside "$root" "$(pwd -P)" "$@"
}

main "$@"
