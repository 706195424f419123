/*
 * internal - what the transcript's writer and reader share: which names, ids
 * and texts a record may hold, and the commitment to a personal field.
 *
 * Owns: nothing. Only for ceremony/transcript. See docs/FORMAT-TRANSCRIPT.md.
 */
#ifndef TRANSCRIPT_INTERNAL_H
#define TRANSCRIPT_INTERNAL_H

#include "ceremony/transcript/transcript.h"

#define TR_MAX_INT ((1ULL << 53) - 1)
#define TR_ARG_NAME_MAX 32

bool tr_id_ok(const char *s);	    /* [a-z0-9.-], 1 to TR_ID_MAX bytes */
bool tr_arg_name_ok(const char *s); /* [a-z][a-z0-9_]{0,31} */
bool tr_text_ok(const char *s);	    /* printable, at most TR_MAX_TEXT bytes */

#endif
