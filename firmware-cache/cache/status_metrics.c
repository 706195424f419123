#include "firmware-cache/cache/status.h"

#define PREFIX "cornerstone_collateral_"

/* A label's value [OpenMetrics 1.0, ABNF label-value-char]. */
static void
put_escaped(struct sn_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			sn_buf_u8(b, '\\');
		sn_buf_u8(b, (uint8_t)*s);
	}
}

static void
put_family(struct sn_buf *b, const char *name, const char *unit, const char *help)
{
	sn_buf_fmt(b, "# TYPE " PREFIX "%s gauge\n", name);
	if (unit != NULL)
		sn_buf_fmt(b, "# UNIT " PREFIX "%s %s\n", name, unit);
	sn_buf_fmt(b, "# HELP " PREFIX "%s %s\n", name, help);
}

static void
put_line(struct sn_buf *b, const char *name, const struct status_line *l, int64_t value)
{
	const struct {
		const char *key, *value;
	} labels[] = { { "node", l->node }, { "item", l->item }, { "label", l->label },
		{ "channel", l->channel } };

	sn_buf_fmt(b, PREFIX "%s{", name);
	for (size_t i = 0; i < SN_NITEMS(labels); i++) {
		sn_buf_fmt(b, "%s%s=\"", i > 0 ? "," : "", labels[i].key);
		put_escaped(b, labels[i].value);
		sn_buf_str(b, "\"");
	}
	sn_buf_fmt(b, "} %lld\n", (long long)value);
}

/* Two lines may say the same; a sample must not be there twice. */
static bool
said_before(const struct cache_status *s, size_t i)
{
	const struct status_line *l = &s->v[i];

	for (size_t k = 0; k < i; k++)
		if (bytes_equal(bytes_str(s->v[k].node), bytes_str(l->node)) &&
		    bytes_equal(bytes_str(s->v[k].item), bytes_str(l->item)) &&
		    bytes_equal(bytes_str(s->v[k].label), bytes_str(l->label)) &&
		    bytes_equal(bytes_str(s->v[k].channel), bytes_str(l->channel)))
			return true;
	return false;
}

enum sn_err
cache_status_metrics(const struct cache_status *s, struct sn_buf *ret, struct sn_why *why)
{
	const struct {
		const char *state;
		size_t n;
	} counts[] = { { "good", s->accepted }, { "superseded", s->superseded },
		{ "lapsed", s->lapsed }, { "refused", s->refused }, { "carried", s->carried },
		{ "absent", s->absent } };

	put_family(ret, "judged_timestamp_seconds", "seconds", "When the cache was judged.");
	sn_buf_fmt(ret, PREFIX "judged_timestamp_seconds %lld\n", (long long)s->view.at);
	put_family(ret, "originals", NULL, "Originals in the cache, by what became of them.");
	for (size_t i = 0; i < SN_NITEMS(counts); i++)
		sn_buf_fmt(ret, PREFIX "originals{state=\"%s\"} %zu\n", counts[i].state,
		    counts[i].n);
	put_family(ret, "covered", NULL, "1 when it is here, accepted and current; else 0.");
	for (size_t i = 0; i < s->n; i++)
		if (!said_before(s, i))
			put_line(ret, "covered", &s->v[i], cover_is_good(s->v[i].state));
	put_family(ret, "good_until_timestamp_seconds", "seconds", "The last good second.");
	for (size_t i = 0; i < s->n; i++)
		if (cover_is_good(s->v[i].state) && !said_before(s, i))
			put_line(ret, "good_until_timestamp_seconds", &s->v[i],
			    s->v[i].good_until);
	if (s->first != NULL) {
		put_family(ret, "first_lapse_timestamp_seconds", "seconds",
		    "When the first of what is covered lapses.");
		sn_buf_fmt(ret, PREFIX "first_lapse_timestamp_seconds %lld\n",
		    (long long)s->first->good_until);
	}
	sn_buf_str(ret, "# EOF\n");
	return sn_buf_check(ret, why);
}
