/*
 * catalogue - every sentence that a person reads, under a message id.
 *
 * Owns: nothing. May include: base, screen.h. Templates have {name} places.
 * The transcript records ids and arguments; this list turns them into prose.
 */
#ifndef CATALOGUE_H
#define CATALOGUE_H

#include "ceremony/screen/screen.h"

struct cat_arg {
	const char *name, *value;
};
#define CAT_ARGS(...) ((const struct cat_arg[]){ __VA_ARGS__, { NULL, NULL } })

/* The template of a message, or NULL when there is none with that id. */
const char *cat_text(const char *id);
/* Walk all messages, for tests and for the screen goldens. NULL past the end. */
const char *cat_id(size_t i);

/* Append the message with its places filled; "{id}" when it is unknown. */
void cat_put(struct sn_buf *b, const char *id, const struct cat_arg *args);

/* Add the message to the view's body, wrapped to VIEW_WIDTH; '\n' breaks a line. */
void view_say(struct view *v, const char *id, const struct cat_arg *args);
/* The title, or the prompt instead of the usual one of the view's kind: the message with its
 * places filled. */
void view_title(struct view *v, const char *id, const struct cat_arg *args);
void view_prompt(struct view *v, const char *id, const struct cat_arg *args);
/* Copy text, cut at a character border so that it fits size bytes with its NUL. */
void view_copy(char *ret, size_t size, const char *text);
/* Add one line as it is (cut to VIEW_WIDTH columns), or an empty one. */
void view_line(struct view *v, const char *fmt, ...) SN_PRINTF(2, 3);
void view_blank(struct view *v);
/* Add a digest as hex, 32 digits a line in two groups, so that people can compare it.
 * Its length is a multiple of 16. */
void view_hex(struct view *v, struct bytes digest);

#endif
