#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/cmd/cmd.h"

#define ROOTS_MAX (64U << 10)

/* Is argv[*i] an option? Then it is taken, with its value. */
static enum sn_err
take_option(int argc, char **argv, int *i, const struct fc_option *options, size_t n,
    bool *ret_taken, struct sn_why *why)
{
	for (size_t k = 0; k < n; k++) {
		if (strcmp(argv[*i], options[k].name) != 0)
			continue;
		*ret_taken = true;
		if (options[k].value == NULL) {
			*options[k].flag = true;
			return SN_OK;
		}
		if (*i + 1 == argc || *options[k].value != NULL)
			return sn_fail(why, SN_E_USAGE, "%s takes one value, once", argv[*i]);
		*options[k].value = argv[++*i];
		return SN_OK;
	}
	return SN_OK;
}

enum sn_err
fc_args(int argc, char **argv, const struct fc_option *options, size_t noptions,
    const char *const *names, const char **operands, size_t n, struct sn_why *why)
{
	size_t have = 0;

	for (int i = 0; i < argc; i++) {
		bool taken = false;

		SN_TRY(take_option(argc, argv, &i, options, noptions, &taken, why));
		if (taken)
			continue;
		if (argv[i][0] == '-' || have == n)
			return sn_fail(why, SN_E_USAGE, "%s is not understood", argv[i]);
		operands[have++] = argv[i];
	}
	if (have < n)
		return sn_fail(why, SN_E_USAGE, "%s is missing", names[have]);
	return SN_OK;
}

enum sn_err
fc_policy(const char *at, const char *rehearsal, struct col_policy *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct col_policy p = { .rehearsal = rehearsal != NULL };
	yyjson_val *roots = NULL;

	if (at != NULL)
		SN_TRY(text_to_time(at, &p.at, "--at", why));
	else
		SN_TRY(fc_now(&p.at, why));
	if (rehearsal != NULL) {
		SN_TRY(sn_file_read(AT_FDCWD, rehearsal, ROOTS_MAX, &b, why));
		SN_TRY(sn_json_parse(sn_buf_bytes(&b), rehearsal, false, &doc, why));
		SN_TRY(sn_json_obj(yyjson_doc_get_root(doc), "vendor_pki", &roots, rehearsal,
		    why));
		SN_TRY(col_roots_from_json(roots, rehearsal, &p.extra, why));
	}
	*ret = p;
	return SN_OK;
}

enum sn_err
fc_print(const struct sn_buf *out, struct sn_why *why)
{
	SN_TRY(sn_buf_check(out, why));
	if ((out->n > 0 && fwrite(out->p, 1, out->n, stdout) != out->n) || fflush(stdout) != 0)
		return sn_fail(why, SN_E_IO, "standard output");
	return SN_OK;
}
