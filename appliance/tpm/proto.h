/*
 * proto - the requests between the engine and the TPM process.
 *
 * Owns: nothing. May include: base. Requests and replies are listed in docs/TPM.md;
 * both sides of each encoding are in client.c and process.c, lengths checked.
 */
#ifndef TPM_PROTO_H
#define TPM_PROTO_H

/* X(name, what people call it, the client's deadline in seconds) */
#define TPM_OP_LIST(X)                                                                         \
	X(TPM_OP_OPEN, "start", 480)                                                           \
	X(TPM_OP_INFO, "info", 10)                                                             \
	X(TPM_OP_PCR_READ, "PCR read", 120)                                                    \
	X(TPM_OP_SEED, "seed", 600)                                                            \
	X(TPM_OP_EXTEND, "PCR extend", 60)                                                     \
	X(TPM_OP_QUOTE, "quote", 300)                                                          \
	X(TPM_OP_CREATION, "creation certificate", 120)                                        \
	X(TPM_OP_COUNTER, "counter", 240)                                                      \
	X(TPM_OP_ACTIVATE, "activation", 240)                                                  \
	X(TPM_OP_CLOSE, "close", 60)

#define TPM_OP_ENUM_(name, text, seconds) name,
enum tpm_op { TPM_OP_NONE, TPM_OP_LIST(TPM_OP_ENUM_) TPM_OP_COUNT };

#define TPM_PATH_MAX 4096   /* of the softtpm program, or of swtpm's socket */
#define TPM_FIELD_MAX 65536 /* any one part of a reply */
#define TPM_CHALLENGE_MAX 4096

#endif
