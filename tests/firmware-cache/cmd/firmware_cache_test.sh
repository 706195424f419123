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

# what a plan's nodes need, and what status says of it
chip=$(printf 'REHEARSAL: no chip has this identity' | od -An -v -tx1 | tr -d ' \n')
chip=$(printf '%-128s' "$chip" | tr ' ' 0)
node="{\"name\":\"snp-1\",\"hardware\":\"amd\",\"product\":\"Milan\",\"id\":\"$chip\"}"
printf '{"nodes":[%s]}' "$node" >"$tmp/plan.json"
printf '{"nodes":[%s,{"name":"snp-2","hardware":"amd","product":"Genoa"}]}' "$node" >"$tmp/two.json"
check=$(dirname "$0")/status_check.py
good()	# NAME ARGS...: status exits 0, and all four forms are right
{
	local name=$1
	shift
	"$FC" status "$tmp/cache" $roots "$@" --calendar "$tmp/x.ics" --textfile "$tmp/x.prom" \
		>"$tmp/status" 2>"$tmp/err" && [ ! -s "$tmp/err" ] &&
		"$FC" status "$tmp/cache" $roots "$@" --json >"$tmp/x.json" 2>"$tmp/err" &&
		forms
	result $? "$name"
}
forms()
{
	[ "$(wc -L <"$tmp/status")" -le 80 ] && ! grep -q ' $' "$tmp/status" &&
		"$check" ics "$tmp/x.ics" >"$tmp/out" 2>"$tmp/err" &&
		"$check" prom "$tmp/x.prom" >>"$tmp/out" 2>"$tmp/err" &&
		"$check" json "$tmp/x.json" >>"$tmp/out" 2>"$tmp/err"
}
good 'status without a plan' $at
grep -q 'Good until 2035-01-01, first to lapse: AMD Milan ASK, ARK' "$tmp/status" &&
	[ "$(grep -c '^20350101T000000Z' "$tmp/out")" = 13 ]
result $? 'says what lapses first, in the calendar, too'
good 'status with a plan' $at --plan "$tmp/plan.json"
grep -qx 'snp-1               3471d    3471d    3471d' "$tmp/status"
result $? 'as a matrix'
cp "$tmp/x.ics" "$tmp/before.ics"
good 'the next day' --at 2025-07-02T00:00:00Z --plan "$tmp/plan.json"
[ "$(grep ^UID "$tmp/before.ics")" = "$(grep ^UID "$tmp/x.ics")" ] && ! cmp -s "$tmp/before.ics" "$tmp/x.ics"
result $? 'the same events'
expect 12 '3 of 6 wanting, first snp-2: AMD Genoa ASK, ARK: not here' 'a node without anything' \
	status "$tmp/cache" $roots $at --plan "$tmp/two.json" --calendar "$tmp/x.ics" --textfile "$tmp/x.prom"
cp "$tmp/out" "$tmp/status"
"$FC" status "$tmp/cache" $roots $at --plan "$tmp/two.json" --json >"$tmp/x.json" 2>/dev/null
forms && grep -q '^cornerstone_collateral_covered{node="snp-2",item="vcek",.*} 0' "$tmp/out" &&
	grep -q '^snp-2 vcek missing' "$tmp/out"
result $? 'and its forms'
expect 17 '3 of 3 wanting\|valid from' 'status after all dates' status "$tmp/cache" $roots \
	--at 2035-01-01T00:00:01Z --plan "$tmp/plan.json"
printf '{"nodes":[{}]}' >"$tmp/bad.json"
expect 10 'bad.json node 1' 'a plan that is none' status "$tmp/cache" $at --plan "$tmp/bad.json"
printf '{"nodes":[{"name":"a","hardware":"riscv"}]}' >"$tmp/bad.json"
expect 10 'hardware "riscv" is not known' 'a node of unknown hardware' status "$tmp/cache" $at --plan "$tmp/bad.json"
expect 12 'not a cache' 'status of no cache' status "$tmp/empty" $at
ln -s /dev/null "$tmp/cache/originals/stranger"
expect 10 'stranger: not a folder of originals' 'a stranger in the cache' status "$tmp/cache" $roots $at
rm "$tmp/cache/originals/stranger"
cp "$tmp/freshness.json" "$tmp/cache/freshness.json"
sed 's/2025-01-01\(T00:00:00Z","kind":"intel-tcb-info","number":1,"sha256":"[0-9a-f]*","subject":"TCB info SGX\)/2025-06-01\1/' \
	"$tmp/freshness.json" >"$tmp/cache/freshness.json"
expect 13 'TCB info SGX 005245484541: older than the newest seen (issued 2025-06-01' \
	'an older one in place of the newest' status "$tmp/cache" $roots $at
"$FC" export "$tmp/cache" "$tmp/derived" $at $roots >"$tmp/out" 2>"$tmp/err" &&
	grep -q '^refused: intel/tcb_sgx.json: older than the newest seen' "$tmp/out" &&
	grep -rq tdx_tcbinfo "$tmp/derived" && ! grep -rq sgx_tcbinfo "$tmp/derived"
result $? 'is not exported'
cp "$tmp/freshness.json" "$tmp/cache/freshness.json"

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
expect 10 '3 of 15 refused' 'a symbolic link' \
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
