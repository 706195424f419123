#include "appliance/laptop/live.h"

#include <linux/kd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define RTC_FILE "/sys/class/rtc/rtc0/since_epoch"
#define RTC_POLL_NS 4000000L
#define EDGE_POLLS 700 /* a clock chip that says the same for so long stands */
#define INTERRUPTS_MAX (256U << 10)
#define NS_PER_S 1000000000LL
#define PATH_ROOM 512

int64_t
laptop_live_interrupts(const struct init_machine *m)
{
	const struct laptop l = { .m = m };
	SN_CLEANUP(sn_buf_done) struct sn_buf b =
	    laptop_file(&l, "/proc/interrupts", INTERRUPTS_MAX);
	int64_t sum = -1;

	/* "  1:   10   0  IO-APIC  1-edge  i8042": a count per processor */
	for (const char *s = sn_buf_cstr(&b); s != NULL && *s != '\0'; s = strchr(s, '\n')) {
		size_t n;
		char *end;

		s += *s == '\n';
		n = strcspn(s, "\n");
		if (n < 5 || strncmp(s + n - 5, "i8042", 5) != 0)
			continue;
		sum = sum < 0 ? 0 : sum;
		s += strcspn(s, ":\n");
		for (s += *s == ':'; s[strspn(s, " ")] >= '0' && s[strspn(s, " ")] <= '9';
		    s = end)
			sum += strtoll(s, &end, 10);
	}
	return sum;
}

void
laptop_live_screen(int terminal, struct laptop_live *ret)
{
	struct console_font_op font = {
		.op = KD_FONT_OP_GET, .width = 64, .height = 128, .charcount = 512
	};
	struct winsize w;

	if (ioctl(terminal, TIOCGWINSZ, &w) == 0) {
		ret->columns = w.ws_col;
		ret->rows = w.ws_row;
	}
	if (ioctl(terminal, KDFONTOP, &font) == 0) {
		ret->cell_width = font.width;
		ret->cell_height = font.height;
	}
}

/* ---- the clock */

static int64_t
monotonic_ns(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool
rtc_read(const struct init_machine *m, int64_t *ret)
{
	char text[32];

	if (!look_line(m, RTC_FILE, text, sizeof(text)))
		return false;
	*ret = strtoll(text, NULL, 10);
	return true;
}

/* Wait until the clock chip begins another second: which, and when that was. */
static bool
rtc_edge(const struct init_machine *m, int64_t *ret_second, int64_t *ret_ns)
{
	const struct timespec pause = { .tv_nsec = RTC_POLL_NS };
	int64_t first, now;

	if (!rtc_read(m, &first))
		return false;
	for (int i = 0; i < EDGE_POLLS; i++) {
		if (!rtc_read(m, &now))
			return false;
		if (now != first) {
			*ret_ns = monotonic_ns();
			*ret_second = now;
			return true;
		}
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/* ---- the TPM */

/* A TPM process of this program over the machine's TPM. */
static enum sn_err
start_tpm(struct tpm **ret, struct sn_why *why)
{
	char self[PATH_ROOM];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return sn_fail(why, SN_E_IO, "/proc/self/exe cannot be read");
	self[n] = '\0';
	return tpm_start(self, TPM_DEVICE, NULL, -1, ret, why);
}

static void
ask_tpm(struct laptop_live *v)
{
	SN_CLEANUP(tpm_free) struct tpm *t = NULL;

	if (!tpm_device_present())
		return;
	v->tpm_asked = true;
	v->tpm_err = start_tpm(&t, &v->tpm_why);
	if (v->tpm_err == SN_OK)
		v->tpm_err = tpm_info(t, &v->tpm, &v->tpm_why);
	if (v->tpm_err == SN_OK)
		v->tpm_err = tpm_usable(&v->tpm, &v->tpm_why);
}

bool
laptop_live_enrols(const struct laptop_live *v)
{
	return v->tpm_asked && v->tpm_err == SN_OK && v->tpm.ek_pub.n != 0 &&
	    v->tpm.ak_pub.n != 0;
}

enum sn_err
laptop_live_activate(struct bytes challenge, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_free) struct tpm *t = NULL;

	SN_TRY(start_tpm(&t, why));
	return tpm_activate(t, challenge, ret, why);
}

void
laptop_live_look(const struct init_machine *m, struct laptop_live *ret)
{
	const struct timespec pause = { .tv_nsec = NS_PER_S / 10 };
	int64_t second[2], at[2];
	struct timespec t = { 0 };
	bool runs = rtc_edge(m, &second[0], &at[0]);

	ask_tpm(ret);
	while (runs && monotonic_ns() - at[0] < RTC_SECONDS * NS_PER_S - NS_PER_S / 2)
		(void)nanosleep(&pause, NULL);
	if (runs && rtc_edge(m, &second[1], &at[1])) {
		ret->rtc_seconds = second[1] - second[0];
		ret->rtc_ns = at[1] - at[0];
	}
	(void)clock_gettime(CLOCK_REALTIME, &t);
	ret->now = t.tv_sec;
}
