#!/bin/bash
# A cache of published data: everything accepted is kept, nothing refused is, and nodes of
# real chips and platforms are covered for as long as they are. In TAP.
# timeout: 120
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
		tail -n 40 "$tmp/out" "$tmp/err" | sed 's/^/# /'
	fi
}

if [ ! -d "$TESTDATA/intel/qvl-tdx-testroot" ] || [ ! -d "$TESTDATA/amd/assembled" ]; then
	echo "1..1"
	echo "ok 1 - a cache of published data # SKIP no published collateral in $TESTDATA"
	exit 0
fi

at="--at 2025-07-01T00:00:00Z"
mkdir "$tmp/all"
for v in amd intel ibm-se nvidia arm-cca; do
	[ ! -d "$TESTDATA/$v" ] || cp -r "$TESTDATA/$v" "$tmp/all"
done
"$FC" import "$tmp/cache" "$tmp/all" $at >"$tmp/out" 2>"$tmp/err"
[ $? = 10 ] && tail -n 1 "$tmp/out" | grep -q '^[0-9]* taken, 0 here before, 0 older, [0-9]* refused'
result $? 'all of it is imported'
taken=$(tail -n 1 "$tmp/out" | cut -d ' ' -f 1)
[ "$taken" = "$(find "$tmp/cache/originals" -type f | wc -l)" ] && [ "$taken" -ge 40 ]
result $? "$taken originals are kept"
grep '^REFUSED ' "$tmp/out" | sed 's/^REFUSED \([^:]*\): .*/\1/' | while read -r f; do
	sha256sum <"$tmp/all/$f"
done | cut -c 1-64 | sort >"$tmp/refused"
find "$tmp/cache/originals" -type f -printf '%f\n' | sort >"$tmp/kept"
[ "$(wc -l <"$tmp/refused")" -ge 40 ] && [ -z "$(comm -12 "$tmp/refused" "$tmp/kept")" ]
result $? "none of $(wc -l <"$tmp/refused") refused files is among them"
cp "$tmp/out" "$tmp/first"
find "$tmp/cache" -type f -exec sha256sum {} + | sort >"$tmp/before"
"$FC" import "$tmp/cache" "$tmp/all" $at >"$tmp/out" 2>"$tmp/err"
find "$tmp/cache" -type f -exec sha256sum {} + | sort >"$tmp/after"
grep -q "^0 taken, $taken here before, 0 older" "$tmp/out" && cmp -s "$tmp/before" "$tmp/after"
result $? 'once more changes nothing'
"$FC" verify "$tmp/cache/originals" $at >"$tmp/out" 2>"$tmp/err" && grep -q ' 0 refused' "$tmp/out"
result $? 'its originals verify as collateral, without their names'
"$FC" status "$tmp/cache" $at >"$tmp/out" 2>"$tmp/err" && [ "$(wc -L <"$tmp/out")" -le 80 ]
result $? 'and are current on that day'
"$FC" status "$tmp/cache" --at 2025-08-01T00:00:00Z >"$tmp/out" 2>"$tmp/err"
[ $? = 17 ] && grep -A 40 '^Lapsed' "$tmp/out" | grep -q 'TCB info TDX B0C06F000000'
result $? 'a month later TCB infos have lapsed'

# nodes of real AMD chips, by the names of Trustee's store
chips=$(find "$TESTDATA/amd/assembled/kds-store/vcek" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
python3 - $chips >"$tmp/plan.json" <<'END'
import json, sys
known = {"3ac3fe21": "Milan", "d49554ec": "Milan", "c70912d8": "Genoa", "1e550a8e": "Turin"}
print(json.dumps({"nodes": [{"name": "n-" + c[:8], "hardware": "amd", "product": known[c[:8]], "id": c}
                            for c in sys.argv[1:] if c[:8] in known]}))
END
"$FC" status "$tmp/cache" $at --plan "$tmp/plan.json" >"$tmp/out" 2>"$tmp/err"
[ $? = 12 ] && grep -Eq '^n-3ac3fe21 +7418d +315d +1546d$' "$tmp/out" &&
	grep -Eq '^n-d49554ec +7418d +315d +[0-9]+d$' "$tmp/out" &&
	grep -Eq '^n-c70912d8 +[0-9]+d +125d +2537d$' "$tmp/out" &&
	grep -Eq '^n-1e550a8e +8354d +MISSING +2319d$' "$tmp/out"
result $? 'chips of three products: Turin has no list of revoked certificates here'

# an Intel platform under Intel's own test root, with its PCK certificate
qvl=$TESTDATA/intel/qvl-tdx-testroot
openssl x509 -in "$qvl/trustedRootCaCert.pem" -noout -pubkey | openssl pkey -pubin -outform der |
	sha256sum | sed 's/\(.\{64\}\).*/{"vendor_pki":{"intel":"\1"}}/' >"$tmp/roots.json"
ppid=$(python3 - "$qvl/pckCert.pem" <<'END'
import sys
from cryptography import x509
cert = x509.load_pem_x509_certificate(open(sys.argv[1], "rb").read())
ext = cert.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.2.840.113741.1.13.1")).value.value
oid = bytes.fromhex("060a2a864886f84d010d0101")
i = ext.index(oid) + len(oid)
assert ext[i:i + 2] == b"\x04\x10"
print(ext[i + 2:i + 18].hex())
END
)
printf '{"nodes":[{"name":"tdx-1","hardware":"intel","id":"%s"}]}' "$ppid" >"$tmp/tdx.json"
at="--at 2024-06-01T00:00:00Z"
"$FC" import "$tmp/qvl" "$qvl" $at --rehearsal "$tmp/roots.json" >"$tmp/out" 2>"$tmp/err"
"$FC" status "$tmp/qvl" $at --rehearsal "$tmp/roots.json" --plan "$tmp/tdx.json" >"$tmp/out" 2>"$tmp/err"
got=$?
[ $got = 0 ] && grep -Eq '^tdx-1( +[0-9]+d){3} +- +[0-9]+d +- +[0-9]+d$' "$tmp/out"
result $? "a TDX platform has all that it needs (status $got)"
rm "$tmp/qvl/originals"/*/"$(sha256sum <"$qvl/tcbInfo.json" | cut -c 1-64)"
"$FC" status "$tmp/qvl" $at --rehearsal "$tmp/roots.json" --plan "$tmp/tdx.json" >"$tmp/out" 2>"$tmp/err"
[ $? = 12 ] && grep -Eq '^tdx-1( +[0-9]+d){3} +- +MISSING +- +[0-9]+d$' "$tmp/out" &&
	grep -q '^1 on record, but not here' "$tmp/out"
result $? 'and not without its TCB info, which stays needed and on record'
echo "1..$n"
