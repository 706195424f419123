/*
 * swtpm - an swtpm with endorsement certificates behind its socket, in a folder of its
 * own, for our code and for stock tools alike.
 *
 * Owns: the swtpm until swtpm_stop(). May include: appliance/tpm, cmocka. Test only.
 */
#ifndef TPM_SWTPM_H
#define TPM_SWTPM_H

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/appliance/tpm/rig.h"

static char *dir;

static inline void
put(const char *name, struct bytes v)
{
	char *path = test_format("%s/%s", dir, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(v.p, 1, v.n, f), v.n);
	assert_int_equal(fclose(f), 0);
	free(path);
}

/* Exit status of a shell script run in dir, what it says kept in dir/log. */
static inline int
sh(const char *script)
{
	char *line = test_format("cd %s && ( %s ) >log 2>&1", dir, script);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	free(line);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* ---- an swtpm with endorsement certificates, behind its socket */

#define LOCALCA                                                                                \
	"rm -rf st ca s s.ctrl && mkdir -p st ca && "                                          \
	"printf 'statedir = %s/ca\\nsigningkey = %s/ca/key.pem\\n"                             \
	"issuercert = %s/ca/issuer.pem\\ncertserial = %s/ca/serial\\n' \"$PWD\" \"$PWD\" "     \
	"\"$PWD\" \"$PWD\" >ca.conf && : >ca.options && "                                      \
	"printf 'create_certs_tool = /usr/bin/swtpm_localca\\n"                                \
	"create_certs_tool_config = %s/ca.conf\\ncreate_certs_tool_options = "                 \
	"%s/ca.options\\n' \"$PWD\" \"$PWD\" >setup.conf"
#define SETUP                                                                                  \
	"swtpm_setup --tpm2 --tpmstate \"$PWD\"/st --config \"$PWD\"/setup.conf "              \
	"--create-ek-cert --pcr-banks sha256"
#define START                                                                                  \
	"swtpm socket --tpm2 --tpmstate dir=st --server type=unixio,path=s "                   \
	"--ctrl type=unixio,path=s.ctrl --flags not-need-init,startup-clear & "                \
	"echo $! >pid; for i in $(seq 100); do [ -S s ] && exit; sleep 0.05; done; exit 1"
#define TOOL "TPM2TOOLS_TCTI=swtpm:path=s "

static inline void
swtpm_start(void)
{
	assert_int_equal(sh(LOCALCA), 0);
	assert_int_equal(sh(SETUP), 0);
	assert_int_equal(sh(START), 0);
}

static inline void
swtpm_stop(void)
{
	assert_int_equal(sh("kill $(cat pid)"), 0);
}

static inline int
swtpm_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/s", dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static inline struct test_bytes
get(const char *name)
{
	char *path = test_format("%s/%s", dir, name);
	struct test_bytes b = test_read(path);

	free(path);
	return b;
}

/* Our code over a new connection to it; the device is open, not started. */
static inline void
swtpm_rig(struct rig *r)
{
	struct sn_why why = { 0 };
	int fd = swtpm_connect();

	*r = (struct rig){ .wire.exchange = rig_exchange };
	tpm_wire_fds(fd, fd, "swtpm", &r->tpm);
	if (tpm_dev_open(&r->wire, &r->dev, &why) != SN_OK)
		fail_msg("%s", why.text);
}

#endif
