/*
 * cmd - the subcommands of `sanctum`, the program of first nodes and auditors.
 *
 * Owns: nothing. Only for ceremony/node. May include: base, crypto, attest, transcript,
 * bundle, measure, screen, tpm. Exit statuses: docs/FORMAT-BUNDLE.md.
 */
#ifndef NODE_CMD_H
#define NODE_CMD_H

#include "appliance/base/err.h"

/* argv without program and subcommand; now is used unless --as-of is given. The last
 * line it prints is its verdict. */
SN_MUST_USE enum sn_err cmd_verify(int argc, char **argv, int64_t now, struct sn_why *why);

struct option_row {
	const char *name, *arg, *help; /* arg NULL: a switch */
};
/* What `sanctum verify` takes; NULL name past the end. */
const struct option_row *cmd_verify_option(size_t i);

/* `sanctum explain measurements IMAGE`: predicts what a TPM holds after booting it. */
SN_MUST_USE enum sn_err cmd_explain(int argc, char **argv, int64_t now, struct sn_why *why);
const struct option_row *cmd_explain_option(size_t i);
/* `sanctum explain evidence BUNDLE`: what its TPM evidence proves, in plain words. */
SN_MUST_USE enum sn_err cmd_explain_evidence(int argc, char **argv, int64_t now,
    struct sn_why *why);

/* `sanctum verify-image DIR`: what make iso leaves, and the builders who signed it. */
SN_MUST_USE enum sn_err cmd_verify_image(int argc, char **argv, int64_t now,
    struct sn_why *why);
const struct option_row *cmd_verify_image_option(size_t i);

/* `sanctum card FILE`: prints the identity.json that a recovery card's text holds. */
SN_MUST_USE enum sn_err cmd_card(int argc, char **argv, int64_t now, struct sn_why *why);
const struct option_row *cmd_card_option(size_t i);

/* `sanctum replay DIR`: sentences and screens of the transcript, as its checkpoint signs it. */
SN_MUST_USE enum sn_err cmd_replay(int argc, char **argv, int64_t now, struct sn_why *why);
const struct option_row *cmd_replay_option(size_t i);

/* `sanctum redact DIR OUT`: a copy from which names and free texts are withheld. */
SN_MUST_USE enum sn_err cmd_redact(int argc, char **argv, int64_t now, struct sn_why *why);
const struct option_row *cmd_redact_option(size_t i);

/* `sanctum cosign DIR`: what a witness signs of the transcript, and attaching the signature. */
SN_MUST_USE enum sn_err cmd_cosign(int argc, char **argv, int64_t now, struct sn_why *why);
const struct option_row *cmd_cosign_option(size_t i);

/* `sanctum enrol`: a challenge for a laptop's TPM, and the judgement of its answer. */
SN_MUST_USE enum sn_err cmd_enrol(int argc, char **argv, int64_t now, struct sn_why *why);
const struct option_row *cmd_enrol_option(size_t i);

/* A folder named on the command line; the caller owns *ret. SN_E_MISSING, SN_E_IO. */
SN_MUST_USE enum sn_err cmd_open_dir(const char *path, int *ret, struct sn_why *why);

#endif
