#include "ceremony/screen/catalogue.h"

#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/screen/texts.h"

static const struct texts *const tables[] = { &texts_revoke, &texts_begin, &texts_people,
	&texts_secret, &texts_close, &texts_usb, &texts_records, &texts_custody, &texts_media,
	&texts_rotate, &texts_halt, &texts_rebuild, &texts_policy, &texts_ops, &texts_journal,
	&texts_closing, &texts_tpm };

const char *
cat_text(const char *id)
{
	for (size_t t = 0; t < SN_NITEMS(tables); t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			if (strcmp(tables[t]->rows[i].id, id) == 0)
				return tables[t]->rows[i].text;
		}
	}
	return NULL;
}

const char *
cat_id(size_t i)
{
	for (size_t t = 0; t < SN_NITEMS(tables); t++) {
		if (i < tables[t]->n)
			return tables[t]->rows[i].id;
		i -= tables[t]->n;
	}
	return NULL;
}

static const char *
cat_value(const struct cat_arg *args, const char *name, size_t n)
{
	for (; args != NULL && args->name != NULL; args++) {
		if (strlen(args->name) == n && memcmp(args->name, name, n) == 0)
			return args->value;
	}
	return NULL;
}

void
cat_put(struct sn_buf *b, const char *id, const struct cat_arg *args)
{
	const char *t = cat_text(id);

	if (t == NULL) {
		sn_buf_fmt(b, "{%s}", id);
		return;
	}
	while (*t != '\0') {
		const char *end = *t == '{' ? strchr(t, '}') : NULL;
		const char *value = NULL;

		if (end != NULL)
			value = cat_value(args, t + 1, (size_t)(end - t - 1));
		if (value == NULL) {
			sn_buf_put(b, (struct bytes){ (const uint8_t *)t, 1 });
			t++;
			continue;
		}
		sn_buf_str(b, value);
		t = end + 1;
	}
}
