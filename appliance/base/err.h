/*
 * err - one list of everything that can go wrong, with its exit status and
 * the operator's sentence.
 *
 * Owns: nothing. May include: base.h. The exit statuses 10 to 17 are the ones
 * that `sanctum verify` promises (docs/FORMAT-BUNDLE.md).
 */
#ifndef SN_ERR_H
#define SN_ERR_H

#include "appliance/base/base.h"

/*      name           exit  what was refused; what to do */
#define SN_ERR_LIST(X)                                                                         \
	X(SN_OK, 0, "done")                                                                    \
	X(SN_E_INTERNAL, 1, "the program contradicts itself; report this")                     \
	X(SN_E_USAGE, 2, "the command line is not understood; see --help")                     \
	X(SN_E_FORMAT, 10, "the data does not have the form it must have")                     \
	X(SN_E_SIGNATURE, 11, "a signature or digest does not match")                          \
	X(SN_E_MISSING, 12,                                                                    \
	    "a file is missing, or one is there that is not "                                  \
	    "listed")                                                                          \
	X(SN_E_SEQUENCE, 13,                                                                   \
	    "the sequence is too old, or two statements "                                      \
	    "share one number")                                                                \
	X(SN_E_REHEARSAL, 14,                                                                  \
	    "this comes from a rehearsal; it must not be "                                     \
	    "used in production")                                                              \
	X(SN_E_EVIDENCE, 15,                                                                   \
	    "the TPM evidence is of a class that the policy "                                  \
	    "does not accept")                                                                 \
	X(SN_E_UNANCHORED, 16,                                                                 \
	    "nothing from outside ties this to what you trust; give the "                      \
	    "identity digest from paper, or the builders' keys")                               \
	X(SN_E_EXPIRED, 17, "its time is over, or has not come yet")                           \
	X(SN_E_IO, 20, "reading or writing failed")                                            \
	X(SN_E_NOMEM, 21, "memory ran out")                                                    \
	X(SN_E_LOCK, 22,                                                                       \
	    "memory for secrets could not be locked; nothing "                                 \
	    "secret was made")                                                                 \
	X(SN_E_CRYPTO, 23, "a cryptographic operation failed")                                 \
	X(SN_E_TPM, 24,                                                                        \
	    "the TPM did not do what was asked; the seeding "                                  \
	    "starts again with a new ceremony")                                                \
	X(SN_E_ENTROPY, 25,                                                                    \
	    "a source of randomness failed its health test; "                                  \
	    "nothing was made")                                                                \
	X(SN_E_MEDIA, 26,                                                                      \
	    "this stick is not the one, or it failed; insert "                                 \
	    "the stick that is named")                                                         \
	X(SN_E_DECLINED, 27,                                                                   \
	    "the people did not agree; the ceremony ends "                                     \
	    "here")                                                                            \
	X(SN_E_PROTO, 28, "another process of the ceremony broke the rules")                   \
	X(SN_E_PLAY, 29, "the answer file does not fit the ceremony")                          \
	X(SN_E_SHARE, 30, "this is not a valid share here; type it again")                     \
	X(SN_E_PASSPHRASE, 31, "this passphrase will not do; type it again")                   \
	X(SN_E_POLICY, 32, "the plan or policy does not allow this")                           \
	X(SN_E_ROLE, 33,                                                                       \
	    "a certificate or item is used in a role that is "                                 \
	    "not its own")                                                                     \
	X(SN_E_REVOKED, 34, "the issuer has revoked this")                                     \
	X(SN_E_CHAIN, 35, "this does not chain to a pinned root")                              \
	X(SN_E_LIMIT, 36, "this is larger or deeper than the limit")                           \
	X(SN_E_BUNDLE, 37,                                                                     \
	    "the bundle could not be made; nothing was "                                       \
	    "exported")                                                                        \
	X(SN_E_DISAGREE, 38,                                                                   \
	    "the second checker disagrees; nothing was "                                       \
	    "exported")                                                                        \
	X(SN_E_ABORTED, 39, "two people aborted the ceremony; it ends here")

#define SN_ERR_ENUM_(name, status, text) name,
enum sn_err { SN_ERR_LIST(SN_ERR_ENUM_) SN_ERR_COUNT };

#define SN_WHY_MAX 400

/*
 * The one place where the function that noticed a failure says what it saw.
 * Written once; callers pass it on and never reword. Never holds a secret.
 * Text is made printable (control bytes become '?').
 */
struct sn_why {
	enum sn_err err;
	char text[SN_WHY_MAX]; /* "file: what was expected, what was found" */
};

/*
 * Record a failure and return it, so that `return sn_fail(why, SN_E_FORMAT,
 * "plan.json: threshold is %u, at least 2 is needed", m);` is one statement.
 * why may be NULL. An already written why is kept (the first noticer wins).
 * Never returns SN_OK: a failure without a name becomes SN_E_INTERNAL.
 */
enum sn_err sn_fail(struct sn_why *why, enum sn_err err, const char *fmt, ...) SN_PRINTF(3, 4);
#define sn_fail(why, err, ...) SN_NEVER_OK(sn_fail(why, err, __VA_ARGS__))

/* Forget what a why says, before a retry. NULL-safe. */
void sn_why_clear(struct sn_why *why);

const char *sn_err_name(enum sn_err err);     /* "SN_E_FORMAT" */
const char *sn_err_sentence(enum sn_err err); /* the operator's sentence */
int sn_err_exit(enum sn_err err);	      /* the process exit status */

/* Print "PROGRAM: sentence: text" as one line to standard error. */
void sn_err_print(const char *program, enum sn_err err, const struct sn_why *why);

#endif
