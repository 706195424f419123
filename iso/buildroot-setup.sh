#!/bin/bash
# buildroot-setup.sh - see that this machine has what making the build root needs.
#
# As root it installs what is missing; otherwise it asks once and uses sudo.
# INSTALL=no only prints. Package names come as arguments.
set -euo pipefail

missing=()
for p in "$@"; do
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
	    missing+=("$p")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "This machine lacks: ${missing[*]}" >&2
if [ "${INSTALL:-ask}" = no ]; then
	echo "Install them with: apt-get install ${missing[*]}" >&2
	exit 1
fi
run=()
if [ "$(id -u)" != 0 ]; then
	if [ "${INSTALL:-ask}" != yes ]; then
		[ -t 0 ] || { echo "Run again on a terminal, or with INSTALL=yes." >&2; exit 1; }
		read -r -p "Install them now with sudo apt-get? [y/N] " answer
		case $answer in y | Y | yes) ;; *) exit 1 ;; esac
	fi
	run=(sudo)
fi
install()
{
	"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
	    --no-install-recommends install "${missing[@]}" >&2
}
install || { "${run[@]}" apt-get -qq update >&2 && install; }
