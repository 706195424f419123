#include <stdio.h>
#include <string.h>

#include "firmware-cache/cache/cache.h"

#define BREAKS "/._-"
#define NUMBER "tcbEvaluationDataNumber="
#define DIGITS_MAX 10

/* The value behind the last "?name=" or "&name=" of a URL, or NULL. */
static const char *
query(const char *url, const char *name)
{
	const char *found = NULL;

	for (const char *s = strstr(url, name); s != NULL; s = strstr(s + 1, name))
		if (s > url && (s[-1] == '?' || s[-1] == '&'))
			found = s + strlen(name);
	return found;
}

static bool
says_early(const char *path)
{
	for (const char *s = path; *s != '\0';) {
		size_t n = strcspn(s, BREAKS);

		if (n == 5 && strncmp(s, "early", 5) == 0)
			return true;
		s += n;
		s += *s != '\0';
	}
	return false;
}

const char *
cache_channel(const char *url, const char *path, char ret[CACHE_CHANNEL_MAX])
{
	const char *number = url != NULL ? query(url, NUMBER) : NULL;
	const char *update = url != NULL ? query(url, "update=") : NULL;
	size_t digits = number != NULL ? strspn(number, "0123456789") : 0;
	bool early =
	    url != NULL ? update != NULL && strncmp(update, "early", 5) == 0 : says_early(path);

	if (digits > 0 && digits <= DIGITS_MAX)
		snprintf(ret, CACHE_CHANNEL_MAX, "number-%.*s", (int)digits, number);
	else
		snprintf(ret, CACHE_CHANNEL_MAX, "%s", early ? "early" : "standard");
	return ret;
}
