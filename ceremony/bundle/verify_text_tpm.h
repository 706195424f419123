/*
 * verify_text_tpm - the part of VERIFY.txt about the TPM's evidence, for verify_text.c.
 *
 * Owns: nothing. May include: nothing. What each command checks is docs/FORMAT-BUNDLE.md's.
 */
#ifndef BUNDLE_VERIFY_TEXT_TPM_H
#define BUNDLE_VERIFY_TEXT_TPM_H

/* clang-format off */
#define VERIFY_TEXT_TPM \
	"11. The TPM's attestation key is one that signs nothing but what its TPM " \
	    "says,\n" \
	"    and ak.pem is the same key. Whether it is in a TPM that you know is " \
	    "the\n" \
	"    evidence class, see 22: compare the second line's output with the " \
	    "digest\n" \
	"    from enrolment, and with what the plan pins (tpm_ak, tpm_ek).\n" \
	"\n" \
	"$ test \"$(head -c 22 evidence/ak.pub | tail -c 20 | basenc --base16 -w0)\" " \
	    "= 0023000B00050472000000100018000B00030010 && test \"$(tpm2_print -t " \
	    "TPM2B_PUBLIC -f pem evidence/ak.pub | openssl pkey -pubin -outform DER | " \
	    "sha256sum)\" = \"$(openssl pkey -pubin -in evidence/ak.pem -outform DER | " \
	    "sha256sum)\"\n" \
	"\n" \
	"$ for k in ak ek; do echo \"tpm_$k $(tail -c +3 evidence/$k.pub | sha256sum " \
	    "| cut -c-64)\"; done\n" \
	"\n" \
	"12. The TPM has quoted its registers over exactly this statement: PCR 0 to " \
	    "15,\n" \
	"    with the values in quote.pcr, where nothing else hides.\n" \
	"\n" \
	"$ tpm2_checkquote -u evidence/ak.pem -m evidence/quote.msg -s " \
	    "evidence/quote.sig -f evidence/quote.pcr -g sha256 -q \"$(sha256sum " \
	    "<statement.json | cut -c-64)\"\n" \
	"\n" \
	"$ test \"$({ printf '\\001\\000\\000\\000\\013\\000\\003\\377\\377\\000\\000" \
	    "\\000'; head -c 120 /dev/zero; printf '\\002\\000\\000\\000'; for l in 136 " \
	    "668; do printf '\\010\\000\\000\\000'; for i in 0 1 2 3 4 5 6 7; do printf " \
	    "'\\040\\000'; tail -c +$((l + i * 66 + 7)) evidence/quote.pcr | head -c 32; " \
	    "head -c 32 /dev/zero; done; done; } | sha256sum)\" = \"$(sha256sum " \
	    "<evidence/quote.pcr)\" && test \"$(basenc --base16 -w0 evidence/quote.msg | " \
	    "cut -c203-)\" = \"00000001000B03FFFF000020$(for l in 136 668; do for i in 0 " \
	    "1 2 3 4 5 6 7; do tail -c +$((l + i * 66 + 7)) evidence/quote.pcr | head -c " \
	    "32; done; done | sha256sum | cut -c-64 | tr a-f A-F)\"\n" \
	"\n" \
	"13. Quote, audit, creation and counter are signed by that key (the audit, " \
	    "after\n" \
	"    a power cut, by the one that was there before), as the key of a TPM's\n" \
	"    endorsement hierarchy; the quote over this statement, the others over " \
	    "the\n" \
	"    plan that it names; all in one boot.\n" \
	"\n" \
	"$ (for a in quote audit creation counter; do test -e evidence/$a.msg || " \
	    "continue; k=ak; test $a = audit && test -e evidence/seed-ak.pem && " \
	    "k=seed-ak; h=$(basenc --base16 -w0 evidence/$a.sig); r=$((0x$(echo \"$h\" | " \
	    "cut -c9-12) * 2)); s=$((0x$(echo \"$h\" | cut -c$((13 + r))-$((16 + r))) * " \
	    "2)); test \"$(echo \"$h\" | cut -c-8)\" = 0018000B && test ${#h} -eq $((16 " \
	    "+ r + s)) && test \"$(printf 'asn1=SEQUENCE:x\\n[x]\\nr=INTEGER:0x%s\\ns=INT" \
	    "EGER:0x%s\\n' \"$(echo \"$h\" | cut -c13-$((12 + r)))\" \"$(echo \"$h\" | " \
	    "cut -c$((17 + r))-)\" | openssl asn1parse -genconf /dev/stdin -noout -out " \
	    "/dev/stdout | openssl dgst -sha256 -verify evidence/$k.pem -signature " \
	    "/dev/stdin evidence/$a.msg)\" = 'Verified OK' || exit 1; done)\n" \
	"\n" \
	"$ (p=$(grep -o '\"plan_sha256\":\"[0-9a-f]*\"' statement.json | cut -d'\"' " \
	    "-f4); for a in quote:8018 audit:8016 creation:801A counter:8014; do " \
	    "f=evidence/${a%:*}.msg; test -e \"$f\" || continue; k=ak; test \"$f\" = " \
	    "evidence/audit.msg && test -e evidence/seed-ak.pub && k=seed-ak; q=$p; test " \
	    "\"$f\" = evidence/quote.msg && q=$(sha256sum <statement.json | cut -c-64); " \
	    "n=$({ printf '\\100\\000\\000\\013\\000\\013'; tail -c +3 evidence/$k.pub | " \
	    "openssl dgst -sha256 -binary; } | sha256sum | cut -c-64); test \"$(head -c " \
	    "76 \"$f\" | basenc --base16 -w0)\" = \"FF544347${a#*:}0022000B$(echo " \
	    "\"${n}0020$q\" | tr a-f A-F)\" || exit 1; done)\n" \
	"\n" \
	"$ test \"$(for a in quote audit creation counter; do test -e " \
	    "evidence/$a.msg || continue; test $a = audit && test -e " \
	    "evidence/seed-ak.pub && continue; basenc --base16 -w0 evidence/$a.msg | cut " \
	    "-c169-184; done | sort -u | wc -l)\" -eq 1\n" \
	"\n" \
	"14. The key was made in its TPM, for this purpose, as a key of the " \
	    "endorsement\n" \
	"    hierarchy.\n" \
	"\n" \
	"$ test \"$(basenc --base16 -w0 evidence/creation.msg | cut -c203-)\" = " \
	    "\"0022000B$(tail -c +3 evidence/ak.pub | sha256sum | cut -c-64 | tr a-f " \
	    "A-F)0020$(sha256sum <evidence/creation.data | cut -c-64 | tr a-f A-F)\" && " \
	    "test \"$(tail -c 33 evidence/creation.data | basenc --base16 -w0)\" = " \
	    "\"001000044000000B00044000000B0011$(printf cornerstone/v1/ak | basenc " \
	    "--base16 -w0)\"\n" \
	"\n" \
	"15. The random bytes of a genesis: TPM2_GetRandom(32) at least 16 times " \
	    "(the\n" \
	"    digest is that command's), then at most three calls for what was left\n" \
	"    out, in one session that nobody else used, folded to the digest that " \
	    "the\n" \
	"    TPM has signed.\n" \
	"\n" \
	"$ (test ! -e evidence/audit.msg && ! grep -Fq '\"mode\":\"genesis\"' " \
	    "statement.json || { c=d12a7ca7730490e4296ad6041aa3fbc75af0f9a612632d54168906" \
	    "df2541591a; n=$(grep -c \"^$c\" evidence/audit.list); test \"$n\" -ge 16 && " \
	    "test -z \"$(head -n \"$n\" evidence/audit.list | grep -Evx \"$c " \
	    "[0-9a-f]{64}\")\" && test \"$(tail -n +$((n + 1)) evidence/audit.list | wc " \
	    "-l)\" -le 3 && tail -n +$((n + 1)) evidence/audit.list | while read -r x y; " \
	    "do i=1; while test $i -lt 32; do test \"$x\" = \"$(printf " \
	    "\"\\000\\000\\001\\173\\000\\\\$(printf %03o $i)\" | sha256sum | cut " \
	    "-c-64)\" && break; i=$((i + 1)); done; test $i -lt 32 && echo \"$y\" | grep " \
	    "-Eqx '[0-9a-f]{64}' || exit 1; done; })\n" \
	"\n" \
	"$ test ! -e evidence/audit.msg || test \"$(basenc --base16 -w0 " \
	    "evidence/audit.msg | cut -c203-)\" = \"010020$(d=$(printf %064d 0); while " \
	    "read -r c r; do d=$(printf %s \"$d$c$r\" | tr a-f A-F | basenc --base16 -d " \
	    "| sha256sum | cut -c-64); done <evidence/audit.list; echo \"$d\" | tr a-f " \
	    "A-F)\"\n" \
	"\n" \
	"16. The TPM's counter, if it has one of ours: NV index 01815c01, a counter " \
	    "that\n" \
	"    only goes up. Compare it with the last that you know.\n" \
	"\n" \
	"$ (if grep -Fq '\"counter\":{\"none\":' evidence/tpm.json; then test -z " \
	    "\"$(find evidence -name 'counter.*')\"; else n=$(grep -Eo " \
	    "'\"counter\":\\{\"value\":[0-9]+\\}' evidence/tpm.json | grep -Eo '[0-9]+') " \
	    "&& test \"$(basenc --base16 -w0 evidence/counter.msg | cut -c203-)\" = " \
	    "\"0022000B$(sha256sum <evidence/counter.pub | cut -c-64 | tr a-f " \
	    "A-F)00000008$(printf %016X \"$n\")\" && basenc --base16 -w0 " \
	    "evidence/counter.pub | grep -Eqx '01815C01000B[2367ABEF].{5}1.(0000|0020.{64" \
	    "})0008' && { t=$(grep -F '\"id\":\"tpm.counter\"' transcript/records.jsonl " \
	    "| tail -n 1); test -z \"$t\" || echo \"$t\" | grep -Eq " \
	    "'\"value\":'\"$n\"'[,}]'; } && echo \"counter $n\"; fi)\n" \
	"\n" \
	"17. tpm.json and ek.pub are of the TPM that the transcript names; ek.pub is " \
	    "made\n" \
	"    from one of TCG's templates.\n" \
	"\n" \
	"$ (t=$(grep -F '\"id\":\"tpm.opened\"' transcript/records.jsonl | tail -n " \
	    "1); for k in backend firmware manufacturer vendor; do v=$(grep -Eo " \
	    "'\"'$k'\":\"([^\"\\]|\\\\.)*\"' evidence/tpm.json) && echo \"$t\" | grep " \
	    "-Fq \"$v\" || exit 1; done; echo \"$t\" | grep -Fq '\"ek\":\"'\"$(tail -c " \
	    "+3 evidence/ek.pub | sha256sum | cut -c-64)\"'\"')\n" \
	"\n" \
	"$ (a=20837197674484B3F81A90CC8D46A5D724FD52D76E06520B64F2A1DA1B331469AA; " \
	    "case $(basenc --base16 -w0 evidence/ek.pub | cut -c5-) in " \
	    "0023000B000300B200${a}000600800043001000030010*) t=ecc-p256 ;; " \
	    "0001000B000300B200${a}00060080004300100800000000000100*) t=rsa-2048 ;; " \
	    "0023000C000300F20030B26E7D28D11A50BC53D882BCF5FD3A1A074148BB35D3B4E4CB1C0AD9" \
	    "BDE419CACB47BA09699646150F9FC000F3F80E12000601000043001000040010*) " \
	    "t=ecc-p384 ;; *) exit 1 ;; esac; grep -Fq '\"ek\":\"'$t'\"' " \
	    "evidence/tpm.json)\n" \
	"\n" \
	"18. If a TPM vendor's certificate came with it: it is for the endorsement " \
	    "key,\n" \
	"    and leads, certificate by certificate as ek-chain.pem has them, to the " \
	    "root\n" \
	"    whose fingerprint this prints. Whether that is a vendor's root, the " \
	    "vendor\n" \
	"    must say; in a rehearsal it may be a generated one.\n" \
	"\n" \
	"$ test ! -e evidence/ek-chain.pem || test \"$(openssl x509 -in " \
	    "evidence/ekcert.der -noout -pubkey | openssl pkey -pubin -outform DER | " \
	    "sha256sum)\" = \"$(tpm2_print -t TPM2B_PUBLIC -f pem evidence/ek.pub | " \
	    "openssl pkey -pubin -outform DER | sha256sum)\"\n" \
	"\n" \
	"$ test ! -e evidence/ek-chain.pem || tail -n +\"$(grep -n BEGIN " \
	    "evidence/ek-chain.pem | tail -n 1 | cut -d: -f1)\" evidence/ek-chain.pem | " \
	    "openssl verify -attime \"$(grep -o '\"time_unix\":[0-9]*' statement.json | " \
	    "cut -d: -f2)\" -CAfile /dev/stdin -no-CApath -no-CAstore -untrusted " \
	    "evidence/ek-chain.pem evidence/ekcert.der\n" \
	"\n" \
	"$ test ! -e evidence/ek-chain.pem || test \"$(openssl crl2pkcs7 -nocrl " \
	    "-certfile evidence/ek-chain.pem | openssl pkcs7 -print_certs | grep -Ev " \
	    "'^(subject=.*|issuer=.*|)$' | sha256sum)\" = \"$(sha256sum " \
	    "<evidence/ek-chain.pem)\"\n" \
	"\n" \
	"$ test ! -e evidence/ek-chain.pem || { openssl x509 -in evidence/ekcert.der " \
	    "-noout -subject -issuer; openssl crl2pkcs7 -nocrl -certfile " \
	    "evidence/ek-chain.pem | openssl pkcs7 -print_certs -noout; } | grep -E " \
	    "'^(subject|issuer)=' | { p=; r=; while read -r s && read -r i; do test -z " \
	    "\"$p\" || test \"$p\" = \"${s#subject=}\" || exit 1; p=${i#issuer=}; " \
	    "r=${s#subject=}; done; test \"$p\" = \"$r\"; }\n" \
	"\n" \
	"$ test ! -e evidence/ek-chain.pem || tail -n +\"$(grep -n BEGIN " \
	    "evidence/ek-chain.pem | tail -n 1 | cut -d: -f1)\" evidence/ek-chain.pem | " \
	    "openssl x509 -noout -subject -fingerprint -sha256\n" \
	"\n" \
	"19. The firmware's log, if there is one, gives exactly what PCR 0 to 14 " \
	    "hold,\n" \
	"    and has nothing for PCR 15; a software TPM has seen no boot, and holds\n" \
	"    zeros. Which image ran: docs/MEASUREMENTS.md of Cornerstone, PCR 4, 9, " \
	    "11.\n" \
	"\n" \
	"$ (v() { tail -c +$((143 + $1 / 8 * 532 + $1 % 8 * 66)) evidence/quote.pcr " \
	    "| head -c 32 | basenc --base16 -w0 | tr A-F a-f; }; z=$(printf %064d 0); if " \
	    "test -e evidence/eventlog; then tpm2_eventlog evidence/eventlog >/dev/null " \
	    "2>&1 || exit 1; n=$(tpm2_eventlog evidence/eventlog 2>/dev/null | grep -an " \
	    "'^pcrs:$' | tail -n 1 | cut -d: -f1); l=$(tpm2_eventlog evidence/eventlog " \
	    "2>/dev/null | tail -n +\"$n\" | grep -a -A 24 '^  sha256:$' | tr -d ' ' | " \
	    "grep -aE '^[0-9]+:0x[0-9a-f]{64}$'); for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 " \
	    "13 14; do x=$(echo \"$l\" | grep -m 1 \"^$i:\" | cut -d: -f2); x=${x#0x}; " \
	    "test \"${x:-$z}\" = \"$(v $i)\" || exit 1; done; ! echo \"$l\" | grep -q " \
	    "'^15:'; elif grep -Fq '\"backend\":\"software\"' evidence/tpm.json; then " \
	    "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do test \"$(v $i)\" = \"$z\" " \
	    "|| exit 1; done; fi)\n" \
	"\n" \
	"20. PCR 15 is the transcript's records since the machine was last started.\n" \
	"\n" \
	"$ (n=$(grep -nF '\"id\":\"segment.start\"' transcript/records.jsonl | tail " \
	    "-n 1 | cut -d: -f1); test \"$(tail -n +\"${n:-1}\" transcript/records.jsonl " \
	    "| { p=$(printf %064d 0); while IFS= read -r l; do h=$({ printf '\\000'; " \
	    "printf %s \"$l\"; } | sha256sum | cut -c-64); p=$(printf %s \"$p$h\" | tr " \
	    "a-f A-F | basenc --base16 -d | sha256sum | cut -c-64); done; echo \"$p\"; " \
	    "})\" = \"$(tail -c +1137 evidence/quote.pcr | head -c 32 | basenc --base16 " \
	    "-w0 | tr A-F a-f)\")\n" \
	"\n"
/* clang-format on */

#endif
