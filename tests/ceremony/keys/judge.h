/*
 * judge - other programs' opinion: a command in a directory, its output in a file.
 */
#ifndef KEYS_JUDGE_H
#define KEYS_JUDGE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run a command line of sh in dir; output goes to the file out there. The exit status. */
static inline int
judge_sh(const char *dir, const char *command, const char *out)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		int fd;

		if (chdir(dir) != 0)
			_exit(126);
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
