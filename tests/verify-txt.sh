#!/bin/bash
# verify-txt.sh BUNDLE IDENTITY: run the commands of its VERIFY.txt, verbatim, with sh.
# Each line in a shell of its own; the first that fails ends it with its status.
set -euo pipefail
cd "$1"
export IDENTITY=$2
n=0
while IFS= read -r line; do
	case $line in
	'$ '*)
		n=$((n + 1))
		sh -c "${line#??}" </dev/null || {
			status=$?
			echo "VERIFY.txt: command $n failed ($status): ${line#??}" >&2
			exit "$status"
		}
		;;
	esac
done <VERIFY.txt
[ "$n" -gt 0 ] || { echo "VERIFY.txt holds no commands" >&2; exit 1; }
echo "VERIFY.txt: all $n commands accept the bundle"
