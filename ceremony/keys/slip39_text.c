/*
 * The written form of a share: words, checksum, header, padding.
 */
#include "ceremony/keys/slip39.h"

#include <string.h>

#define RADIX_BITS 10U
#define HEADER_WORDS 4U /* identifier, flags and share parameters: 40 bits */
#define CHECKSUM_WORDS 3U
#define PREFIX_LEN 4U /* letters that tell every word from the others */
#define PADDING_MAX 8U

/* The indices of a text's words, in locked memory: 10 bits each. */
struct indices {
	struct sn_secret store;
	uint16_t *w;
	size_t n;
};

static void
indices_done(struct indices *x)
{
	sn_secret_done(&x->store);
	x->w = NULL;
	x->n = 0;
}

static enum sn_err
indices_new(struct indices *x, struct sn_why *why)
{
	SN_TRY(sn_secret_new(SLIP39_MAX_WORDS * sizeof(uint16_t), &x->store, why));
	/* the arena's allocations are aligned for any type */
	x->w = (uint16_t *)(void *)x->store.p;
	x->n = 0;
	return SN_OK;
}

/* All ones when v is 0, else 0; v is at most 31 bits. */
static uint32_t
zero_mask(uint32_t v)
{
	return (uint32_t)0 - ((v - 1U) >> 31);
}

/*
 * The place of a word in the list; every entry is looked at whatever the word.
 * False when it is neither a whole word nor the four letters of one.
 */
static bool
lookup(const uint8_t word[SLIP39_WORD_MAX], size_t len, uint16_t *ret)
{
	uint32_t by_prefix = len == PREFIX_LEN ? UINT32_MAX : 0;
	uint32_t found = 0, index = 0, i;
	size_t j;

	for (i = 0; i < SLIP39_WORDS; i++) {
		uint32_t head = 0, tail = 0, match;

		for (j = 0; j < PREFIX_LEN; j++)
			head |= (uint32_t)(word[j] ^ (uint8_t)slip39_words[i][j]);
		for (; j < SLIP39_WORD_MAX; j++)
			tail |= (uint32_t)(word[j] ^ (uint8_t)slip39_words[i][j]);
		match = zero_mask(head) & (zero_mask(tail) | by_prefix);
		found |= match;
		index |= i & match;
	}
	*ret = (uint16_t)index;
	return found != 0;
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Take the next word of b in lower case; *ret_len is 0 when there is none. */
static bool
next_word(struct bytes *b, uint8_t word[SLIP39_WORD_MAX], size_t *ret_len)
{
	uint32_t bad = 0;
	size_t len = 0;

	memset(word, 0, SLIP39_WORD_MAX);
	while (b->n > 0 && blank(b->p[0]))
		b->p++, b->n--;
	for (; b->n > 0 && !blank(b->p[0]); b->p++, b->n--, len++) {
		uint32_t c = (uint32_t)b->p[0] | 0x20U;

		/* bit 31 is set when c is below 'a' or above 'z' */
		bad |= ((c - 'a') | ('z' - c)) >> 31;
		if (len < SLIP39_WORD_MAX)
			word[len] = (uint8_t)c;
	}
	*ret_len = len;
	return bad == 0 && len <= SLIP39_WORD_MAX;
}

/* Typed text to indices. *ret_word is the first word at fault, from 1, or 0. */
static enum sn_err
read_words(struct bytes typed, struct indices *ret, uint32_t *ret_word, struct sn_why *why)
{
	SN_CLEANUP(indices_done) struct indices x = { 0 };
	uint8_t word[SLIP39_WORD_MAX];
	bool ok = true;

	*ret_word = 0;
	if (typed.n > SLIP39_TYPED_MAX)
		return sn_fail(why, SN_E_SHARE, "share: more than %d characters",
		    SLIP39_TYPED_MAX);
	SN_TRY(indices_new(&x, why));
	for (;;) {
		size_t len;

		ok = next_word(&typed, word, &len);
		if (len == 0)
			break;
		if (x.n == SLIP39_MAX_WORDS) {
			sn_wipe(word, sizeof(word));
			return sn_fail(why, SN_E_SHARE, "share: more than %d words",
			    SLIP39_MAX_WORDS);
		}
		ok = ok && lookup(word, len, &x.w[x.n]);
		if (!ok)
			break;
		x.n++;
	}
	sn_wipe(word, sizeof(word));
	if (!ok) {
		*ret_word = (uint32_t)x.n + 1;
		return sn_fail(why, SN_E_SHARE, "share: word %u is not in the word list",
		    *ret_word);
	}
	*ret = x;
	x = (struct indices){ 0 };
	return SN_OK;
}

/* A word's letters by scanning the whole list; the length is public, see slip39.h. */
static size_t
word_at(uint16_t index, uint8_t ret[SLIP39_WORD_MAX])
{
	size_t len = 0, j;
	uint32_t i;

	memset(ret, 0, SLIP39_WORD_MAX);
	for (i = 0; i < SLIP39_WORDS; i++) {
		uint8_t match = (uint8_t)zero_mask(i ^ index);

		for (j = 0; j < SLIP39_WORD_MAX; j++)
			ret[j] |= (uint8_t)((uint8_t)slip39_words[i][j] & match);
	}
	while (len < SLIP39_WORD_MAX && ret[len] != 0)
		len++;
	return len;
}

static enum sn_err
write_words(const struct indices *x, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };
	uint8_t word[SLIP39_WORD_MAX];
	enum sn_err e;
	size_t i;

	SN_TRY(sn_secret_new(SLIP39_TEXT_MAX, &text, why));
	sn_secret_truncate(&text, 0);
	for (i = 0; i < x->n; i++) {
		size_t len = word_at(x->w[i], word);

		e = i == 0 ? SN_OK : sn_secret_append(&text, BYTES_STR(" "), why);
		if (e == SN_OK)
			e = sn_secret_append(&text, (struct bytes){ word, len }, why);
		sn_wipe(word, sizeof(word));
		if (e != SN_OK)
			return e;
	}
	*ret = text;
	text = (struct sn_secret){ 0 };
	return SN_OK;
}

enum sn_err
slip39_canonical(struct bytes typed, struct sn_secret *ret, uint32_t *ret_word,
    struct sn_why *why)
{
	SN_CLEANUP(indices_done) struct indices x = { 0 };

	SN_TRY(read_words(typed, &x, ret_word, why));
	return write_words(&x, ret, why);
}

enum sn_err
slip39_compare(struct bytes expected, struct bytes typed, uint32_t *ret_word,
    struct sn_why *why)
{
	SN_CLEANUP(indices_done) struct indices want = { 0 }, got = { 0 };
	uint32_t ignored;
	size_t i;

	SN_TRY(read_words(expected, &want, &ignored, why));
	SN_TRY(read_words(typed, &got, ret_word, why));
	for (i = 0; i < want.n && i < got.n; i++) {
		if (want.w[i] != got.w[i]) {
			*ret_word = (uint32_t)i + 1;
			return sn_fail(why, SN_E_SHARE,
			    "share: word %u is not the one that was shown", *ret_word);
		}
	}
	if (want.n != got.n)
		return sn_fail(why, SN_E_SHARE, "share: %zu words were typed, not %zu", got.n,
		    want.n);
	return SN_OK;
}

/* ---- checksum: a Reed-Solomon code over GF(1024) [SLIP-0039, "Checksum"] */

static const uint32_t rs1024_generator[RADIX_BITS] = {
	0x00e0e040,
	0x01c1c080,
	0x03838100,
	0x07070200,
	0x0e0e0009,
	0x1c0c2412,
	0x38086c24,
	0x3090fc48,
	0x21b1f890,
	0x03f3f120,
};

static uint32_t
rs1024_step(uint32_t sum, uint32_t value)
{
	uint32_t top = sum >> 20;
	unsigned int i;

	sum = (sum & 0xfffffU) << 10 ^ value;
	for (i = 0; i < RADIX_BITS; i++)
		sum ^= rs1024_generator[i] & ((uint32_t)0 - (top >> i & 1U));
	return sum;
}

static uint32_t
rs1024(bool extendable, const uint16_t *w, size_t n)
{
	struct bytes custom = extendable ? BYTES_STR("shamir_extendable") : BYTES_STR("shamir");
	uint32_t sum = 1;
	size_t i;

	for (i = 0; i < custom.n; i++)
		sum = rs1024_step(sum, custom.p[i]);
	for (i = 0; i < n; i++)
		sum = rs1024_step(sum, w[i]);
	return sum;
}

/* ---- bits */

/* Put the low count bits of v behind the bits already there. */
struct bit_writer {
	uint16_t *w;
	size_t n; /* whole words */
	uint32_t held, nheld;
};

static void
put_bits(struct bit_writer *b, uint32_t v, uint32_t count)
{
	b->held = b->held << count | v;
	b->nheld += count;
	while (b->nheld >= RADIX_BITS) {
		b->nheld -= RADIX_BITS;
		b->w[b->n++] = (uint16_t)(b->held >> b->nheld & 0x3ffU);
	}
	b->held &= (1U << b->nheld) - 1U;
}

static uint8_t
nibble(uint32_t v, uint32_t shift)
{
	return (uint8_t)(v >> shift & 15U);
}

static void
header_read(const uint16_t *w, struct slip39_share *s)
{
	uint32_t a = (uint32_t)w[0] << 10 | w[1], b = (uint32_t)w[2] << 10 | w[3];

	s->identifier = (uint16_t)(a >> 5);
	s->extendable = (a >> 4 & 1U) != 0;
	s->exponent = nibble(a, 0);
	s->group_index = nibble(b, 16);
	s->group_threshold = (uint8_t)(nibble(b, 12) + 1);
	s->group_count = (uint8_t)(nibble(b, 8) + 1);
	s->member_index = nibble(b, 4);
	s->member_threshold = (uint8_t)(nibble(b, 0) + 1);
}

static void
header_write(const struct slip39_share *s, struct bit_writer *b)
{
	put_bits(b, s->identifier, 15);
	put_bits(b, s->extendable ? 1 : 0, 1);
	put_bits(b, s->exponent, 4);
	put_bits(b, s->group_index, 4);
	put_bits(b, (uint32_t)s->group_threshold - 1, 4);
	put_bits(b, (uint32_t)s->group_count - 1, 4);
	put_bits(b, s->member_index, 4);
	put_bits(b, (uint32_t)s->member_threshold - 1, 4);
}

/* The value's words to bytes; the padding lies in front and is zero. */
static enum sn_err
value_read(const uint16_t *w, size_t nwords, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret value = { 0 };
	size_t bits = nwords * RADIX_BITS, padding = bits % 16, out = 0, i;
	uint32_t held, nheld;

	if (padding > PADDING_MAX)
		return sn_fail(why, SN_E_SHARE, "share: no share has %zu words",
		    nwords + HEADER_WORDS + CHECKSUM_WORDS);
	SN_TRY(sn_secret_new((bits - padding) / 8, &value, why));
	if (w[0] >> (RADIX_BITS - padding) != 0)
		return sn_fail(why, SN_E_SHARE, "share: the padding is not zero");
	held = w[0];
	nheld = RADIX_BITS - (uint32_t)padding;
	for (i = 0; out < value.n;) {
		if (nheld < 8) {
			held = held << RADIX_BITS | w[++i];
			nheld += RADIX_BITS;
		}
		nheld -= 8;
		value.p[out++] = (uint8_t)(held >> nheld & 0xffU);
		held &= (1U << nheld) - 1U;
	}
	*ret = value;
	value = (struct sn_secret){ 0 };
	return SN_OK;
}

void
slip39_share_done(struct slip39_share *s)
{
	if (s == NULL)
		return;
	sn_secret_done(&s->value);
	*s = (struct slip39_share){ 0 };
}

enum sn_err
slip39_decode(struct bytes typed, struct slip39_share *ret, struct sn_why *why)
{
	SN_CLEANUP(indices_done) struct indices x = { 0 };
	struct slip39_share s = { 0 };
	uint32_t word;

	SN_TRY(read_words(typed, &x, &word, why));
	if (x.n < SLIP39_MIN_WORDS)
		return sn_fail(why, SN_E_SHARE, "share: %zu words, at least %d are needed", x.n,
		    SLIP39_MIN_WORDS);
	header_read(x.w, &s);
	if (rs1024(s.extendable, x.w, x.n) != 1)
		return sn_fail(why, SN_E_SHARE,
		    "share: the checksum does not fit; a word is wrong or not in its place");
	if (s.group_threshold > s.group_count)
		return sn_fail(why, SN_E_SHARE, "share: %u groups needed of only %u",
		    s.group_threshold, s.group_count);
	SN_TRY(value_read(x.w + HEADER_WORDS, x.n - HEADER_WORDS - CHECKSUM_WORDS, &s.value,
	    why));
	*ret = s;
	return SN_OK;
}

static bool
encodable(const struct slip39_share *s)
{
	return s->identifier <= SLIP39_IDENTIFIER_MAX && s->exponent < 16 &&
	    s->group_index < 16 && s->group_threshold >= 1 && s->group_count <= 16 &&
	    s->group_threshold <= s->group_count && s->member_index < 16 &&
	    s->member_threshold >= 1 && s->member_threshold <= 16 &&
	    s->value.n >= SLIP39_MIN_SECRET && s->value.n <= SLIP39_MAX_SECRET &&
	    s->value.n % 2 == 0;
}

enum sn_err
slip39_encode(const struct slip39_share *s, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(indices_done) struct indices x = { 0 };
	struct bit_writer b = { 0 };
	uint32_t sum, padding;
	size_t i, bits;

	if (!encodable(s))
		return sn_fail(why, SN_E_INTERNAL, "share: fields out of range");
	SN_TRY(indices_new(&x, why));
	b.w = x.w;
	header_write(s, &b);
	bits = s->value.n * 8;
	padding = (RADIX_BITS - (uint32_t)(bits % RADIX_BITS)) % RADIX_BITS;
	put_bits(&b, 0, padding);
	for (i = 0; i < s->value.n; i++)
		put_bits(&b, s->value.p[i], 8);
	x.n = b.n + CHECKSUM_WORDS; /* the checksum's words are still zero */
	sum = rs1024(s->extendable, x.w, x.n) ^ 1U;
	for (i = 0; i < CHECKSUM_WORDS; i++)
		x.w[b.n + i] = (uint16_t)(sum >> (RADIX_BITS * (2 - i)) & 0x3ffU);
	return write_words(&x, ret, why);
}
