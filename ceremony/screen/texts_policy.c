#include "ceremony/screen/texts.h"

/* What the plan accepts, the machines it names, the layouts it wants. */
static const struct text rows[] = {
	{ "plan.policy-head", "The policy" },
	{ "plan.policy",
	    "Evidence that is accepted of this machine's TPM: {classes}. Layouts in the bundle: {layouts}." },
	{ "plan.stale-refuse", "Expired collateral is refused." },
	{ "plan.stale-exception",
	    "Expired collateral is taken under an EXCEPTION; the next screen shows it." },
	{ "plan.tcb", "The least firmware that nodes must have:" },
	{ "plan.no-tcb", "No least firmware is stated." },
	{ "plan.tcb-amd",
	    "  amd {product}: boot loader {boot}, tee {tee}, snp {snp}, microcode {microcode}" },
	{ "plan.tcb-turin",
	    "  amd {product}: fmc {fmc}, boot loader {boot}, tee {tee}, snp {snp},\n"
	    "    microcode {microcode}" },
	{ "plan.tcb-intel", "  intel: evaluation data {number}, TCB of {date}" },
	{ "plan.nodes", "Nodes, {count}:" },
	{ "plan.no-nodes", "No nodes are named." },
	{ "policy.agreed",
	    "Those present agreed to the policy with digest {policy}, which names {nodes} nodes." },
};

const struct texts texts_policy = { rows, SN_NITEMS(rows) };
