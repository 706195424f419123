/*
 * log - what a view says, as data: message ids and arguments, so that the same screen can be
 * shown again from a record.
 *
 * Owns: what was said, until view_log_free(). May include: base, screen.h. The form, canonical
 * JSON: docs/FORMAT-TRANSCRIPT.md, "Screens".
 */
#ifndef SCREEN_LOG_H
#define SCREEN_LOG_H

#include "ceremony/screen/catalogue.h"

SN_MUST_USE enum sn_err view_log_new(struct view_log **ret, struct sn_why *why);
void view_log_free(struct view_log **lp); /* NULL-safe, idempotent */

/* Make v an empty view whose words are kept in l from now on, and nothing else. */
void view_log_begin(struct view_log *l, struct view *v);

/* Called by the functions of catalogue.h that fill a view; l may be NULL. */
void view_log_say(struct view_log *l, const char *id, const struct cat_arg *args);
void view_log_line(struct view_log *l, const char *text);
void view_log_title(struct view_log *l, const char *id, const struct cat_arg *args);
void view_log_prompt(struct view_log *l, const char *id, const struct cat_arg *args);

/*
 * Append what v says, with its note: one line of canonical JSON. Secret words of VIEW_SHOW are
 * never in it. SN_E_NOMEM; SN_E_FORMAT when something said is not UTF-8.
 */
SN_MUST_USE enum sn_err view_log_text(const struct view_log *l, const struct view *v,
    struct sn_buf *ret, struct sn_why *why);

/*
 * The way back: fill title, body, prompt and note of *ret, which the caller has emptied, from
 * such a line. Messages are put into words by this program's catalogue; one that it does not
 * know shows its id in braces. SN_E_FORMAT when text is not of that form.
 */
SN_MUST_USE enum sn_err view_log_show(struct bytes text, struct view *ret, struct sn_why *why);

#endif
