#!/bin/bash
# The firmware-cache program: its commands, exit statuses and last lines, in TAP.
# timeout: 300
set -uo pipefail

BUILD=${BUILD:-build}
TESTDATA=${TESTDATA:-../shared/data}
FC=$BUILD/bin/firmware-cache
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0

result()	# status name
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
	fi
}

# expect STATUS PATTERN NAME ARGS...: run it; the last line of standard error matches
expect()
{
	local want=$1 pattern=$2 name=$3 got
	shift 3
	"$FC" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	[ "$got" = "$want" ] && tail -n 1 "$tmp/err" | grep -q -- "$pattern"
	result $? "$name (status $got)"
}

at="--at 2025-07-01T00:00:00Z"

expect 2 'no command' 'no command'
expect 2 'gather' 'an unknown command' gather
expect 2 'DIR is missing' 'verify without a folder' verify
expect 2 'takes one value' 'an option without its value' verify "$tmp" --at
expect 2 '--frobnicate' 'an unknown option' verify "$tmp" --frobnicate
expect 10 '--at' 'a time that is none' verify "$tmp" --at yesterday
expect 12 'not a directory' 'a folder that is not there' verify "$tmp/none" $at
mkdir "$tmp/empty"
expect 12 'there is no collateral' 'an empty folder' verify "$tmp/empty" $at
"$FC" --help >"$tmp/out" 2>"$tmp/err" && grep -q rehearsal-pki "$tmp/out"
result $? 'help names every command'

"$FC" rehearsal-pki "$tmp/pki" >"$tmp/out" 2>"$tmp/err"
result $? 'rehearsal-pki makes a PKI'
"$FC" verify "$tmp/pki/collateral" $at --rehearsal "$tmp/pki/roots.json" >"$tmp/out" 2>"$tmp/err"
result $? 'its collateral is accepted with its roots named'
grep -q '13 accepted, 0 refused' "$tmp/out" && [ ! -s "$tmp/err" ]
result $? 'and nothing is refused'
"$FC" verify "$tmp/pki/collateral" --rehearsal "$tmp/pki/roots.json" >"$tmp/out" 2>"$tmp/err"
result $? 'also now, by the clock'
expect 35 '13 of 13 refused, first amd/milan_cert_chain.pem' 'refused without them' \
	verify "$tmp/pki/collateral" $at
expect 17 'valid from' 'refused after their dates' verify "$tmp/pki/collateral" \
	--at 2035-01-01T00:00:01Z --rehearsal "$tmp/pki/roots.json"
expect 20 '' 'an existing PKI is not overwritten' rehearsal-pki "$tmp/pki"
ls "$tmp/pki" | sort | tr '\n' ' ' | grep -qx 'collateral roots.json '
result $? 'no key is left on disk'
! grep -rqs 'PRIVATE KEY' "$tmp/pki"
result $? 'and none in a file'
"$FC" verify "$tmp/pki/collateral" $at --json --rehearsal "$tmp/pki/roots.json" |
	python3 -c 'import json,sys; d=json.load(sys.stdin); sys.exit(d["accepted"] != 13)' \
	>"$tmp/out" 2>"$tmp/err"
result $? '--json is JSON'

roots="--rehearsal $tmp/pki/roots.json"
expect 12 'not a folder' 'an index of no cache' index "$tmp/cache" $at $roots
[ ! -e "$tmp/cache" ]
result $? 'and none is made'
expect 2 'DIR is missing' 'import without a folder' import "$tmp/cache"
expect 35 'no pinned root\|not a pinned root' 'import without the roots' import "$tmp/cache" "$tmp/pki/collateral" $at
[ -z "$(find "$tmp/cache/originals" -type f)" ]
result $? 'and nothing is kept'
"$FC" import "$tmp/cache" "$tmp/pki/collateral" $at $roots >"$tmp/out" 2>"$tmp/err" &&
	grep -q '^13 taken, 0 here before, 0 older, 0 refused' "$tmp/out"
result $? 'import into a cache'
"$FC" verify "$tmp/cache/originals" $at $roots >"$tmp/out" 2>"$tmp/err" &&
	grep -q '13 accepted, 0 refused' "$tmp/out"
result $? 'its originals verify as collateral'
(cd "$tmp/cache/originals" && find . -type f -printf '%f  %p\n' | sha256sum -c --quiet) >"$tmp/out" 2>&1
result $? 'and have their names by their bytes, as sha256sum says'
cp "$tmp/cache/index.json" "$tmp/cache/freshness.json" "$tmp"
rm "$tmp/cache/index.json" "$tmp/cache/freshness.json"
"$FC" index "$tmp/cache" $at $roots >"$tmp/out" 2>"$tmp/err" &&
	cmp "$tmp/index.json" "$tmp/cache/index.json" >"$tmp/out" 2>&1 &&
	cmp "$tmp/freshness.json" "$tmp/cache/freshness.json" >"$tmp/out" 2>&1
result $? 'index and freshness come back byte for byte'
python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); sys.exit(len(d["items"]) != 13 or d["absent"] != [])' \
	"$tmp/cache/index.json" >"$tmp/out" 2>"$tmp/err"
result $? 'the index is JSON and lists all'
expect 2 'a reason of 1 to' 'a decision without a reason' import "$tmp/cache" "$tmp/pki/collateral" --accept-older ''
flock "$tmp/cache/lock" "$FC" import "$tmp/cache" "$tmp/pki/collateral" $at $roots >"$tmp/out" 2>"$tmp/err"
[ $? = 20 ] && grep -q 'another process' "$tmp/err"
result $? 'one writer at a time'

printf x >>"$tmp/pki/collateral/amd/milan_vcek.der"
expect 10 '1 of 13 refused, first amd/milan_vcek.der' 'a byte behind a certificate' \
	verify "$tmp/pki/collateral" $at --rehearsal "$tmp/pki/roots.json"
printf 'x' >"$tmp/pki/collateral/note.txt"
expect 10 '2 of 14 refused' 'a file that is no collateral' \
	verify "$tmp/pki/collateral" $at --rehearsal "$tmp/pki/roots.json"
ln -s /etc/passwd "$tmp/pki/collateral/link"
expect 10 'link' 'a symbolic link' \
	verify "$tmp/pki/collateral" $at --rehearsal "$tmp/pki/roots.json"
printf '{"vendor_pki":{"intel":1}}' >"$tmp/roots.json"
expect 10 'roots.json' 'roots that are none' verify "$tmp/empty" $at --rehearsal "$tmp/roots.json"
printf '{"intel":"00"}' >"$tmp/roots.json"
expect 10 'vendor_pki' 'roots without their name' verify "$tmp/empty" $at \
	--rehearsal "$tmp/roots.json"

name='genuine Intel and AMD collateral is accepted together'
if [ -d "$TESTDATA/intel/phala" ]; then
	mkdir "$tmp/real"
	cp -r "$TESTDATA/intel/phala/sgx_quote" "$TESTDATA/intel/phala/tdx_quote" \
		"$TESTDATA/amd/ca" "$TESTDATA/amd/kds" "$tmp/real"
	"$FC" verify "$tmp/real" $at >"$tmp/out" 2>"$tmp/err"
	result $? "$name"
	expect 17 'of .* refused' 'and not two years later' verify "$tmp/real" \
		--at 2027-07-01T00:00:00Z
else
	for name in "$name" 'and not two years later'; do
		n=$((n + 1))
		echo "ok $n - $name # SKIP no published collateral in $TESTDATA"
	done
fi
echo "1..$n"
