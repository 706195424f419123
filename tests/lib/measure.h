/*
 * measure - the smallest images, boot partitions, sticks and event logs that are right, for
 * tests that break them in one place.
 *
 * Owns: what it returns; sn_buf_done. May include: appliance/measure, cmocka. Test only.
 */
#ifndef TEST_MEASURE_H
#define TEST_MEASURE_H

#include <stdio.h>
#include <string.h>

#include "appliance/base/bytes.h"
#include "tests/lib/test.h"

static inline void
rig_le(struct sn_buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

static inline void
rig_set(struct sn_buf *b, size_t at, uint64_t v, size_t n)
{
	assert_true(at + n <= b->n);
	for (size_t i = 0; i < n; i++)
		b->p[at + i] = (uint8_t)(v >> (8 * i));
}

static inline void
rig_zeros(struct sn_buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sn_buf_u8(b, 0);
}

static inline void
rig_pad(struct sn_buf *b, size_t multiple)
{
	while (b->n % multiple != 0)
		sn_buf_u8(b, 0);
}

static inline void
rig_write(struct sn_buf *b, size_t at, struct bytes v)
{
	assert_true(at + v.n <= b->n);
	memcpy(b->p + at, v.p, v.n);
}

/* ---- PE images */

#define RIG_PE_AT 64
#define RIG_OPTIONAL (RIG_PE_AT + 24)
#define RIG_MAGIC RIG_OPTIONAL
#define RIG_HEADERS (RIG_OPTIONAL + 60)
#define RIG_CHECKSUM (RIG_OPTIONAL + 64)
#define RIG_DIRECTORIES (RIG_OPTIONAL + 108)
#define RIG_CERTIFICATES (RIG_OPTIONAL + 144)
#define RIG_TABLE (RIG_OPTIONAL + 240)
#define RIG_SECTION(i) (RIG_TABLE + 40 * (size_t)(i))
#define RIG_ALIGN 64

struct rig_section {
	const char *name;
	struct bytes data;
	uint32_t size; /* in memory; 0: as many as data */
};

/* A 64-bit image with these sections in this order. */
static inline void
rig_pe(struct sn_buf *b, const struct rig_section *s, size_t n)
{
	rig_zeros(b, RIG_SECTION(n));
	rig_pad(b, RIG_ALIGN);
	rig_write(b, 0, BYTES_STR("MZ"));
	rig_set(b, 0x3c, RIG_PE_AT, 4);
	rig_write(b, RIG_PE_AT, BYTES_STR("PE"));
	rig_set(b, RIG_PE_AT + 6, n, 2);
	rig_set(b, RIG_PE_AT + 20, 240, 2);
	rig_set(b, RIG_MAGIC, 0x20b, 2);
	rig_set(b, RIG_HEADERS, b->n, 4);
	rig_set(b, RIG_CHECKSUM, 0x12345678, 4);
	rig_set(b, RIG_DIRECTORIES, 16, 4);
	for (size_t i = 0; i < n; i++) {
		rig_write(b, RIG_SECTION(i), bytes_str(s[i].name));
		rig_set(b, RIG_SECTION(i) + 8, s[i].size != 0 ? s[i].size : s[i].data.n, 4);
		rig_set(b, RIG_SECTION(i) + 12, 0x1000 * (i + 1), 4);
		rig_set(b, RIG_SECTION(i) + 20, b->n, 4);
		sn_buf_put(b, s[i].data);
		rig_pad(b, RIG_ALIGN);
		rig_set(b, RIG_SECTION(i) + 16,
		    (s[i].data.n + RIG_ALIGN - 1) / RIG_ALIGN * RIG_ALIGN, 4);
	}
	assert_false(b->failed);
}

#define RIG_UKI_SECTIONS 5

/* A unified kernel image: its kernel is a program of one section. */
static inline void
rig_uki(struct sn_buf *b)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf kernel = { 0 };
	const struct rig_section text = { ".text", BYTES_STR("code"), 0 };

	rig_pe(&kernel, &text, 1);
	rig_pe(b,
	    (const struct rig_section[RIG_UKI_SECTIONS]){
		{ ".cmdline", BYTES_STR("quiet panic=1"), 0 },
		{ ".uname", BYTES_STR("6.12"), 0 },
		{ ".sbat", BYTES_STR("sbat,1"), 0 },
		{ ".initrd", BYTES_STR("initramfs"), 0 },
		{ ".linux", sn_buf_bytes(&kernel), 0 },
	    },
	    RIG_UKI_SECTIONS);
}

/* ---- boot partitions and sticks */

#define RIG_SECTOR 512
#define RIG_ESP_FIRST 4 /* sector of the stick */
#define RIG_FAT RIG_SECTOR
#define RIG_ROOT (2 * RIG_SECTOR)
#define RIG_DATA (3 * RIG_SECTOR) /* cluster 2: EFI, 3: BOOT, from 4: the image */
#define RIG_GPT RIG_SECTOR
#define RIG_GPT_ENTRY (2 * RIG_SECTOR)

static inline void
rig_name(struct sn_buf *b, size_t at, const char *name, uint8_t kind, uint64_t cluster,
    uint64_t size)
{
	rig_write(b, at, (struct bytes){ (const uint8_t *)name, 11 });
	b->p[at + 11] = kind;
	rig_set(b, at + 26, cluster, 2);
	rig_set(b, at + 28, size, 4);
}

static inline void
rig_fat12(struct sn_buf *b, size_t cluster, uint32_t v)
{
	size_t at = RIG_FAT + cluster * 3 / 2;

	b->p[at] |= (uint8_t)(cluster % 2 == 0 ? v : v << 4);
	b->p[at + 1] |= (uint8_t)(cluster % 2 == 0 ? v >> 8 : v >> 4);
}

/* FAT12 with one sector a cluster; \EFI\BOOT\BOOTX64.EFI holds uki. */
static inline void
rig_esp(struct sn_buf *b, struct bytes uki)
{
	size_t n = (uki.n + RIG_SECTOR - 1) / RIG_SECTOR;

	rig_zeros(b, RIG_DATA + (2 + n) * RIG_SECTOR);
	rig_write(b, 0, (struct bytes){ (const uint8_t *)"\xeb\x3c\x90", 3 });
	rig_set(b, 11, RIG_SECTOR, 2);
	b->p[13] = 1;
	rig_set(b, 14, 1, 2);
	b->p[16] = 1;
	rig_set(b, 17, RIG_SECTOR / 32, 2);
	rig_set(b, 19, b->n / RIG_SECTOR, 2);
	rig_set(b, 22, 1, 2);
	rig_set(b, 510, 0xaa55, 2);
	rig_fat12(b, 2, 0xfff);
	rig_fat12(b, 3, 0xfff);
	for (size_t i = 0; i < n; i++)
		rig_fat12(b, 4 + i, i + 1 < n ? (uint32_t)(5 + i) : 0xfff);
	rig_name(b, RIG_ROOT, "EFI        ", 0x10, 2, 0);
	rig_name(b, RIG_DATA, "BOOT       ", 0x10, 3, 0);
	rig_name(b, RIG_DATA + RIG_SECTOR, "BOOTX64 EFI", 0x20, 4, uki.n);
	rig_write(b, RIG_DATA + 2 * RIG_SECTOR, uki);
}

/* A partition table with one boot partition. */
static inline void
rig_stick(struct sn_buf *b, struct bytes uki)
{
	static const uint8_t esp_type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
		0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };
	SN_CLEANUP(sn_buf_done) struct sn_buf esp = { 0 };

	rig_esp(&esp, uki);
	rig_zeros(b, RIG_ESP_FIRST * RIG_SECTOR);
	rig_write(b, RIG_GPT, BYTES_STR("EFI PART"));
	rig_set(b, RIG_GPT + 72, RIG_GPT_ENTRY / RIG_SECTOR, 8);
	rig_set(b, RIG_GPT + 80, 4, 4);
	rig_set(b, RIG_GPT + 84, 128, 4);
	rig_write(b, RIG_GPT_ENTRY, BYTES_OF(esp_type));
	rig_set(b, RIG_GPT_ENTRY + 32, RIG_ESP_FIRST, 8);
	rig_set(b, RIG_GPT_ENTRY + 40, RIG_ESP_FIRST + esp.n / RIG_SECTOR - 1, 8);
	sn_buf_put(b, sn_buf_bytes(&esp));
	rig_set(b, RIG_GPT + 32, b->n / RIG_SECTOR, 8);
	rig_zeros(b, RIG_SECTOR);
}

/* ---- event logs */

#define RIG_LOG_HEAD 65 /* bytes before the first event */
#define RIG_LOG_DATA 32 /* as little as a loaded image says of itself */
#define RIG_LOG_EVENT (4 + 4 + 4 + 2 + 32 + 4 + RIG_LOG_DATA)
#define RIG_APPLICATION 0x80000003U
#define RIG_SEPARATOR 0x00000004U

/* The head of a crypto-agile log with one bank. */
static inline void
rig_log(struct sn_buf *b)
{
	rig_le(b, 0, 4);
	rig_le(b, 3, 4);
	rig_zeros(b, 20);
	rig_le(b, 33, 4);
	sn_buf_put(b, (struct bytes){ (const uint8_t *)"Spec ID Event03", 16 });
	rig_zeros(b, 8);
	rig_le(b, 1, 4);
	rig_le(b, 0x000b, 2);
	rig_le(b, 32, 2);
	sn_buf_u8(b, 0);
}

/* An event with RIG_LOG_DATA bytes of data, and a digest that is 32 times fill. */
static inline void
rig_event(struct sn_buf *b, uint32_t pcr, uint32_t type, uint8_t fill)
{
	rig_le(b, pcr, 4);
	rig_le(b, type, 4);
	rig_le(b, 1, 4);
	rig_le(b, 0x000b, 2);
	for (size_t i = 0; i < 32; i++)
		sn_buf_u8(b, fill);
	rig_le(b, RIG_LOG_DATA, 4);
	rig_zeros(b, RIG_LOG_DATA);
}

/* ---- one change */

/* A row of a table: what to write where, and what the reader must say. */
struct rig_change {
	const char *name;
	size_t at;
	uint64_t value;
	size_t len; /* bytes of value; 0: cut the input at at instead */
	enum sn_err want;
	const char *why; /* must be part of the reason */
};

static inline void
rig_apply(struct sn_buf *b, const struct rig_change *c)
{
	if (c->len == 0)
		b->n = c->at;
	else
		rig_set(b, c->at, c->value, c->len);
}

static inline void
rig_expect(const struct rig_change *c, enum sn_err got, const struct sn_why *why)
{
	if (got != c->want || (got != SN_OK && strstr(why->text, c->why) == NULL))
		fail_msg("%s: %s, \"%s\"", c->name, sn_err_name(got), why->text);
}

#endif
