#!/bin/bash
# play.sh BUILD PLAY OUT CONSOLE TPM [WORLD]: make the sticks, play the answer file in the
# virtual machine, verify the bundle that it leaves in OUT.
set -euo pipefail
build=$1 play=$2 out=$3 console=$4 tpm=$5
export WORLD=${6:-rehearsal}
here=$(dirname "$0")

[ -e "$play" ] || { echo "play: $play: no such answer file" >&2; exit 2; }
identity=
rm -rf "$out"
mkdir -p "$out"
if grep -q '^recover\.' "$play"; then
	genesis=$build/play
	[ -e "$genesis/identity" ] || { echo "play: a rebuild needs make play first" >&2; exit 2; }
	cp "$genesis/bundle/trust/identity.json" "$genesis/shares.txt" "$out/"
	identity=$out/identity.json
fi
if grep -q '^seals\.' "$play"; then
	export ROOM=true
fi
if grep -q '^dice\.' "$play"; then
	export DICE=true
fi
take=--rehearsal
if [ "$WORLD" = production ]; then
	[ "$console" = serial ] || { echo "play: this production's plan says console: serial" >&2; exit 2; }
	EK=$("$here/ek" "$tpm")
	export EK
	take="--accept pinned"
fi
"$here/../sticks.sh" "$build" "$out" $identity
"$here/play" --iso "$build/cornerstone.iso" --fonts "$build/kernel/fonts" --tpm "$tpm" \
	--scan "$build/tool/scan" --play "$play" --out "$out" --console "$console"
"$build/bin/sanctum" verify "$out/bundle" --identity "$(cat "$out/identity")" $take
