/*
 * tui_secret - secrets on the terminal without ncurses: painted from locked memory
 * by write(2), typed into locked memory by read(2).
 *
 * Owns: nothing. May include: base, core/view.h.
 */
#ifndef TUI_SECRET_H
#define TUI_SECRET_H

#include "ceremony/tui/tui.h"

/* Paint the words of VIEW_SHOW into the body. */
SN_MUST_USE enum sn_err tui_secret_paint(const struct tui_ports *t, const struct view *v,
    struct sn_why *why);

/*
 * Read one line into ret (a fresh secret): passphrases show a star a key, words show
 * themselves below the body's text, at row first. Backspace and Ctrl-U edit; escape
 * sequences are dropped. The place is overwritten before returning. Ctrl-P forgets what was
 * typed: *ret_pause, and ret stays empty. SN_E_DECLINED after Ctrl-C where that may quit.
 */
SN_MUST_USE enum sn_err tui_secret_read(const struct tui_ports *t, bool words,
    unsigned int first, struct sn_secret *ret, bool *ret_pause, struct sn_why *why);

#endif
