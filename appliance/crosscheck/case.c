#include <stdlib.h>

#include "appliance/crosscheck/crosscheck.h"

void
xc_done(struct xc *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n; i++) {
		free(c->file[i].path);
		sn_buf_done(&c->file[i].data);
	}
	for (uint32_t i = 0; i < c->nops; i++)
		xc_done(&c->ops[i]);
	free(c->ops);
	for (size_t i = 0; i < XC_CERTS && c->number == 0; i++) { /* others borrow them */
		if (c->cert[i].crt != NULL)
			gnutls_x509_crt_deinit(c->cert[i].crt);
		gnutls_free(c->cert[i].der.data);
	}
	for (size_t i = 0; i < c->nrecords; i++)
		sn_json_free(&c->record[i]);
	free(c->record);
	free(c->leaf);
	free(c->file);
	free(c->st.subject);
	sn_json_free(&c->st.doc);
	sn_json_free(&c->card);
	*c = (struct xc){ 0 };
}
