#!/bin/bash
# sticks-ops.sh PLAN BUNDLE OUT: make the plan one of the next operations statement of the
# bundle, without custodians and within the operations signers' dates; the bundle goes in.
set -euo pipefail
plan=$1 bundle=$2 out=$3
sha256() { local d; d=$(sha256sum <"$1"); echo "${d%% *}"; }

n=1
while [ -d "$bundle/ops/$n" ]; do
	n=$((n + 1))
done
sed -i -e '/"roles": \["custodian"\]/d' -e 's/2034-12-31/2027-12-31/' \
	-e "s/\"sequence\": [0-9]*/\"sequence\": $n/" \
	-e "2i\\  \"base_sha256\": \"$(sha256 "$bundle/statement.json")\"," "$plan"
if [ $n -gt 1 ]; then
	sed -i "2i\\  \"previous_sha256\": \"$(sha256 "$bundle/ops/$((n - 1))/statement.json")\"," "$plan"
fi
rm -rf "$out/sticks/CS-IN/bundle"
cp -R "$bundle" "$out/sticks/CS-IN/bundle"
