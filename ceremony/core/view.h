/*
 * view - all that a driver sees of the ceremony: the view, and how to answer it.
 *
 * Owns: nothing; a view's pointers are the engine's and hold until the next
 * call. May include: base, screen. The drivers (tui, script) include this header alone.
 */
#ifndef CER_VIEW_H
#define CER_VIEW_H

#include "ceremony/screen/screen.h"

struct cer; /* the engine; core/engine.h for those who make one */

/*
 * The next view. SN_OK fills ret. A failure is final: nothing more can be asked,
 * and what was half made is gone.
 */
SN_MUST_USE enum sn_err cer_next(struct cer *c, struct view *ret, struct sn_why *why);

/*
 * Answer the view that cer_next() gave last. Not called for VIEW_BUSY; for
 * VIEW_MEDIA and VIEW_REMOVE call cer_poll() instead ("no" is an answer there, too). An answer that can be
 * given again (a wrong word) is SN_OK and shows up as view.note next time.
 */
SN_MUST_USE enum sn_err cer_answer(struct cer *c, const struct answer *a, struct sn_why *why);

/* VIEW_MEDIA, VIEW_REMOVE: look now. *ret_there says whether the wait is over; when
 * it is, call cer_next(). A wrong stick shows up as view.note. */
SN_MUST_USE enum sn_err cer_poll(struct cer *c, bool *ret_there, struct sn_why *why);

/*
 * VIEW_INFO, VIEW_WORD, VIEW_TEXT: look around while nobody answers, a few times a second.
 * *ret_again: something happened that people must be shown; call cer_next() again.
 */
SN_MUST_USE enum sn_err cer_watch(struct cer *c, bool *ret_again, struct sn_why *why);

#endif
