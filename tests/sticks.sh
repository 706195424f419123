#!/bin/bash
# Make the sticks of a ceremony, as folders: sticks.sh BUILD OUT [identity.json | recovery-card.txt]
#
# OUT/sticks/CS-alice and CS-bob get approvers' keys (passphrase "rehearsal passphrase of
# NAME"; with WORLD=production in the environment "factual passphrase of NAME", and then EK
# is the digest of the TPM's endorsement key), OUT/sticks/CS-IN the plan and collateral: real
# vendor items when $TESTDATA is there, else (a rehearsal) a freshly generated vendor-like PKI
# that the plan names. With an identity file the plan is one of a rebuild from it (or of MODE in the environment), and the
# approvers of an earlier run may be given by OUT/sticks/CS-NAME folders that are there
# already. With DICE in the environment the plan wants dice, with ROOM (and in production)
# bags and an inspection, with JOURNAL a journal,
# with CLOSING a log of what comes after the transcript; PLAN names another plan in
# tests/play to begin with. EK, AK, TPM_ROOT, TPM_CA: what the plan says of the TPM's keys,
# and the folder whose certificates the stick carries for it. A rehearsal is one on the software TPM, and with TPM in the
# environment on the machine's.
set -euo pipefail
build=$1 out=$2 identity=${3:-}
world=${WORLD:-rehearsal} ek=${EK:-} dice=${DICE:-}
# the search of the memory looks for every other twelve letters of a passphrase, and texts of
# the program have others than "l passphrase" in them
kind=$world
[ "$world" != production ] || kind=factual
here=$(cd "$(dirname "$0")" && pwd)
data=${TESTDATA:-../shared/data}
base=$here/play/${PLAN:-plan-genesis.json}
ceremony=$build/bin/ceremony
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir -p "$out/sticks/CS-IN/collateral" "$out"/sticks/CS-OUT-{A,B}
second=${SECOND:-bob} # who approves beside alice, once an amendment has changed that
for name in alice "$second"; do
	[ -e "$out/sticks/CS-$name/approver.key" ] && continue
	echo "$kind passphrase of $name" |
		"$ceremony" approver new "$name" "$out/sticks/CS-$name" >/dev/null
done

# The items of the real set; all but the last are good at the plan's collateral_time.
items=(amd/kds/vcek_v1_Milan_cert_chain.pem amd/kds/vcek_v1_Milan_crl.der
	amd/kds/vcek_v1_Genoa_cert_chain.pem amd/kds/vcek_v1_Genoa_crl.der
	amd/milan-gosev/vcek.der
	intel/phala/sgx_quote/{tcb,qe_identity}.json
	intel/phala/sgx_quote/{tcb,qe_identity,pckcrl}_issuer_chain.pem
	intel/phala/sgx_quote/{rootcacrl,pckcrl}.der
	intel/phala/tdx_quote/{tcb,qe_identity}.json
	intel/phala/tdx_quote/pckcrl_issuer_chain.pem
	intel/phala/tdx_quote/pckcrl.der
	intel/phala/tdx_quote_outdated/tcb.json)

plan=$tmp/plan.json
extra=()
if [ -d "$data/amd" ]; then
	for i in "${items[@]}"; do
		mkdir -p "$out/sticks/CS-IN/collateral/$(dirname "$i")"
		cp "$data/$i" "$out/sticks/CS-IN/collateral/$i"
	done
	at='"collateral_time": "2025-07-01T00:00:00Z"'
	reason='"reason": "nobody carried newer collateral in"'
	[ "$world" = rehearsal ] || at='"exceptions": [{ "what": "expired-collateral", '"$at, $reason }]"
	sed "2i\\  $at," "$base" >"$plan"
else
	[ "$world" = rehearsal ] || { echo "no vendor data in $data, which production needs" >&2; exit 2; }
	echo "no vendor data in $data: the rehearsal uses a generated vendor-like PKI" >&2
	"$build/bin/firmware-cache" rehearsal-pki "$tmp/pki" >/dev/null
	cp -R "$tmp/pki/collateral/." "$out/sticks/CS-IN/collateral/"
	extra=("$tmp/pki/roots.json")
	cp "$base" "$plan"
fi
if [ -n "$identity" ]; then
	sed -i -e 's/"mode": "genesis"/"mode": "'"${MODE:-rebuild}"'"/' -e 's/"sequence": 1/"sequence": 2/' \
		-e 's/2026-rehearsal-1/2026-rehearsal-2/' "$plan"
	if [ "$(head -c 1 "$identity")" = "{" ]; then
		cp "$identity" "$out/sticks/CS-IN/identity.json"
		digest=$(sha256sum <"$identity")
	else
		cp "$identity" "$out/sticks/CS-IN/recovery-card.txt"
		digest=$("$build/bin/sanctum" card "$identity" | sha256sum)
	fi
	sed -i "2i\  \"identity_sha256\": \"${digest%% *}\"," "$plan"
	if [ -e "${identity%/trust/identity.json}/statement.json" ]; then
		"$here/sticks-ops.sh" "$build" "$plan" "${identity%/trust/identity.json}" "$out"
	fi
	if [ "${MODE:-}" = rotate ]; then # the statement of the bundle lies beside the identity file
		statement=$(dirname "$identity")/statement.json
		digest=$(sha256sum <"$statement")
		cp "$statement" "$out/sticks/CS-IN/statement.json"
		sed -i -e "2i\\  \"previous_sha256\": \"${digest%% *}\"," \
			-e '/"operations": {/s/2026-01-01\(.*\)2027-12-31/2026-06-01\12028-05-31/' \
			-e '/"token": {/s/2025-01-01\(.*\)2035-01-01/2026-06-01\12036-06-01/' "$plan"
	fi
	if [ -d "$out/previous" ]; then # what somebody still has of the last bundle
		digest=$(sha256sum <"$out/previous/statement.json")
		sed -i "2i\\  \"previous_sha256\": \"${digest%% *}\"," "$plan"
		cp -R "$out/previous" "$out/sticks/CS-IN/"
	fi
	if [ "${MODE:-}" = reshare ]; then # 2 of 3 becomes 3 of 4: carol goes, frank and gina come
		sed -i -e 's/"threshold": 2, "count": 3/"threshold": 3, "count": 4/' \
			-e '/"carol"/s/"custodian"/"old-custodian"/' \
			-e '/"dave"/s/"custodian"/"custodian", "old-custodian"/' \
			-e '/"erin"/s/"custodian"/"custodian", "old-custodian"/' \
			-e '/"erin"/a\    { "name": "frank", "full": "Frank Osei", "roles": ["custodian"] },' \
			-e '/"erin"/a\    { "name": "gina", "full": "Gina Rossi", "roles": ["custodian"] },' "$plan"
	fi
fi
if [ -n "${TPM_ROOT:-}" ]; then
	mkdir -p "$out/sticks/CS-IN/tpm-ca"
	cp "$TPM_CA"/*cert.pem "$out/sticks/CS-IN/tpm-ca/"
	roots=$tmp/tpm-root.json
	[ ${#extra[@]} -eq 0 ] || roots=${extra[0]}
	[ -e "$roots" ] || echo '{"vendor_pki":{}}' >"$roots"
	sed -i -e 's/"vendor_pki": *{/&"tpm":"'"$TPM_ROOT"'",/' -e 's/,}/}/' "$roots"
	extra=("$roots")
	sed -i "2i\  \"tpm_ek\": \"$ek\", \"tpm_ak\": \"$AK\"," "$plan"
fi
[ "$world" = production ] || [ -n "${TPM:-}" ] || sed -i 's/"tpm": "machine"/"tpm": "software"/' "$plan"
if [ "$world" = production ]; then
	sed -i -e 's/"world": "rehearsal"/"world": "production"/' -e "s/2026-rehearsal-/2026-production-/" \
		-e 's/"accept": .*/"accept": ["pinned"],/' -e 's/"console": "any"/"console": "serial"/' \
		-e "2i\\  \"tpm_ek\": \"$ek\"," "$plan"
fi
if [ -n "${ROOM:-}" ] || [ "$world" = production ]; then
	bags='{ "what": "laptop", "serial": "K-0012345" }, { "what": "boot stick", "serial": "K-0012346" }'
	sed -i "2i\  \"inspection\": true, \"seals\": [$bags, { \"what\": \"IN and OUT sticks\" }]," "$plan"
fi
[ -z "${CLOSING:-}" ] || sed -i '2i\  "closing": true,' "$plan"
[ -z "${PREVIOUS_CLOSING:-}" ] || sed -i '2i\  "previous_closing": "'"$PREVIOUS_CLOSING"'",' "$plan"
[ -z "$dice" ] || sed -i '2i\  "dice": true,' "$plan"
if [ -n "${JOURNAL:-}" ]; then
	sed -i '2i\  "journal": true,' "$plan"
	mkdir -p "$out/sticks/CS-JOURNAL"
fi
"$ceremony" plan fill "$plan" "$out/sticks/CS-IN/plan.json" \
	"$out/sticks/CS-alice/approver.json" "$out/sticks/CS-$second/approver.json" ${extra[@]+"${extra[@]}"}
[ -e "$out/sticks/CS-IN/cornerstone.json" ] || "$ceremony" stick new in "$out/sticks/CS-IN" >/dev/null
