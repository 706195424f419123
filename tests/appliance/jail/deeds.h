/*
 * deeds - what a jailed process must not be able to do, as one table.
 *
 * Owns: nothing. May include: base. Shared by the tests of this folder.
 */
#ifndef DEEDS_H
#define DEEDS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/base.h"

/* Set by the test before the fork. */
static char deed_dir[200];
static pid_t deed_parent;
static int deed_pipe[2];

/* Each is true when it could do it; errno says why not. */
static const char *
deed_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", deed_dir, name);
	return path;
}

static bool
deed_read(void)
{
	return open(deed_path("there"), O_RDONLY | O_CLOEXEC) >= 0;
}

static bool
deed_old_open(void)
{
	return syscall(SYS_open, deed_path("there"), O_RDONLY) >= 0;
}

static bool
deed_write(void)
{
	return open(deed_path("there"), O_WRONLY | O_CLOEXEC) >= 0;
}

static bool
deed_create(void)
{
	return open(deed_path("new"), O_CREAT | O_RDWR | O_CLOEXEC, 0600) >= 0;
}

static bool
deed_truncate(void)
{
	return truncate(deed_path("there"), 0) == 0;
}

static bool
deed_mkdir(void)
{
	return mkdir(deed_path("folder"), 0700) == 0;
}

static bool
deed_unlink(void)
{
	return unlink(deed_path("there")) == 0;
}

static bool
deed_symlink(void)
{
	return symlink("there", deed_path("link")) == 0;
}

static bool
deed_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool
deed_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool
deed_socketpair(void)
{
	int fd[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0;
}

static bool
deed_connect(void)
{
	const struct sockaddr_un a = { .sun_family = AF_UNIX };

	/* reaches the kernel's check of the descriptor */
	return connect(0, (const struct sockaddr *)&a, sizeof(a)) == 0 || errno == ENOTSOCK;
}

static bool
deed_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static void *
deed_nothing(void *arg)
{
	return arg;
}

static bool
deed_thread(void)
{
	pthread_t t;
	int rc = pthread_create(&t, NULL, deed_nothing, NULL);

	errno = rc;
	return rc == 0;
}

static bool
deed_exec(void)
{
	char path[] = "/bin/true";
	char *const argv[] = { path, NULL }, *const env[] = { NULL };

	return execve(path, argv, env) == 0; /* true's own exit status is 0 as well */
}

static bool
deed_ptrace(void)
{
	return ptrace(PTRACE_SEIZE, deed_parent, NULL, NULL) == 0;
}

static bool
deed_peek(void)
{
	return syscall(SYS_process_vm_readv, deed_parent, NULL, 0, NULL, 0, 0) == 0;
}

static bool
deed_kill_init(void)
{
	return kill(1, 0) == 0;
}

static bool
deed_kill_parent(void)
{
	return kill(deed_parent, 0) == 0;
}

static bool
deed_mount(void)
{
	return mount("none", deed_dir, "tmpfs", 0, NULL) == 0;
}

static bool
deed_chroot(void)
{
	return chroot(deed_dir) == 0;
}

static bool
deed_unshare(void)
{
	return unshare(CLONE_NEWUTS) == 0;
}

static bool
deed_setuid(void)
{
	return setuid(0) == 0;
}

static bool
deed_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

static bool
deed_limit(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_NOFILE, &l) == 0 && setrlimit(RLIMIT_NOFILE, &l) == 0;
}

static bool
deed_map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	    MAP_FAILED;
}

static bool
deed_make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
deed_type(void)
{
	/* reaches the kernel's check: pipes are no terminals */
	return ioctl(deed_pipe[0], TIOCSTI, "x") == 0 || errno == ENOTTY;
}

static bool
deed_memfd(void)
{
	return memfd_create("x", 0) >= 0;
}

static bool
deed_dup(void)
{
	return dup(deed_pipe[0]) >= 0;
}

static bool
deed_new_pipe(void)
{
	int fd[2];

	return pipe(fd) == 0;
}

static bool
deed_shm(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	if (id >= 0)
		shmctl(id, IPC_RMID, NULL);
	return id >= 0;
}

static bool
deed_uring(void)
{
	uint8_t params[120] = { 0 };

	return syscall(SYS_io_uring_setup, 1, params) >= 0;
}

static bool
deed_wait(void)
{
	int status;

	return waitpid(-1, &status, WNOHANG) == 0 || errno == ECHILD;
}

static bool
deed_stat(void)
{
	struct stat st;

	return syscall(SYS_stat, deed_path("there"), &st) == 0;
}

#if defined(__x86_64__)
/* getpid, as a 32-bit program would ask for it. */
static bool
deed_32_bit(void)
{
	long rc = 20;

	__asm__ volatile("int $0x80" : "+a"(rc)::"memory");
	if (rc < 0)
		errno = (int)-rc;
	return rc > 0;
}

static bool
deed_x32(void)
{
	return syscall(0x40000000L + SYS_getpid) > 0;
}
#endif

enum deed_by {
	BY_FILTER = 1,	 /* the filter kills, for everyone */
	BY_LANDLOCK = 2, /* Landlock refuses */
};

static const struct deed {
	const char *name;
	bool (*do_it)(void);
	unsigned int by;
} deeds[] SN_UNUSED = {
	{ "read a file", deed_read, BY_FILTER | BY_LANDLOCK },
	{ "read a file, old call", deed_old_open, BY_FILTER | BY_LANDLOCK },
	{ "write a file", deed_write, BY_FILTER | BY_LANDLOCK },
	{ "make a file", deed_create, BY_FILTER | BY_LANDLOCK },
	{ "cut a file", deed_truncate, BY_FILTER | BY_LANDLOCK },
	{ "make a folder", deed_mkdir, BY_FILTER | BY_LANDLOCK },
	{ "remove a file", deed_unlink, BY_FILTER | BY_LANDLOCK },
	{ "make a link", deed_symlink, BY_FILTER | BY_LANDLOCK },
	{ "look at a file", deed_stat, BY_FILTER },
	{ "network socket", deed_socket, BY_FILTER },
	{ "local socket", deed_unix, BY_FILTER },
	{ "pair of sockets", deed_socketpair, BY_FILTER },
	{ "connect", deed_connect, BY_FILTER },
	{ "fork", deed_fork, BY_FILTER },
	{ "thread", deed_thread, BY_FILTER },
	{ "execute", deed_exec, BY_FILTER | BY_LANDLOCK },
	{ "trace the parent", deed_ptrace, BY_FILTER | BY_LANDLOCK },
	{ "read the parent's memory", deed_peek, BY_FILTER },
	{ "signal PID 1", deed_kill_init, BY_FILTER | BY_LANDLOCK },
	{ "signal the parent", deed_kill_parent, BY_FILTER | BY_LANDLOCK },
	{ "mount", deed_mount, BY_FILTER | BY_LANDLOCK },
	{ "change the root", deed_chroot, BY_FILTER },
	{ "own namespace", deed_unshare, BY_FILTER },
	{ "become root", deed_setuid, BY_FILTER },
	{ "be dumpable again", deed_dumpable, BY_FILTER },
	{ "ask for limits", deed_limit, BY_FILTER },
	{ "map code", deed_map_code, BY_FILTER },
	{ "turn data into code", deed_make_code, BY_FILTER },
	{ "type into a terminal", deed_type, BY_FILTER },
	{ "file in memory", deed_memfd, BY_FILTER },
	{ "double a descriptor", deed_dup, BY_FILTER },
	{ "new pipe", deed_new_pipe, BY_FILTER },
	{ "shared memory", deed_shm, BY_FILTER },
	{ "ring of requests", deed_uring, BY_FILTER },
	{ "wait for any child", deed_wait, BY_FILTER },
#if defined(__x86_64__)
	{ "32-bit call", deed_32_bit, BY_FILTER },
	{ "x32 call", deed_x32, BY_FILTER },
#endif
};

#endif
