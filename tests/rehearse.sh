#!/bin/bash
# rehearse.sh BUILD [PLAY OUT]: a rehearsal in this terminal, or by an answer file.
# Without OUT the sticks are in BUILD/rehearse, or the first BUILD/rehearse-N that is free.
# TPM=swtpm:SOCKET in the environment: on the machine's TPM, which is that swtpm; TPM=machine: on
# its own, if it has one; else on the software TPM.
set -euo pipefail
build=$1 play=${2:-} out=${3:-}
here=$(dirname "$0")

if [ -z "$out" ]; then
	out=$build/rehearse n=1
	while [ -e "$out/sticks/CS-OUT-A/bundle" ]; do
		n=$((n + 1)) out=$build/rehearse-$n
	done
fi

[ -z "$play" ] || [ -e "$play" ] || { echo "rehearse: $play: no such answer file" >&2; exit 2; }
if [ -e "$out/bundle" ] || { [ -n "$play" ] && [ -e "$out/sticks/CS-OUT-A/bundle" ]; }; then
	echo "rehearse: $out holds a bundle already; name another OUT or remove it" >&2
	exit 2
fi
# The first step that only one mode has says which plan is wanted.
mode=genesis identity=
for step in amend:amend revoke:revoke open:refresh check:check rotate:rotate old:reshare recover:rebuild; do
	if [ -n "$play" ] && [ $mode = genesis ] && grep -q "^${step%:*}\." "$play"; then
		mode=${step#*:}
	fi
done
if [ $mode = refresh ] || [ $mode = amend ] || [ $mode = revoke ]; then
	identity=$out/base/trust/identity.json
	[ -e "$identity" ] || { echo "rehearse: a $mode needs a bundle in $out/base first" >&2; exit 2; }
elif [ $mode != genesis ]; then
	identity=$out/identity.json
	[ $mode != rebuild ] || [ ! -e "$out/recovery-card.txt" ] || identity=$out/recovery-card.txt
	[ -e "$identity" ] && [ -e "$out/shares.txt" ] || {
		echo "rehearse: a $mode needs $identity and $out/shares.txt first" >&2
		exit 2
	}
fi
if [ -n "$play" ] && grep -q '^dice\.' "$play"; then
	export DICE=true
fi
if [ -n "$play" ] && grep -q '^seals\.' "$play"; then
	export ROOM=true
fi
if [ -n "$play" ] && grep -q '^people\.loss@' "$play"; then
	export PLAN=plan-two.json
fi
if [ -n "$play" ] && grep -q '^media CS-JOURNAL ' "$play"; then
	export JOURNAL=true
fi
option=
[ "${TPM:-machine}" = machine ] || option=--tpm=$TPM
mkdir -p "$out"
MODE=$mode "$here/sticks.sh" "$build" "$out" $identity
if [ -n "$play" ]; then
	exec "$build/bin/ceremony" play "$play" --out "$out" ${option:+"$option"}
fi
cat <<TXT

The sticks are the folders below
  $out/sticks
Where the ceremony waits for a stick, Enter puts it in or pulls it; a digit
chooses among several. The approvers' passphrases are
  rehearsal passphrase of alice
  rehearsal passphrase of bob
Ctrl-C ends it.
TXT
read -rp "Press Enter to begin. "
status=0
"$build/bin/ceremony" run "$out/sticks" ${option:+"$option"} || status=$?
if [ -d "$out/sticks/CS-OUT-A/bundle" ]; then
	echo "The bundle is in $out/sticks/CS-OUT-A/bundle."
	echo "Type the identity digest from your sheet (hex; Enter to do without):"
	read -r identity
	identity=$(printf %s "$identity" | tr -d ' ')
	"$build/bin/sanctum" verify "$out/sticks/CS-OUT-A/bundle" --rehearsal \
		${identity:+--identity "$identity"} || true
fi
exit $status
