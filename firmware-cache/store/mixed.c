#include <string.h>

#include "firmware-cache/store/priv.h"

/* Of one set, and another kind: a relying party takes one of each. */
static bool
counterparts(const struct col_claim *a, const struct col_claim *b)
{
	return a->vendor == b->vendor && a->kind != b->kind && a->set != NULL &&
	    b->set != NULL && strcmp(a->set, b->set) == 0;
}

/* Are there counterparts, and none of its number? Then it can only be used mixed. */
static bool
mixed(const struct col_store *s, const struct col_item *it)
{
	bool other = false;

	for (size_t i = 0; it->claim.set != NULL && i < s->n; i++) {
		const struct col_item *o = s->items[i];

		if (o->refused || (o->notes & COL_NOTE_SUPERSEDED) != 0 ||
		    !counterparts(&it->claim, &o->claim))
			continue;
		if (o->claim.number == it->claim.number)
			return false;
		other = true;
	}
	return other;
}

void
col_note_mixed(struct col_store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];

		if (!it->refused && !it->claim.carried && mixed(s, it))
			it->notes |= COL_NOTE_MIXED;
	}
}
