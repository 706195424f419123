/* Trustee's configuration: TOML the lines that matter, a hostile name. */
#include <stdlib.h>
#include <string.h>

#include "ceremony/layouts/trustee.h"
#include "tests/lib/test.h"

struct row {
	const char *name, *sanctum, *has;
	enum sn_err want;
};

static const struct row rows[] = {
	{ "plain", "Vault One", "issuer_name = \"Vault One\"\n", SN_OK },
	{ "quotes and backslashes", "a\"b\\c", "issuer_name = \"a\\\"b\\\\c\"\n", SN_OK },
	{ "another script", "T\xc3\xbcr", "issuer_name = \"T\xc3\xbcr\"\n", SN_OK },
	{ "a newline", "a\"\n[admin]", NULL, SN_E_FORMAT },
	{ "an escape", "a\x1b", NULL, SN_E_FORMAT },
	{ "empty", "", NULL, SN_E_FORMAT },
	{ "too long", "0123456789012345678901234567890123456789012345678901234567890", NULL,
	    SN_E_FORMAT },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	struct sn_buf b = { 0 };

	assert_int_equal(layout_trustee_config(row->sanctum, &b, NULL), row->want);
	if (row->want == SN_OK)
		assert_non_null(strstr(sn_buf_cstr(&b), row->has));
	else
		assert_int_equal(b.n, 0);
	sn_buf_done(&b);
}

/* What must be so for a node without a network, and without administrators. */
static const char *const lines[] = {
	"\nsession_storage_type = \"Memory\"\n\n[http_server]",
	"\nauthorization_mode = \"DenyAll\"\n",
	"\nvcek_sources = [{ type = \"OfflineStore\", path = \"",
	"\ncollateral_service = \"file:///",
	"\n[attestation_service.verifier_config.nvidia_verifier]\ntype = \"Local\"\n",
	"\ntrusted_certs_paths = [\"/etc/sanctum/trust/",
	"\ncert_path = \"/etc/sanctum/trust/token-chain.pem\"\n",
};

static void
test_line(void **state)
{
	struct sn_buf b = { 0 };

	assert_int_equal(layout_trustee_config("Vault", &b, NULL), SN_OK);
	assert_non_null(strstr(sn_buf_cstr(&b), *state));
	assert_null(strstr(sn_buf_cstr(&b), "http://"));
	assert_null(strstr(sn_buf_cstr(&b), "https://"));
	sn_buf_done(&b);
}

/* No table and no key in a table comes twice: TOML would refuse the file. */
static void
test_no_double(void **state)
{
	struct sn_buf b = { 0 };
	char *seen[128], table[128] = "";
	size_t n = 0;

	(void)state;
	assert_int_equal(layout_trustee_config("Vault", &b, NULL), SN_OK);
	for (struct bytes rest = sn_buf_bytes(&b); rest.n > 0;) {
		const size_t len = bytes_find(rest, BYTES_STR("\n"));
		char *line = test_format("%.*s", (int)len, (const char *)rest.p), *key;

		rest.p += len + 1;
		rest.n -= len + 1;
		if (line[0] == '[')
			snprintf(table, sizeof(table), "%s", line);
		key = line[0] == '[' || line[0] == '#' || line[0] == '\0'
		    ? test_format("%s", line)
		    : test_format("%s%.*s", table, (int)strcspn(line, " ="), line);
		for (size_t i = 0; i < n && line[0] != '\0'; i++)
			assert_string_not_equal(seen[i], key);
		assert_in_range(n, 0, SN_NITEMS(seen) - 1);
		seen[n++] = key;
		free(line);
	}
	for (size_t i = 0; i < n; i++)
		free(seen[i]);
	sn_buf_done(&b);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "name: %s",
		    rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(lines); i++)
		test_list_add(l, test_line, (void *)(uintptr_t)lines[i], "line %zu", i);
	test_list_add(l, test_no_double, NULL, "no table or key twice");
	return test_list_run(l, "trustee");
}
