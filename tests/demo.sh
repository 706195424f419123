#!/bin/bash
# demo.sh BUILD: a rehearsal, its verification three times over, and a flipped byte.
set -euo pipefail
build=$1
here=$(dirname "$0")
out=$(mktemp -d "${TMPDIR:-/tmp}/cornerstone-demo-XXXXXX")
trap 'rm -rf "$out"' EXIT

say() { printf '\n== %s\n' "$*"; }

say "A genesis, played by tests/play/genesis.play"
"$here/rehearse.sh" "$build" "$here/play/genesis.play" "$out"
identity=$(cat "$out/identity")
echo "identity digest: $identity"

say "One of its screens"
cat "$out"/screens/*-keys.agree.txt

say "sanctum verify, with the identity from paper"
"$build/bin/sanctum" verify "$out/bundle" --identity "$identity" --rehearsal

say "crosscheck, built on GnuTLS alone"
"$build/bin/crosscheck" "$out/bundle" --identity "$identity"

say "The commands of VERIFY.txt, with stock tools"
"$here/verify-txt.sh" "$out/bundle" "$identity"

say "One byte flipped in collateral/status.json"
file=$out/bundle/collateral/status.json
byte=$(head -c 1 "$file" | od -An -tu1)
printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$file" bs=1 conv=notrunc status=none
if "$build/bin/sanctum" verify "$out/bundle" --identity "$identity" --rehearsal; then
	echo "demo: a changed bundle was accepted" >&2
	exit 1
fi
if "$here/verify-txt.sh" "$out/bundle" "$identity" >/dev/null 2>&1; then
	echo "demo: VERIFY.txt accepted a changed bundle" >&2
	exit 1
fi
echo "Refused by both, as it must be."
