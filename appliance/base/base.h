/*
 * base - the few language helpers that every module uses.
 *
 * Owns: nothing. May include: the C library. The only header in which macro
 * magic and GNU statement expressions are allowed. See docs/ARCHITECTURE.md.
 */
#ifndef SN_BASE_H
#define SN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SN_MUST_USE __attribute__((warn_unused_result))
#define SN_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define SN_UNUSED __attribute__((unused))
#define SN_NITEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Run fn(&variable) when the variable leaves its scope. */
#define SN_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Hand an owned pointer over: the variable is NULL afterwards. */
#define SN_TAKE(p)                                                                             \
	({                                                                                     \
		__typeof__(p) sn_taken_ = (p);                                                 \
		(p) = NULL;                                                                    \
		sn_taken_;                                                                     \
	})

/* The statement that every fallible call deserves: pass a failure on, unworded. */
#define SN_TRY(call)                                                                           \
	do {                                                                                   \
		enum sn_err sn_try_ = (call);                                                  \
		if (sn_try_ != SN_OK)                                                          \
			return sn_try_;                                                        \
	} while (0)

/* Tell the compiler that an enum sn_err is never SN_OK, so that it does not warn
 * about outputs which a failed call leaves unset. */
#define SN_NEVER_OK(call)                                                                      \
	({                                                                                     \
		enum sn_err sn_never_ok_ = (call);                                             \
		if (sn_never_ok_ == SN_OK)                                                     \
			__builtin_unreachable();                                               \
		sn_never_ok_;                                                                  \
	})

#endif
