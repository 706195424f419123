#!/bin/bash
# run.sh BUILD OUT TPM: boot the image in QEMU on this terminal. The sticks are FAT images
# below OUT/sticks; the one that the ceremony waits for is put in, and pulled, by itself.
set -euo pipefail
build=$1 out=$2 tpm=$3
here=$(dirname "$0")

if [ ! -t 0 ] && [ ! -t 1 ] && [ ! -t 2 ]; then
	echo "run: needs a terminal; make play does it without one" >&2
	exit 2
fi
if [ -d "$out/bundle" ]; then
	n=1
	while [ -e "$out.$n" ]; do n=$((n + 1)); done
	mv "$out" "$out.$n"
	echo "The bundle of the run before is kept in $out.$n."
fi
rm -rf "$out"
mkdir -p "$out"
TPM=machine "$here/../sticks.sh" "$build" "$out"
cat <<TXT

The image boots in this terminal (a minute or so under emulation). The sticks are
files below $out/sticks; they are put in and pulled by themselves.
The approvers' passphrases are
  rehearsal passphrase of alice
  rehearsal passphrase of bob
Ctrl-b d switches the machine off.
TXT
[ ! -t 0 ] || read -rp "Press Enter to begin. "
status=0
"$here/terminal" --iso "$build/cornerstone.iso" --tpm "$tpm" --out "$out" || status=$?
if [ -d "$out/bundle" ]; then
	echo "The bundle is in $out/bundle, the sticks in $out/sticks; sanctum verify says:"
	"$build/bin/sanctum" verify "$out/bundle" --identity "$(cat "$out/identity")" --rehearsal ||
		status=$?
else
	echo "No bundle was exported. The sticks are in $out/sticks."
fi
exit $status
