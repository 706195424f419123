#include "tests/lib/swtpm.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

static const char swtpm_localca[] =
    "rm -rf st ca s s.ctrl && mkdir -p st ca && "
    "printf 'statedir = %s/ca\\nsigningkey = %s/ca/key.pem\\n"
    "issuercert = %s/ca/issuer.pem\\ncertserial = %s/ca/serial\\n' \"$PWD\" \"$PWD\" "
    "\"$PWD\" \"$PWD\" >ca.conf && : >ca.options && "
    "printf 'create_certs_tool = /usr/bin/swtpm_localca\\n"
    "create_certs_tool_config = %s/ca.conf\\ncreate_certs_tool_options = "
    "%s/ca.options\\n' \"$PWD\" \"$PWD\" >setup.conf";
static const char swtpm_setup[] =
    "swtpm_setup --tpm2 --tpmstate \"$PWD\"/st --config \"$PWD\"/setup.conf "
    "--create-ek-cert --pcr-banks sha256";
/* Making its authority's keys takes longer than all else: a new TPM is a copy of the first. */
static const char swtpm_keep[] = "rm -rf made && cp -a st made";
static const char swtpm_again[] = "rm -rf st s s.ctrl && cp -a made st";
static const char swtpm_on[] =
    "rm -f s s.ctrl; swtpm socket --tpm2 --tpmstate dir=st --server type=unixio,path=s "
    "--ctrl type=unixio,path=s.ctrl --flags not-need-init,startup-clear & "
    "echo $! >pid; for i in $(seq 100); do [ -S s ] && exit; sleep 0.05; done; exit 1";
static const char swtpm_off[] =
    "kill $(cat pid); for i in $(seq 100); do kill -0 $(cat pid) || exit 0; sleep 0.05; done; "
    "exit 1";

void
swtpm_make(void)
{
	static bool made;

	if (made) {
		assert_int_equal(test_sh(swtpm_again), 0);
		return;
	}
	assert_int_equal(test_sh(swtpm_localca), 0);
	assert_int_equal(test_sh(swtpm_setup), 0);
	assert_int_equal(test_sh(swtpm_keep), 0);
	made = true;
}

void
swtpm_start(void)
{
	assert_int_equal(test_sh(swtpm_on), 0);
}

void
swtpm_stop(void)
{
	assert_int_equal(test_sh(swtpm_off), 0);
}

int
swtpm_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/s", test_workdir());
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}
