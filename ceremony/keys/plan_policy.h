/*
 * plan_policy - what a plan says of the machines that are to be attested and of what is
 * accepted, and the files of the bundle that say the same.
 *
 * Owns: nothing. May include: base. Keys of the plan and the files: docs/FORMAT-PLAN.md,
 * "Policy".
 */
#ifndef PLAN_POLICY_H
#define PLAN_POLICY_H

#include "appliance/base/bytes.h"

#define PLAN_MAX_NODES 32
#define PLAN_NODE_NAME_MAX 16
#define PLAN_NODE_ID_MAX 128 /* hex digits */
#define PLAN_POLICY_PATH "policy/policy.json"
#define PLAN_NODES_FOLDER "nodes/"
#define PLAN_POLICY_FOLDER "policy/"
#define PLAN_POLICY_PATH_MAX 48

enum plan_hardware { PLAN_AMD, PLAN_INTEL };
enum plan_product { PLAN_MILAN, PLAN_GENOA, PLAN_TURIN, PLAN_PRODUCTS };
enum plan_freshness { PLAN_STALE_REFUSE, PLAN_STALE_EXCEPTION };
#define PLAN_PROFILE_TRUSTEE 1U /* trustee-0.21 */
#define PLAN_MAX_PROFILES 8
#define PLAN_PROFILES_ALL PLAN_PROFILE_TRUSTEE

struct plan_node {
	char name[PLAN_NODE_NAME_MAX + 1]; /* text_name_ok() */
	enum plan_hardware hardware;
	enum plan_product product;     /* AMD */
	char id[PLAN_NODE_ID_MAX + 1]; /* lower-case hex, or "" */
};

/* The least security version numbers of an AMD product. */
struct plan_amd_tcb {
	bool given;
	uint8_t boot_loader, tee, snp, microcode, fmc; /* fmc: Turin */
};

struct plan_policy {
	bool given; /* one of its keys is in the plan */
	enum plan_freshness freshness;
	struct plan_node node[PLAN_MAX_NODES];
	size_t nnodes;
	struct plan_amd_tcb amd[PLAN_PRODUCTS];
	bool has_intel;
	uint32_t intel_evaluation; /* TCB evaluation data number */
	int64_t intel_date;	   /* of the TCB level */
	unsigned int profiles;	   /* PLAN_PROFILE_* */
};

struct plan;

const char *plan_hardware_name(enum plan_hardware h);	/* "amd" */
const char *plan_product_name(enum plan_product p);	/* "Milan" */
const char *plan_freshness_name(enum plan_freshness f); /* "refuse" */
/* The i-th layout that is wanted, or NULL: "trustee-0.21". */
const char *plan_profile(const struct plan *p, size_t i);
bool plan_wants(const struct plan *p, const char *profile);

/* How many files of the bundle hold the policy: none when the plan has none. */
size_t plan_policy_count(const struct plan *p);
/* File i, in byte order of the paths: canonical JSON and a line end, appended. */
SN_MUST_USE enum sn_err plan_policy_file(const struct plan *p, size_t i,
    char ret_path[PLAN_POLICY_PATH_MAX], struct sn_buf *ret, struct sn_why *why);

#endif
