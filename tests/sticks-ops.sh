#!/bin/bash
# sticks-ops.sh BUILD PLAN BUNDLE OUT: make the plan one of the next operations statement of the
# bundle, without custodians and within the operations signers' dates; the bundle goes in. An
# amendment (MODE) lets carl approve instead of bob, and brings a policy, a node and a reference value.
set -euo pipefail
build=$1 plan=$2 bundle=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)
sha256() { local d; d=$(sha256sum <"$1"); echo "${d%% *}"; }

n=1
while [ -d "$bundle/ops/$n" ]; do
	n=$((n + 1))
done
sed -i -e '/"roles": \["custodian"\]/d' -e 's/2034-12-31/2027-12-31/' \
	-e "s/\"sequence\": [0-9]*/\"sequence\": $n/" \
	-e "2i\\  \"base_sha256\": \"$(sha256 "$bundle/statement.json")\"," "$plan"
if [ $n -gt 1 ] && ! grep -q '"mode": "revoke"' "$plan"; then # which follows none
	sed -i "2i\\  \"previous_sha256\": \"$(sha256 "$bundle/ops/$((n - 1))/statement.json")\"," "$plan"
fi
rm -rf "$out/sticks/CS-IN/bundle"
cp -R "$bundle" "$out/sticks/CS-IN/bundle"
if [ -n "${SECOND:-}" ]; then
	sed -i -e "s/\"bob\"/\"$SECOND\"/" -e 's/Bob Iyer/Carl Novak/' "$plan"
fi
if [ "${MODE:-}" = amend ]; then
	if [ ! -e "$out/sticks/CS-carl/approver.key" ]; then
		echo "rehearsal passphrase of carl" |
			"$build/bin/ceremony" approver new carl "$out/sticks/CS-carl" >/dev/null
	fi
	mkdir -p "$out/sticks/CS-IN/refvals"
	echo '{"launch_measurement":"00112233445566778899aabbccddeeff"}' >"$out/sticks/CS-IN/refvals/node.json"
	"$here/amend_plan.py" "$plan" "$out"/sticks/CS-{alice,carl}/approver.json
fi
