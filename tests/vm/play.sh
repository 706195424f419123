#!/bin/bash
# play.sh BUILD PLAY OUT CONSOLE TPM [WORLD]: make the sticks, play the answer file in the
# virtual machine, verify the bundle that it leaves in OUT. A rebuild is one of the genesis in
# BUILD/play, or in the folder GENESIS, which it only reads: it takes the recovery card off
# that one's OUT stick and the shares off its screens, to another machine with another TPM.
# INTERFACE in the environment is the TPM's: crb, tis, none. ENROLLED: the plan of a rehearsal
# pins the TPM's keys and the root of its certificates, as if that were a maker's.
set -euo pipefail
build=$1 play=$2 out=$3 console=$4 tpm=$5
export WORLD=${6:-rehearsal}
here=$(dirname "$0")

[ -e "$play" ] || { echo "play: $play: no such answer file" >&2; exit 2; }

# Everything in a folder as one number.
tree()
{
	(cd "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum
}

# Each certificate of the genesis, beside the rebuilt one.
same()
{
	local status=0 f
	for f in "$1"/bundle/trust/*.pem; do
		if cmp "$f" "$2/bundle/trust/${f##*/}"; then
			echo "same    trust/${f##*/}"
		else
			status=1
		fi
	done
	cmp -s "$1/bundle/evidence/ek.pub" "$2/bundle/evidence/ek.pub" &&
		{ echo "play: both ran on one TPM" >&2; return 1; }
	return $status
}

identity=
rm -rf "$out"
mkdir -p "$out"
if grep -q '^recover\.' "$play"; then
	genesis=$build/play
	[ "$WORLD" = rehearsal ] || genesis=$build/play-$WORLD
	genesis=${GENESIS:-$genesis}
	[ -e "$genesis/recovery-card.txt" ] || {
		echo "play: a rebuild needs the genesis first: make play" >&2
		exit 2
	}
	before=$(tree "$genesis")
	cp "$genesis/recovery-card.txt" "$genesis/shares.txt" "$out/"
	identity=$out/recovery-card.txt tpm=$tpm-rebuild
fi
if grep -q '^seals\.' "$play"; then
	export ROOM=true
fi
if grep -q '^dice\.' "$play"; then
	export DICE=true
fi
take=--rehearsal
measured="--measurements $build/measurements.json"
[ "${INTERFACE:-crb}" != none ] || measured= # a software TPM has measured nothing
if [ "$WORLD" = production ]; then
	[ "$console" = serial ] || { echo "play: this production's plan says console: serial" >&2; exit 2; }
	EK=$("$here/ek" "$tpm")
	export EK
	take="--accept pinned --tpm-ek $EK"
fi
if [ -n "${ENROLLED:-}" ]; then
	EK=$("$here/ek" "$tpm")
	AK=$("$here/ek" "$tpm" ak)
	TPM_ROOT=$("$here/ek" "$tpm" root)
	export EK AK TPM_ROOT TPM_CA="$tpm/ca"
	take="--rehearsal --tpm-ek $EK --tpm-ak $AK --plan $out/sticks/CS-IN/plan.json"
fi
TPM=machine "$here/../sticks.sh" "$build" "$out" $identity
"$here/play" --interface "${INTERFACE:-crb}" --iso "$build/cornerstone.iso" --fonts "$build/kernel/fonts" --tpm "$tpm" \
	--scan "$build/tool/scan" --play "$play" --out "$out" --console "$console"
"$build/bin/sanctum" verify "$out/bundle" --identity "$(cat "$out/identity")" $take \
	$measured
if [ -n "$identity" ]; then
	same "$genesis" "$out"
	[ "$(tree "$genesis")" = "$before" ] || { echo "play: $genesis was touched" >&2; exit 1; }
	echo "untouched $genesis"
fi
