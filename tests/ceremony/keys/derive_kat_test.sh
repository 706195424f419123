#!/bin/bash
# derive_kat_test.sh - recompute every line of derive.kat with `openssl kdf` alone.
#
# "derive_kat_test.sh print" writes the file anew; then read docs/FORMAT-KEYS.md first:
# a changed answer means that no old share gives the old keys again.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
KAT=$HERE/derive.kat
MASTER=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
SANCTUM=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf

hex()
{
	printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

# WORLD PARENT-HEX LABEL GENERATION LENGTH
seed()
{
	local salt info prk

	salt=$(hex "cornerstone/v1/$1")
	info=$(hex cornerstone/v1)00${SANCTUM}00$(hex "$3")00$(printf %08x "$4")
	prk=$(openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt mode:EXTRACT_ONLY \
		-kdfopt "hexkey:$2" -kdfopt "hexsalt:$salt" -binary HKDF | od -An -v -tx1 |
		tr -d ' \n')
	openssl kdf -keylen "$5" -kdfopt digest:SHA512 -kdfopt mode:EXPAND_ONLY \
		-kdfopt "hexkey:$prk" -kdfopt "hexinfo:$info" -binary HKDF | od -An -v -tx1 |
		tr -d ' \n'
}

# label parent length; as in docs/FORMAT-KEYS.md
labels()
{
	cat <<-END
	root-p384 master 48
	root-mldsa87 master 32
	signing-ca-p384 master 48
	signing-ca-mldsa87 master 32
	statement-p384 master 48
	statement-mldsa87 master 32
	token-ca-p384 master 48
	operations master 32
	operations-p384 operations 48
	operations-mldsa87 operations 32
	token-p256 operations 32
	transcript-log operations 32
	END
}

answers()
{
	local world generation label parent length from

	for world in production rehearsal; do
		for generation in 1 2; do
			labels | while read -r label parent length; do
				from=$MASTER
				if [ "$parent" = operations ]; then
					from=$(seed $world $MASTER operations $generation 32)
				fi
				echo "$world $parent $label $generation" \
					"$(seed $world "$from" "$label" $generation "$length")"
			done
		done
	done
}

if [ "${1:-}" = print ]; then
	echo "# Known answers: world, parent, label, generation, seed. Master secret 00 01 .. 1f,"
	echo "# sanctum a0 a1 .. af. Made by derive_kat_test.sh print, with openssl kdf."
	answers
	exit 0
fi

n=0
failed=0
while read -r line; do
	n=$((n + 1))
	if grep -qxF "$line" "$KAT"; then
		echo "ok $n - openssl kdf agrees: ${line% *}"
	else
		echo "not ok $n - openssl kdf gives $line"
		failed=1
	fi
done < <(answers)
n=$((n + 1))
if [ "$(grep -vc '^#' "$KAT")" = $((n - 1)) ]; then
	echo "ok $n - derive.kat has no other lines"
else
	echo "not ok $n - derive.kat has no other lines"
	failed=1
fi
echo "1..$n"
exit $failed
