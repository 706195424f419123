/* RFC 6962: published hashes and roots, and every published proof, good and bad. */
#include <stdlib.h>
#include <string.h>

#include <ftw.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/merkle.h"
#include "tests/lib/test.h"

#define HASHES "merkle/rfc6962-hashes.json"
#define LEAVES "merkle/rfc6962-eight-leaves.json"
#define PROOFS "merkle/testdata"
#define MAX_FILES 512

static char *files[MAX_FILES];
static size_t nfiles;

static struct merkle_hash
hash_of_hex(const char *hex)
{
	struct merkle_hash h;

	assert_int_equal(sn_hex_parse(hex, h.h, sizeof(h.h), "hash", NULL), SN_OK);
	return h;
}

/* A hash in base64. Some published ones are shorter than a hash: those are as good as
 * any other 32 bytes. Empty and longer ones cannot be passed on: false. */
static bool
hash_of_base64(yyjson_val *v, struct merkle_hash *ret)
{
	struct sn_buf b = { 0 };
	bool ok = false;

	if (yyjson_is_str(v)) {
		assert_int_equal(sn_base64_parse(bytes_str(yyjson_get_str(v)), 4096, &b, "hash",
				     NULL),
		    SN_OK);
		ok = b.n > 0 && b.n <= MERKLE_LEN;
		memset(ret->h, 0, MERKLE_LEN);
		if (ok && b.n > 0)
			memcpy(ret->h, b.p, b.n);
	}
	sn_buf_done(&b);
	return ok;
}

static void
test_hashes(void **state)
{
	(void)state;
	test_need_data(HASHES);
	yyjson_doc *doc = test_read_json(HASHES);
	yyjson_val *r = yyjson_doc_get_root(doc), *leaf = yyjson_obj_get(r, "leaf"),
		   *node = yyjson_obj_get(r, "node");
	struct merkle_hash got, want;

	assert_int_equal(merkle_root(NULL, 0, &got, NULL), SN_OK);
	want = hash_of_hex(yyjson_get_str(yyjson_obj_get(r, "empty_root")));
	assert_memory_equal(&got, &want, sizeof(got));
	assert_int_equal(merkle_leaf(bytes_str(yyjson_get_str(yyjson_obj_get(leaf,
					 "input_ascii"))),
			     &got, NULL),
	    SN_OK);
	want = hash_of_hex(yyjson_get_str(yyjson_obj_get(leaf, "hash")));
	assert_memory_equal(&got, &want, sizeof(got));
	assert_int_equal(merkle_leaf((struct bytes){ NULL, 0 }, &got, NULL), SN_OK);
	want = hash_of_hex(yyjson_get_str(yyjson_obj_get(r, "empty_leaf")));
	assert_memory_equal(&got, &want, sizeof(got));

	/* The published node has short inputs, so only its prefix and order are ours. */
	const char *left = yyjson_get_str(yyjson_obj_get(node, "left_ascii"));
	const char *right = yyjson_get_str(yyjson_obj_get(node, "right_ascii"));
	const struct bytes parts[] = { { (const uint8_t *)"\x01", 1 }, bytes_str(left),
		bytes_str(right) };
	assert_int_equal(cry_digest_v(CRY_SHA256, parts, 3, got.h, NULL), SN_OK);
	want = hash_of_hex(yyjson_get_str(yyjson_obj_get(node, "hash")));
	assert_memory_equal(&got, &want, sizeof(got));
	yyjson_doc_free(doc);
}

static size_t
eight_leaves(yyjson_val *r, struct merkle_hash leaves[8])
{
	yyjson_val *inputs = yyjson_obj_get(r, "leaf_inputs"), *v;
	size_t i, max;

	yyjson_arr_foreach(inputs, i, max, v)
	{
		struct test_bytes b = test_unhex(yyjson_get_str(v));

		assert_int_equal(merkle_leaf((struct bytes){ b.data, b.len }, &leaves[i], NULL),
		    SN_OK);
		test_bytes_done(&b);
	}
	return yyjson_arr_size(inputs);
}

/* Leaves, every published inner node as the root of its leaves, and the whole root. */
static void
test_tree(void **state)
{
	(void)state;
	test_need_data(LEAVES);
	yyjson_doc *doc = test_read_json(LEAVES);
	yyjson_val *r = yyjson_doc_get_root(doc), *level, *v;
	struct merkle_hash leaves[8], got, want;
	size_t i, k, max, kmax;

	assert_int_equal(eight_leaves(r, leaves), 8);
	yyjson_arr_foreach(yyjson_obj_get(r, "node_hashes_by_level"), i, max, level)
	{
		yyjson_arr_foreach(level, k, kmax, v)
		{
			assert_int_equal(merkle_root(leaves + (k << i), (size_t)1 << i, &got,
					     NULL),
			    SN_OK);
			want = hash_of_hex(yyjson_get_str(v));
			assert_memory_equal(&got, &want, sizeof(got));
		}
	}
	yyjson_doc_free(doc);
}

/* The definition, by recursion: what the stack in merkle_root() must agree with. */
static struct merkle_hash
root_by_definition(const struct merkle_hash *leaves, size_t n)
{
	struct merkle_hash out = leaves[0], left, right;
	size_t k = 1;

	if (n == 1)
		return out;
	while (k * 2 < n)
		k *= 2;
	left = root_by_definition(leaves, k);
	right = root_by_definition(leaves + k, n - k);
	assert_int_equal(merkle_node(&left, &right, &out, NULL), SN_OK);
	return out;
}

static void
test_definition(void **state)
{
	struct merkle_hash leaves[130], got, want;

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(leaves); i++)
		memset(&leaves[i], (int)i, sizeof(leaves[i]));
	for (size_t n = 1; n <= SN_NITEMS(leaves); n++) {
		assert_int_equal(merkle_root(leaves, n, &got, NULL), SN_OK);
		want = root_by_definition(leaves, n);
		assert_memory_equal(&got, &want, sizeof(got));
	}
}

/* A proof file: "leafIdx" marks inclusion, "size1" consistency; wantErr is the verdict. */
static enum sn_err
run_proof(yyjson_val *r)
{
	struct merkle_hash a = { 0 }, b = { 0 }, leaf = { 0 }, proof[MERKLE_PROOF_MAX];
	yyjson_val *list = yyjson_obj_get(r, "proof"), *v;
	bool ok = true;
	size_t i, max;

	if (yyjson_arr_size(list) > MERKLE_PROOF_MAX)
		return SN_E_FORMAT;
	yyjson_arr_foreach(list, i, max, v) ok = hash_of_base64(v, &proof[i]) && ok;
	const size_t n = yyjson_arr_size(list);
	if (yyjson_obj_get(r, "leafIdx") != NULL) {
		ok = hash_of_base64(yyjson_obj_get(r, "root"), &a) && ok;
		ok = hash_of_base64(yyjson_obj_get(r, "leafHash"), &leaf) && ok;
		if (!ok)
			return SN_E_FORMAT;
		return merkle_check_inclusion(yyjson_get_uint(yyjson_obj_get(r, "leafIdx")),
		    yyjson_get_uint(yyjson_obj_get(r, "treeSize")), &leaf, proof, n, &a, NULL);
	}
	ok = hash_of_base64(yyjson_obj_get(r, "root1"), &a) && ok;
	ok = hash_of_base64(yyjson_obj_get(r, "root2"), &b) && ok;
	if (!ok)
		return SN_E_FORMAT;
	return merkle_check_consistency(yyjson_get_uint(yyjson_obj_get(r, "size1")),
	    yyjson_get_uint(yyjson_obj_get(r, "size2")), &a, &b, proof, n, NULL);
}

static void
test_proof(void **state)
{
	yyjson_doc *doc = test_read_json(*state);
	yyjson_val *r = yyjson_doc_get_root(doc);
	const bool refuse = yyjson_get_bool(yyjson_obj_get(r, "wantErr"));
	const enum sn_err e = run_proof(r);

	if (refuse)
		assert_true(e == SN_E_SIGNATURE || e == SN_E_FORMAT);
	else
		assert_int_equal(e, SN_OK);
	yyjson_doc_free(doc);
}

static int
found(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const size_t n = strlen(path);
	const char *rel = strstr(path, PROOFS);

	(void)st;
	(void)ftw;
	if (type == FTW_F && n > 5 && strcmp(path + n - 5, ".json") == 0 && rel != NULL &&
	    nfiles < MAX_FILES)
		files[nfiles++] = strdup(rel);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	test_list_add(l, test_hashes, NULL, "RFC 6962 leaf, node and empty root");
	test_list_add(l, test_tree, NULL, "the published tree of eight leaves");
	test_list_add(l, test_definition, NULL, "roots of 1 to 130 leaves by definition");
	if (test_have_data(PROOFS))
		(void)nftw(test_data_path(PROOFS), found, 8, FTW_PHYS);
	qsort(files, nfiles, sizeof(files[0]), by_name);
	for (size_t i = 0; i < nfiles; i++)
		test_list_add(l, test_proof, files[i], "%s", files[i] + strlen(PROOFS) + 1);
	const int status = test_list_run(l, "merkle");
	for (size_t i = 0; i < nfiles; i++)
		free(files[i]);
	return status;
}
