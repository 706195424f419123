/* Revocation: the end of every certificate. */
#include "ceremony/screen/texts.h"

static const struct text rows[] = {
	{ "review.revoke",
	    "For \"{sanctum}\": the sealed lists that revoke every certificate are opened and "
	    "published. Nobody can take that back. Approved {have} of {need}." },

	/* revoke */
	{ "revoke.title", "Revocation" },
	{ "revoke.head", "The end of every certificate" },
	{ "revoke.body",
	    "The lists that are about to be opened revoke all {count} certificates below the roots "
	    "of \"{sanctum}\", operations generation {generation}: both signing CAs, the token CA, "
	    "and every statement, operations and token signer.\n\n"
	    "Whoever loads them refuses every bundle, every operations statement and every "
	    "attestation token of this sanctum, from then on and for good." },
	{ "revoke.forever",
	    "There is no way back: what follows is the genesis of another sanctum. To replace the "
	    "signers alone, hold a rotation instead." },

	/* lists */
	{ "lists.title", "Lists" },
	{ "lists.head", "The lists are open" },
	{ "lists.busy", "Opening the sealed lists and verifying each." },
	{ "lists.body",
	    "{lists} lists, which together revoke {count} certificates, were opened. Each carries "
	    "the signature of its CA and revokes exactly what identity.json lists." },
	{ "lists.digest",
	    "SHA-256 of crl.pem, which holds all of them; compare it by telephone with whoever "
	    "loads it:" },

	/* export */
	{ "revocation.media",
	    "Copy {number} of {count}: the stick {label} receives the folder revocation/. It must "
	    "hold none." },
	{ "revocation.pull",
	    "The folder was written to {label}. Pull the stick, so that what is read back comes from "
	    "the stick itself." },

	/* end */
	{ "revoked.head", "The lists are on the sticks" },
	{ "revoked.body",
	    "Carry the folder revocation/ to everybody who verifies: sanctum verify --crl, and "
	    "wherever else lists are loaded. Have both roots removed from every place that trusts "
	    "them; kill-list.txt says what and where." },

	/* records */
	{ "revocation.agreed",
	    "Those present agreed to revoke every certificate below the identity {identity}." },
	{ "revocation.opened",
	    "The sealed revocation lists were opened and verified; SHA-256 of all: {lists}." },

	/* kill-list.txt, in this order */
	{ "killlist.head",
	    "Cornerstone: revocation of every certificate\n"
	    "\n"
	    "sanctum    {sanctum} ({id})\n"
	    "world      {world}\n"
	    "ceremony   {ceremony}\n"
	    "time       {time}\n"
	    "identity   {identity}\n"
	    "bundle     sequence {sequence}, SHA-256 of its statement.json\n"
	    "           {statement}\n"
	    "\n"
	    "What to do\n"
	    "  importers and auditors   sanctum verify BUNDLE --crl crl.pem ...\n"
	    "  OpenSSL                  -crl_check_all -CRLfile crl.pem\n"
	    "  certtool                 --load-crl crl.pem\n"
	    "  one list, as DER or PEM  crl/\n"
	    "  trust stores             remove trust/root-p384.pem and trust/root-mldsa87.pem\n"
	    "  paper                    strike out the identity digest above\n"
	    "  attestation service      stop it; its token signer is revoked\n"
	    "\n"
	    "The lists are good as long as the CAs that signed them. Their numbers are above those\n"
	    "of every list of this generation that was published before.\n" },
	{ "killlist.list", "\nRevoked by {label}, list number {number}\n" },
	{ "killlist.entry", "  {label}, generation {generation}\n      serial {serial}\n" },
	{ "killlist.digest", "\nSHA-256 of crl.pem, as digits and as words\n    {digest}" },
};
const struct texts texts_revoke = { rows, SN_NITEMS(rows) };
