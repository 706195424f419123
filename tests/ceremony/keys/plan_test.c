#include "ceremony/keys/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/key.h"
#include "tests/lib/test.h"

/*
 * One good plan as text with places @A@ ... for four public keys. A row replaces
 * one piece of text by another, and names what must happen.
 */
static const char good[] =
    "{\"format\":\"cornerstone-plan-1\",\"world\":\"rehearsal\",\"mode\":\"genesis\","
    "\"sequence\":1,\"ceremony\":\"2026-1\","
    "\"window\":{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2030-01-01T00:00:00Z\"},"
    "\"sanctum\":{\"id\":\"00112233445566778899aabbccddeeff\",\"name\":\"S\","
    "\"organization\":\"O\"},"
    "\"people\":[{\"name\":\"dora\",\"full\":\"Dora\",\"roles\":[\"administrator\"]},"
    "{\"name\":\"carol\",\"full\":\"Carol\",\"roles\":[\"custodian\"]},"
    "{\"name\":\"dave\",\"full\":\"Dave\",\"roles\":[\"custodian\"]},"
    "{\"name\":\"erin\",\"full\":\"Erin\",\"roles\":[\"custodian\",\"witness\"]},"
    "{\"name\":\"alice\",\"full\":\"Alice\",\"roles\":[\"approver\"]},"
    "{\"name\":\"bob\",\"full\":\"Bob\",\"roles\":[\"approver\"]}],"
    "\"shares\":{\"threshold\":2,\"count\":3},"
    "\"approvers\":[{\"name\":\"alice\",\"sign\":\"@0@\",\"seal\":\"@1@\"},"
    "{\"name\":\"bob\",\"sign\":\"@2@\",\"seal\":\"@3@\"}],"
    "\"approvals\":2,\"operations\":2,"
    "\"dates\":{\"root\":{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2045-01-01T00:00:00Z\"},"
    "\"signing\":{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2044-01-01T00:00:00Z\"},"
    "\"statement\":{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2036-01-01T00:00:00Z\"},"
    "\"operations\":{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2027-12-31T00:00:00Z\"},"
    "\"token\":{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2035-01-01T00:00:00Z\"}},"
    "\"tpm\":\"machine\",\"accept\":[\"software\"],\"console\":\"any\"}";

struct row {
	const char *name, *find, *put;
	enum sn_err want;
};

#define PROD "\"world\":\"production\""
#define REH "\"world\":\"rehearsal\""
#define GENESIS "\"mode\":\"genesis\""
#define REBUILD "\"mode\":\"rebuild\""
#define RESHARE "\"mode\":\"reshare\""
#define FOLLOWED "\"previous_sha256\":\"" HEX32 "\""
#define CHECK "\"mode\":\"check\""
#define IDENTITY                                                                               \
	"\"identity_sha256\":"                                                                 \
	"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
#define HEX32 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define BASE ",\"base_sha256\":\"" HEX32 "\""
#define PREVIOUS ",\"previous_sha256\":\"" HEX32 "\""
#define WINDOW(year)                                                                           \
	",\"ceremony\":\"2026-1\",\"window\":{\"from\":\"2026-01-01T00:00:00Z\","              \
	"\"to\":\"" year "-"
#define HEAD GENESIS ",\"sequence\":1" WINDOW("2030")
#define OPS(members, sequence, year)                                                           \
	"\"mode\":\"refresh\",\"sequence\":" sequence "," members WINDOW(year)
#define AMEND(members) "\"mode\":\"amend\",\"sequence\":1," members WINDOW("2027")
#define NEXT(name, sign, seal)                                                                 \
	",\"approvers_next\":[{\"name\":\"" name "\",\"sign\":\"" sign "\",\"seal\":\"" seal   \
	"\"},{\"name\":\"bob\",\"sign\":\"@2@\",\"seal\":\"@3@\"}]"
#define EXCEPTION(what, time, reason)                                                          \
	"\"exceptions\":[{\"what\":\"" what "\",\"collateral_time\":\"" time                   \
	"\",\"reason\":\"" reason "\"}],\"tpm\":"
#define EXPIRED(reason) EXCEPTION("expired-collateral", "2025-07-01T00:00:00Z", reason)
#define NODES(list) "\"nodes\":[" list "],\"tpm\":"
#define MILAN(name, more)                                                                      \
	"{\"name\":\"" name "\",\"hardware\":\"amd\",\"product\":\"Milan\"" more "}"
#define INTEL(name, id) "{\"name\":\"" name "\",\"hardware\":\"intel\",\"id\":\"" id "\"}"
#define HEX30 "00112233445566778899aabbccddee"
#define PPID HEX30 "ff"
#define TCB(list) "\"tcb\":{" list "},\"tpm\":"
#define SVNS "\"boot_loader\":4,\"tee\":0,\"snp\":24,\"microcode\":219"
#define SVN "{" SVNS "}"
static const struct row rows[] = {
	{ "a good plan", "", "", SN_OK },
	{ "collateral time in a rehearsal",
	    "\"tpm\":", "\"collateral_time\":\"2025-07-01T00:00:00Z\",\"tpm\":", SN_OK },
	{ "generated vendor roots in a rehearsal", "\"tpm\":",
	    "\"vendor_pki\":{\"amd\":{\"Milan\":\"00112233445566778899aabbccddeeff0011223344556677"
	    "8899aabbccddeeff\"}},\"tpm\":",
	    SN_OK },
	{ "a generated root for IBM in a rehearsal", "\"tpm\":",
	    "\"vendor_pki\":{\"ibm-se\":\"00112233445566778899aabbccddeeff001122334455667788"
	    "99aabbccddeeff\"},\"tpm\":",
	    SN_OK },
	{ "a pinned endorsement key", "\"tpm\":",
	    "\"tpm_ek\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"tpm\":",
	    SN_OK },
	{ "an enrolled attestation key alone",
	    "\"tpm\":", "\"tpm_ak\":\"" HEX32 "\",\"tpm\":", SN_OK },
	{ "an attestation key one digit short",
	    "\"tpm\":", "\"tpm_ak\":\"" HEX30 "\",\"tpm\":", SN_E_FORMAT },
	{ "an attestation key that is null",
	    "\"tpm\":", "\"tpm_ak\":null,\"tpm\":", SN_E_FORMAT },
	{ "a counter from zero", "\"tpm\":", "\"tpm_counter\":0,\"tpm\":", SN_OK },
	{ "the highest counter",
	    "\"tpm\":", "\"tpm_counter\":9007199254740991,\"tpm\":", SN_OK },
	{ "a counter that JSON cannot hold",
	    "\"tpm\":", "\"tpm_counter\":9007199254740992,\"tpm\":", SN_E_FORMAT },
	{ "a counter below zero", "\"tpm\":", "\"tpm_counter\":-1,\"tpm\":", SN_E_FORMAT },
	{ "a counter with a fraction",
	    "\"tpm\":", "\"tpm_counter\":1.0,\"tpm\":", SN_E_FORMAT },
	{ "a counter in words", "\"tpm\":", "\"tpm_counter\":\"1\",\"tpm\":", SN_E_FORMAT },
	{ "the software TPM", "\"tpm\":\"machine\"", "\"tpm\":\"software\"", SN_OK },
	{ "a software TPM with a known endorsement key", "\"tpm\":\"machine\"",
	    "\"tpm_ek\":\"" HEX32 "\",\"tpm\":\"software\"", SN_E_POLICY },
	{ "a software TPM with an enrolled key", "\"tpm\":\"machine\"",
	    "\"tpm_ak\":\"" HEX32 "\",\"tpm\":\"software\"", SN_E_POLICY },
	{ "a software TPM that counts on", "\"tpm\":\"machine\"",
	    "\"tpm_counter\":1,\"tpm\":\"software\"", SN_E_POLICY },
	{ "a generated TPM root in a rehearsal",
	    "\"tpm\":", "\"vendor_pki\":{\"tpm\":\"" HEX32 "\"},\"tpm\":", SN_OK },
	{ "a generated TPM root that is a list",
	    "\"tpm\":", "\"vendor_pki\":{\"tpm\":[\"" HEX32 "\"]},\"tpm\":", SN_E_FORMAT },
	{ "an exception for expired collateral", "\"tpm\":", EXPIRED("air gap"), SN_OK },
	{ "an exception without a reason", "\"tpm\":", EXPIRED(""), SN_E_FORMAT },
	{ "an exception whose reason is not given", "\"tpm\":",
	    "\"exceptions\":[{\"what\":\"expired-collateral\",\"collateral_time\":"
	    "\"2025-07-01T00:00:00Z\"}],\"tpm\":",
	    SN_E_FORMAT },
	{ "a reason of 121 bytes", "\"tpm\":",
	    EXPIRED("0123456789012345678901234567890123456789012345678901234567890"
		    "012345678901234567890123456789012345678901234567890123456789"),
	    SN_E_FORMAT },
	{ "a reason that paints over the screen", "\"tpm\":", EXPIRED("\\u001b[2J"),
	    SN_E_FORMAT },
	{ "an exception that nobody knows", "\"tpm\":",
	    EXCEPTION("one-approver", "2025-07-01T00:00:00Z", "haste"), SN_E_FORMAT },
	{ "an exception for collateral of the day itself", "\"tpm\":",
	    EXCEPTION("expired-collateral", "2026-01-01T00:00:00Z", "air gap"), SN_E_POLICY },
	{ "two exceptions", "\"tpm\":", "\"exceptions\":[1,2],\"tpm\":", SN_E_FORMAT },
	{ "no exception in the list", "\"tpm\":", "\"exceptions\":[],\"tpm\":", SN_E_FORMAT },
	{ "an exception that is no object",
	    "\"tpm\":", "\"exceptions\":[\"all\"],\"tpm\":", SN_E_FORMAT },
	{ "a collateral time beside an exception", "\"tpm\":",
	    "\"collateral_time\":\"2025-07-01T00:00:00Z\"," EXPIRED("air gap"), SN_E_POLICY },
	{ "expired collateral is refused, said so",
	    "\"tpm\":", "\"freshness\":\"refuse\",\"tpm\":", SN_OK },
	{ "expired collateral under an exception, said so",
	    "\"tpm\":", "\"freshness\":\"exception\"," EXPIRED("air gap"), SN_OK },
	{ "refused and excepted", "\"tpm\":", "\"freshness\":\"refuse\"," EXPIRED("air gap"),
	    SN_E_POLICY },
	{ "an exception without one",
	    "\"tpm\":", "\"freshness\":\"exception\",\"tpm\":", SN_E_POLICY },
	{ "a freshness that nobody knows",
	    "\"tpm\":", "\"freshness\":\"ignore\",\"tpm\":", SN_E_FORMAT },
	{ "no nodes", "\"tpm\":", NODES(""), SN_OK },
	{ "an AMD node", "\"tpm\":", NODES(MILAN("n1", "")), SN_OK },
	{ "an Intel node with its PPID", "\"tpm\":", NODES(INTEL("n1", PPID)), SN_OK },
	{ "two nodes of one name", "\"tpm\":", NODES(MILAN("n1", "") "," MILAN("n1", "")),
	    SN_E_POLICY },
	{ "two nodes of one id", "\"tpm\":", NODES(INTEL("n1", PPID) "," INTEL("n2", PPID)),
	    SN_E_POLICY },
	{ "one id in two spellings", "\"tpm\":",
	    NODES(INTEL("n1", "aa" HEX30) "," INTEL("n2", "AA" HEX30)), SN_E_POLICY },
	{ "a node that climbs out", "\"tpm\":", NODES(MILAN("../n1", "")), SN_E_FORMAT },
	{ "a node without hardware", "\"tpm\":", NODES("{\"name\":\"n1\"}"), SN_E_FORMAT },
	{ "a node that is no object", "\"tpm\":", NODES("\"n1\""), SN_E_FORMAT },
	{ "an AMD node without a product",
	    "\"tpm\":", NODES("{\"name\":\"n1\",\"hardware\":\"amd\"}"), SN_E_FORMAT },
	{ "an Intel node with a product",
	    "\"tpm\":", NODES("{\"name\":\"n1\",\"hardware\":\"intel\",\"product\":\"Milan\"}"),
	    SN_E_FORMAT },
	{ "a node's id one digit short", "\"tpm\":", NODES(INTEL("n1", HEX30 "a")),
	    SN_E_FORMAT },
	{ "an AMD node with an Intel id",
	    "\"tpm\":", NODES(MILAN("n1", ",\"id\":\"" PPID "\"")), SN_E_FORMAT },
	{ "a node's id that is no hex", "\"tpm\":", NODES(INTEL("n1", "xx" HEX30)),
	    SN_E_FORMAT },
	{ "a node with a password", "\"tpm\":", NODES(MILAN("n1", ",\"password\":\"x\"")),
	    SN_E_FORMAT },
	{ "least firmware of both makers", "\"tpm\":",
	    TCB("\"amd\":{\"Milan\":" SVN "},\"intel\":{\"evaluation\":18,"
		"\"date\":\"2024-03-13T00:00:00Z\"}"),
	    SN_OK },
	{ "least firmware of a Milan with a Turin's number",
	    "\"tpm\":", TCB("\"amd\":{\"Milan\":{\"fmc\":1," SVNS "}}"), SN_E_FORMAT },
	{ "least firmware of a Turin without it",
	    "\"tpm\":", TCB("\"amd\":{\"Turin\":" SVN "}"), SN_E_FORMAT },
	{ "least firmware of 256", "\"tpm\":",
	    TCB("\"amd\":{\"Milan\":{\"boot_loader\":256,\"tee\":0,\"snp\":8,"
		"\"microcode\":1}}"),
	    SN_E_FORMAT },
	{ "least firmware of a product nobody knows",
	    "\"tpm\":", TCB("\"amd\":{\"Rome\":" SVN "}"), SN_E_FORMAT },
	{ "least Intel firmware without a date",
	    "\"tpm\":", TCB("\"intel\":{\"evaluation\":18}"), SN_E_FORMAT },
	{ "no layout", "\"tpm\":", "\"profiles\":[],\"tpm\":", SN_OK },
	{ "the one layout there is",
	    "\"tpm\":", "\"profiles\":[\"trustee-0.21\"],\"tpm\":", SN_OK },
	{ "a layout twice", "\"tpm\":",
	    "\"profiles\":[\"trustee-0.21\",\"trustee-0.21\"],\"tpm\":", SN_E_FORMAT },
	{ "a layout that nobody knows",
	    "\"tpm\":", "\"profiles\":[\"../etc\"],\"tpm\":", SN_E_FORMAT },
	{ "English", "\"tpm\":", "\"languages\":[\"en\"],\"tpm\":", SN_OK },
	{ "German", "\"tpm\":", "\"languages\":[\"de\"],\"tpm\":", SN_E_POLICY },
	{ "English and German",
	    "\"tpm\":", "\"languages\":[\"en\",\"de\"],\"tpm\":", SN_E_POLICY },
	{ "no language", "\"tpm\":", "\"languages\":[],\"tpm\":", SN_E_FORMAT },
	{ "dice", GENESIS, GENESIS ",\"dice\":true", SN_OK },
	{ "no dice", GENESIS, GENESIS ",\"dice\":false", SN_OK },
	{ "dice by number", GENESIS, GENESIS ",\"dice\":100", SN_E_FORMAT },
	{ "a journal", GENESIS, GENESIS ",\"journal\":true", SN_OK },
	{ "a journal in a rebuild", GENESIS, REBUILD "," IDENTITY ",\"journal\":true", SN_OK },
	{ "a journal by name", GENESIS, GENESIS ",\"journal\":\"CS-JOURNAL\"", SN_E_FORMAT },
	{ "a journal in a reshare", GENESIS,
	    RESHARE "," IDENTITY "," FOLLOWED ",\"journal\":true", SN_E_POLICY },
	{ "bags, one without a serial yet", GENESIS,
	    GENESIS
	    ",\"seals\":[{\"what\":\"laptop\",\"serial\":\"K-1\"},{\"what\":\"sticks\"}]",
	    SN_OK },
	{ "an inspection", GENESIS, GENESIS ",\"inspection\":true", SN_OK },
	{ "an inspection by number", GENESIS, GENESIS ",\"inspection\":1", SN_E_FORMAT },
	{ "no bags, but a list", GENESIS, GENESIS ",\"seals\":[]", SN_E_FORMAT },
	{ "a bag that is a name", GENESIS, GENESIS ",\"seals\":[\"laptop\"]", SN_E_FORMAT },
	{ "a bag with nothing in it", GENESIS, GENESIS ",\"seals\":[{\"what\":\"\"}]",
	    SN_E_FORMAT },
	{ "a bag with a colour", GENESIS,
	    GENESIS ",\"seals\":[{\"what\":\"laptop\",\"colour\":\"red\"}]", SN_E_FORMAT },
	{ "a serial in small letters", GENESIS,
	    GENESIS ",\"seals\":[{\"what\":\"laptop\",\"serial\":\"k-1\"}]", SN_E_FORMAT },
	{ "a serial too short to tell bags apart", GENESIS,
	    GENESIS ",\"seals\":[{\"what\":\"laptop\",\"serial\":\"K1\"}]", SN_E_FORMAT },
	{ "one thing in two bags", GENESIS,
	    GENESIS ",\"seals\":[{\"what\":\"laptop\"},{\"what\":\"laptop\"}]", SN_E_POLICY },
	{ "one serial on two bags", GENESIS,
	    GENESIS ",\"seals\":[{\"what\":\"laptop\",\"serial\":\"K-1\"},"
		    "{\"what\":\"sticks\",\"serial\":\"K-1\"}]",
	    SN_E_POLICY },
	{ "dice in a rebuild", GENESIS, REBUILD "," IDENTITY ",\"dice\":true", SN_E_POLICY },
	{ "a rebuild of a named identity", GENESIS, REBUILD "," IDENTITY, SN_OK },
	{ "a rebuild that names no identity", GENESIS, REBUILD, SN_E_POLICY },
	{ "a reshare", GENESIS, RESHARE "," IDENTITY "," FOLLOWED, SN_OK },
	{ "a reshare that follows nothing", GENESIS, RESHARE "," IDENTITY, SN_E_POLICY },
	{ "a reshare that names no identity", GENESIS, RESHARE "," FOLLOWED, SN_E_POLICY },
	{ "a reshare with dice", GENESIS, RESHARE "," IDENTITY "," FOLLOWED ",\"dice\":true",
	    SN_E_POLICY },
	{ "an old custodian in a genesis", "[\"custodian\",\"witness\"]",
	    "[\"custodian\",\"old-custodian\"]", SN_E_POLICY },
	{ "a custodian check", GENESIS, CHECK "," IDENTITY, SN_OK },
	{ "a custodian check that names no identity", GENESIS, CHECK, SN_E_POLICY },
	{ "a custodian check with dice", GENESIS, CHECK "," IDENTITY ",\"dice\":true",
	    SN_E_POLICY },
	{ "a genesis that names an identity", GENESIS, GENESIS "," IDENTITY, SN_E_POLICY },
	{ "an identity's digest one digit short", GENESIS,
	    REBUILD ",\"identity_sha256\":\"00112233\"", SN_E_FORMAT },
	{ "a bundle's first refresh", HEAD, OPS(IDENTITY BASE, "1", "2027"), SN_OK },
	{ "its second", HEAD, OPS(IDENTITY BASE PREVIOUS, "2", "2027"), SN_OK },
	{ "a refresh when its signers have ended", HEAD, OPS(IDENTITY BASE, "1", "2028"),
	    SN_E_POLICY },
	{ "a refresh of no bundle", HEAD, OPS(IDENTITY, "1", "2027"), SN_E_FORMAT },
	{ "a refresh of no identity", HEAD, OPS("\"dice\":false" BASE, "1", "2027"),
	    SN_E_POLICY },
	{ "a second refresh that follows nothing", HEAD, OPS(IDENTITY BASE, "2", "2027"),
	    SN_E_POLICY },
	{ "a first refresh that follows one", HEAD, OPS(IDENTITY BASE PREVIOUS, "1", "2027"),
	    SN_E_POLICY },
	{ "a genesis that adds to a bundle", GENESIS, GENESIS BASE, SN_E_POLICY },
	{ "a rebuild that follows a statement", GENESIS, REBUILD "," IDENTITY PREVIOUS, SN_OK },
	{ "an amendment", HEAD, AMEND(IDENTITY BASE), SN_OK },
	{ "an amendment with a policy", HEAD, AMEND(IDENTITY BASE ",\"freshness\":\"refuse\""),
	    SN_OK },
	{ "a refresh with a policy", HEAD,
	    OPS(IDENTITY BASE ",\"freshness\":\"refuse\"", "1", "2027"), SN_E_POLICY },
	{ "other approvers from then on", HEAD, AMEND(IDENTITY BASE NEXT("zoe", "@0@", "@1@")),
	    SN_OK },
	{ "one approver from then on", HEAD,
	    AMEND(IDENTITY BASE ",\"approvers_next\":[{\"name\":\"zoe\",\"sign\":\"@0@\","
				"\"seal\":\"@1@\"}]"),
	    SN_E_FORMAT },
	{ "one key for two from then on", HEAD, AMEND(IDENTITY BASE NEXT("zoe", "@2@", "@1@")),
	    SN_E_POLICY },
	{ "one name for two from then on", HEAD, AMEND(IDENTITY BASE NEXT("bob", "@0@", "@1@")),
	    SN_E_POLICY },
	{ "a name from then on that no stick can have", HEAD,
	    AMEND(IDENTITY BASE NEXT("journal", "@0@", "@1@")), SN_E_POLICY },
	{ "a refresh with other approvers", HEAD,
	    OPS(IDENTITY BASE NEXT("zoe", "@0@", "@1@"), "1", "2027"), SN_E_POLICY },
	{ "a genesis with other approvers from then on", GENESIS,
	    GENESIS NEXT("zoe", "@0@", "@1@"), SN_E_POLICY },
	{ "a refresh with dice", HEAD, OPS(IDENTITY BASE ",\"dice\":true", "1", "2027"),
	    SN_E_POLICY },
	{ "another format", "cornerstone-plan-1", "cornerstone-plan-2", SN_E_FORMAT },
	{ "a key that nobody knows", "\"tpm\":", "\"tmp\":1,\"tpm\":", SN_E_FORMAT },
	{ "a key twice", "\"tpm\":", "\"sequence\":1,\"tpm\":", SN_E_FORMAT },
	{ "a missing key", "\"console\":\"any\"", "\"console\":null", SN_E_FORMAT },
	{ "text behind the plan", "\"console\":\"any\"}", "\"console\":\"any\"}{}",
	    SN_E_FORMAT },
	{ "unknown world", REH, "\"world\":\"Rehearsal\"", SN_E_FORMAT },
	{ "unknown mode", "\"mode\":\"genesis\"", "\"mode\":\"resharing\"", SN_E_FORMAT },
	{ "sequence zero", "\"sequence\":1", "\"sequence\":0", SN_E_FORMAT },
	{ "sequence with a fraction", "\"sequence\":1", "\"sequence\":1.0", SN_E_FORMAT },
	{ "sequence over 32 bits", "\"sequence\":1", "\"sequence\":4294967296", SN_E_FORMAT },
	{ "window that ends before it begins", "\"to\":\"2030-01-01", "\"to\":\"2025-12-31",
	    SN_E_POLICY },
	{ "window that the statement signer does not cover", "\"to\":\"2030-01-01",
	    "\"to\":\"2037-01-01", SN_E_POLICY },
	{ "a date that does not exist", "\"to\":\"2030-01-01", "\"to\":\"2030-02-30",
	    SN_E_FORMAT },
	{ "signing CA outlives the root", "\"to\":\"2044-01-01", "\"to\":\"2046-01-01",
	    SN_E_POLICY },
	{ "operations signers for more than two years", "\"to\":\"2027-12-31",
	    "\"to\":\"2028-01-04", SN_E_POLICY },
	{ "sanctum id one digit short", "00112233445566778899aabbccddeeff",
	    "00112233445566778899aabbccddeef", SN_E_FORMAT },
	{ "an empty name", "\"name\":\"S\"", "\"name\":\"\"", SN_E_FORMAT },
	{ "a name with a control character", "\"name\":\"S\"", "\"name\":\"S\\u001b[2J\"",
	    SN_E_FORMAT },
	{ "a name that turns the text around", "\"name\":\"S\"", "\"name\":\"S\\u202e\"",
	    SN_E_FORMAT },
	{ "administrator and custodian in one", "[\"administrator\"]",
	    "[\"administrator\",\"custodian\"]", SN_E_POLICY },
	{ "a witness who keeps the safe", "[\"custodian\",\"witness\"]",
	    "[\"custodian\",\"witness\",\"safe-controller\"]", SN_OK },
	{ "a role twice", "[\"custodian\",\"witness\"]", "[\"custodian\",\"custodian\"]",
	    SN_E_FORMAT },
	{ "an unknown role", "[\"custodian\",\"witness\"]", "[\"custodian\",\"boss\"]",
	    SN_E_FORMAT },
	{ "a full team that says so", GENESIS, GENESIS ",\"team\":\"full\"", SN_OK },
	{ "a team of three", GENESIS, GENESIS ",\"team\":\"three\"", SN_E_FORMAT },
	{ "a team by number", GENESIS, GENESIS ",\"team\":2", SN_E_FORMAT },
	{ "a team of two that has six people", GENESIS, GENESIS ",\"team\":\"two\"",
	    SN_E_POLICY },
	{ "a person twice", "\"name\":\"dave\"", "\"name\":\"carol\"", SN_E_POLICY },
	{ "a name in capitals", "\"name\":\"dave\"", "\"name\":\"Dave\"", SN_E_FORMAT },
	{ "a name that climbs out", "\"name\":\"dave\"", "\"name\":\"../dave\"", SN_E_FORMAT },
	{ "fewer shares than custodians", "\"count\":3", "\"count\":2", SN_E_POLICY },
	{ "threshold one", "\"threshold\":2", "\"threshold\":1", SN_E_FORMAT },
	{ "threshold over the shares", "\"threshold\":2", "\"threshold\":4", SN_E_FORMAT },
	{ "one approval is enough", "\"approvals\":2", "\"approvals\":1", SN_E_FORMAT },
	{ "more approvals than approvers", "\"approvals\":2", "\"approvals\":3", SN_E_FORMAT },
	{ "operations opened by one", "\"operations\":2", "\"operations\":1", SN_E_FORMAT },
	{ "an approver who is no person", "{\"name\":\"bob\",\"sign\"",
	    "{\"name\":\"rob\",\"sign\"", SN_E_POLICY },
	{ "an approver twice", "{\"name\":\"bob\",\"sign\"", "{\"name\":\"alice\",\"sign\"",
	    SN_E_POLICY },
	{ "an approver without that role", "{\"name\":\"bob\",\"sign\"",
	    "{\"name\":\"erin\",\"sign\"", SN_E_POLICY },
	{ "two approvers with one key", "@2@", "@0@", SN_E_POLICY },
	{ "one key for signing and sealing", "@3@", "@2@", SN_E_POLICY },
	{ "a sealing key that signs for another", "@3@", "@0@", SN_E_POLICY },
	{ "a P-256 key", "@3@", "@4@", SN_E_POLICY },
	{ "a key in broken base64", "@3@", "AAA", SN_E_FORMAT },
	{ "an unknown evidence class", "[\"software\"]", "[\"hardware\"]", SN_E_FORMAT },
	{ "no evidence class", "[\"software\"]", "[]", SN_E_FORMAT },
	{ "production with a software TPM's evidence", REH, PROD, SN_E_POLICY },
	{ "an unknown console", "\"console\":\"any\"", "\"console\":\"ssh\"", SN_E_FORMAT },
	{ "vendor roots for a product nobody knows",
	    "\"tpm\":", "\"vendor_pki\":{\"amd\":{\"Rome\":\"00\"}},\"tpm\":", SN_E_FORMAT },
};

/* In production these are refused though each is fine in a rehearsal. */
static const struct row production_rows[] = {
	{ "production, nothing special", "", "", SN_OK },
	{ "production, an exception for expired collateral", "\"tpm\":", EXPIRED("air gap"),
	    SN_OK },
	{ "collateral time",
	    "\"tpm\":", "\"collateral_time\":\"2025-07-01T00:00:00Z\",\"tpm\":", SN_E_POLICY },
	{ "software TPM", "\"tpm\":\"machine\"", "\"tpm\":\"software\"", SN_E_POLICY },
	{ "generated vendor root", "\"tpm\":",
	    "\"vendor_pki\":{\"intel\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
	    "ff\"},\"tpm\":",
	    SN_E_POLICY },
	{ "generated root for IBM", "\"tpm\":",
	    "\"vendor_pki\":{\"ibm-se\":\"00112233445566778899aabbccddeeff001122334455667788"
	    "99aabbccddeeff\"},\"tpm\":",
	    SN_E_POLICY },
	{ "generated root for TPMs",
	    "\"tpm\":", "\"vendor_pki\":{\"tpm\":\"" HEX32 "\"},\"tpm\":", SN_E_POLICY },
	{ "an enrolled attestation key",
	    "\"tpm\":", "\"tpm_ak\":\"" HEX32 "\",\"tpm\":", SN_OK },
	{ "rebuild", GENESIS, REBUILD "," IDENTITY, SN_OK },
	{ "a custodian check", GENESIS, CHECK "," IDENTITY, SN_OK },
	{ "a reshare", GENESIS, RESHARE "," IDENTITY "," FOLLOWED, SN_OK },
};

static char *
replaced(const char *text, const char *find, const char *put)
{
	const char *at = find[0] != '\0' ? strstr(text, find) : text;

	assert_non_null(at);
	return test_format("%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

static char *
spki_base64(enum cry_alg alg, uint8_t number)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	struct cry_key *k = NULL;
	uint8_t seed[48];

	memset(seed, number, sizeof(seed));
	assert_int_equal(cry_key_from_seed(alg,
			     (struct bytes){ seed, alg == CRY_P256 ? 32 : 48 }, &k, NULL),
	    SN_OK);
	assert_int_equal(cry_key_spki(k, &der, NULL), SN_OK);
	cry_key_free(&k);
	sn_buf_base64(&text, sn_buf_bytes(&der));
	return test_format("%s", sn_buf_cstr(&text));
}

/* The row's change first, then keys for whatever places are left. */
static char *
plan_text(const struct row *row, bool production)
{
	char *text = replaced(good, row->find, row->put), *next;

	if (production) {
		next = replaced(text, REH, PROD);
		free(text);
		text = replaced(next, "[\"software\"]", "[\"vendor\"]");
		free(next);
	}
	for (uint8_t i = 0; i < 5; i++) {
		char *place = test_format("@%d@", i);
		char *key = spki_base64(i == 4 ? CRY_P256 : CRY_P384, (uint8_t)(i + 1));

		while (strstr(text, place) != NULL) {
			next = replaced(text, place, key);
			free(text);
			text = next;
		}
		free(place);
		free(key);
	}
	return text;
}

static void
judge(const struct row *row, bool production)
{
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	struct sn_why why = { 0 };
	char *text = plan_text(row, production);
	enum sn_err e = plan_parse(bytes_str(text), &p, &why);

	if (e != row->want)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(row->want),
		    why.text);
	assert_true((p != NULL) == (e == SN_OK));
	if (e != SN_OK)
		assert_true(strlen(why.text) > 10);
	free(text);
}

static void
plan_is_judged(void **state)
{
	judge(*state, false);
}

static void
production_plan_is_judged(void **state)
{
	judge(*state, true);
}

static void
plan_is_read(void **state)
{
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	uint8_t digest[32];
	char *text = plan_text(&rows[0], false);

	(void)state;
	assert_int_equal(plan_parse(bytes_str(text), &p, NULL), SN_OK);
	assert_int_equal(cry_digest(CRY_SHA256, bytes_str(text), digest, NULL), SN_OK);
	assert_memory_equal(p->digest, digest, 32);
	assert_int_equal(p->share_count, 3);
	assert_string_equal(plan_custodian(p, 0)->name, "carol");
	assert_string_equal(plan_custodian(p, 2)->name, "erin");
	assert_null(plan_custodian(p, 3));
	assert_non_null(plan_approver(p, "bob"));
	assert_null(plan_approver(p, "carol"));
	assert_string_equal(plan_first(p, PLAN_ROLE_WITNESS)->name, "erin");
	free(text);
}

/* A refresh needs no custodian, and a genesis needs them all. */
static void
custodians_may_be_absent(void **state)
{
	static const char all[] =
	    "{\"name\":\"carol\",\"full\":\"Carol\",\"roles\":[\"custodian\"]},"
	    "{\"name\":\"dave\",\"full\":\"Dave\",\"roles\":[\"custodian\"]},";
	const struct row refresh = { "", HEAD, OPS(IDENTITY BASE, "1", "2027"), SN_OK };
	const struct row genesis = { "", "", "", SN_OK };
	char *text[] = { plan_text(&refresh, false), plan_text(&genesis, false) };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(text); i++) {
		char *some = replaced(text[i], all, "");
		char *none = replaced(some, "[\"custodian\",\"witness\"]", "[\"witness\"]");
		SN_CLEANUP(plan_free) struct plan *p = NULL;

		assert_int_equal(plan_parse(bytes_str(some), &p, NULL), SN_E_POLICY);
		assert_int_equal(plan_parse(bytes_str(none), &p, NULL),
		    i == 0 ? SN_OK : SN_E_POLICY);
		free(some);
		free(none);
		free(text[i]);
	}
}

/* The name of person and approver bob, both changed. */
struct name_row {
	const char *name;
	enum sn_err want;
	const char *said;
};

static const struct name_row name_rows[] = {
	{ "bobbette", SN_OK, "" },
	{ "bob-ette1", SN_E_POLICY, "more than 8" },
	{ "in", SN_E_POLICY, "another stick" },
	{ "out", SN_E_POLICY, "another stick" },
	{ "out-a", SN_E_POLICY, "another stick" },
	{ "out-b", SN_E_POLICY, "another stick" },
	{ "log", SN_E_POLICY, "another stick" },
	{ "journal", SN_E_POLICY, "another stick" },
};

static void
approver_name_is_judged(void **state)
{
	const struct name_row *row = *state;
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	struct sn_why why = { 0 };
	char *text = plan_text(&rows[0], false), *next;

	for (size_t i = 0; i < 2; i++) {
		char *put = test_format("\"name\":\"%s\"", row->name);

		next = replaced(text, "\"name\":\"bob\"", put);
		free(text);
		free(put);
		text = next;
	}
	assert_int_equal(plan_parse(bytes_str(text), &p, &why), row->want);
	assert_non_null(strstr(why.text, row->said));
	free(text);
}

static void
huge_plan_is_refused(void **state)
{
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	struct bytes big = { calloc(1, PLAN_MAX_BYTES + 1), PLAN_MAX_BYTES + 1 };

	(void)state;
	assert_int_equal(plan_parse(big, &p, NULL), SN_E_LIMIT);
	free((void *)(uintptr_t)big.p);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, plan_is_judged, &rows[i], "%s", rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(production_rows); i++)
		test_list_add(l, production_plan_is_judged, &production_rows[i],
		    "production: %s", production_rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(name_rows); i++)
		test_list_add(l, approver_name_is_judged, &name_rows[i], "an approver named %s",
		    name_rows[i].name);
	test_list_add(l, plan_is_read, NULL, "fields, people and digest of a good plan");
	test_list_add(l, custodians_may_be_absent, NULL, "custodians, who may be absent");
	test_list_add(l, huge_plan_is_refused, NULL, "64 KiB and one byte");
	return test_list_run(l, "plan");
}
