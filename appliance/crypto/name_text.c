#include <stdio.h>
#include <string.h>

#include "appliance/crypto/priv.h"

#define NAME_DER_MAX 8192

void
cry_name_text(struct bytes der, char *ret, size_t max)
{
	const unsigned char *p = der.p;
	X509_NAME *name = der.n > NAME_DER_MAX ? NULL : d2i_X509_NAME(NULL, &p, (long)der.n);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = 0;

	ret[0] = '\0';
	if (name != NULL && bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV) >= 0)
		n = BIO_get_mem_data(bio, &text);
	if (n > 0)
		snprintf(ret, max, "%.*s", (int)n, text);
	BIO_free(bio);
	X509_NAME_free(name);
	ERR_clear_error();
}
