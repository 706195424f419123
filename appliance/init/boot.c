#include "appliance/init/boot.h"

#include <string.h>
#include <sys/wait.h>

#include "appliance/init/child.h"
#include "appliance/init/image.h"
#include "appliance/init/page.h"

#define USB_POLL_SECONDS 1

static void
show(struct consoles *cs, const struct page *p)
{
	console_clear(cs);
	for (size_t i = 0; i + 1 < PAGE_ROWS; i++)
		console_print(cs, p->row[i]);
}

static void
show_measurements(struct boot *b)
{
	uint8_t pcr[IMAGE_PCRS][32];
	struct page p;
	size_t n = 0;

	while (n < IMAGE_PCRS && init_pcr_read(b->machine, (unsigned int)n, pcr[n]))
		n++;
	page_measurements(&p, b->facts, pcr, n);
	show(b->cs, &p);
	(void)console_wait_enter(b->cs, 0);
}

static void
show_checks(struct boot *b)
{
	struct page p;

	for (size_t i = 0; page_checks(&p, b->facts, i); i++) {
		show(b->cs, &p);
		(void)console_wait_enter(b->cs, 0);
	}
}

static void
show_usb(struct boot *b)
{
	struct page p;

	for (size_t i = 0; page_usb(&p, b->facts, &b->usb, i); i++) {
		show(b->cs, &p);
		(void)console_wait_enter(b->cs, 0);
	}
}

/* The first screen comes back afterwards. */
static const struct boot_row {
	struct page_key key;
	void (*run)(struct boot *b);
} rows[] = {
	{ { 'm', "what the TPM measured" }, show_measurements },
	{ { 't', "the self-tests" }, show_checks },
	{ { 'u', "the USB devices" }, show_usb },
};

#define KEYS_MAX (SN_NITEMS(rows) + INIT_CHOICES_MAX)

static size_t
menu_keys(const struct init_ops *ops, struct page_key ret[KEYS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		ret[n++] = rows[i].key;
	for (size_t i = 0; i < ops->nchoices && n < KEYS_MAX; i++)
		ret[n++] = (struct page_key){ ops->choices[i].key, ops->choices[i].text };
	return n;
}

/* False when the machine is to be switched off. */
static bool
obey(struct boot *b, const struct console *c, char key)
{
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (rows[i].key.key == key)
			rows[i].run(b);
	for (size_t i = 0; i < b->ops->nchoices; i++) {
		const struct init_choice *choice = &b->ops->choices[i];

		if (choice->key != key)
			continue;
		console_clear(b->cs);
		console_print_others(b->cs, c, "This machine is in use on its other console.");
		if (init_child_wait(init_child_start(choice->run, b->ops->arg, c, b->facts),
			b->cs) != 0 ||
		    !console_reopen(b->cs))
			return false;
	}
	return true;
}

/* A line from the menu; an empty one only when what is shown is all that there is. */
static enum sn_err
ask(struct boot *b, struct console **ret, char line[CONSOLE_LINE_MAX], struct sn_why *why)
{
	struct page_key keys[KEYS_MAX];
	size_t n = menu_keys(b->ops, keys);
	bool changed = true;
	struct page p;

	for (*ret = NULL; *ret == NULL || changed;) {
		if (changed) {
			page_first(&p, b->facts, &b->usb, keys, n);
			show(b->cs, &p);
		}
		*ret = console_wait_line(b->cs, USB_POLL_SECONDS, line);
		SN_TRY(usb_status(&b->facts->usb, &b->usb, &changed, why));
	}
	return SN_OK;
}

enum sn_err
boot_choose(struct boot *b, struct console **ret, struct sn_why *why)
{
	bool changed;

	SN_TRY(usb_status(&b->facts->usb, &b->usb, &changed, why));
	for (;;) {
		char line[CONSOLE_LINE_MAX];
		struct console *c;

		SN_TRY(ask(b, &c, line, why));
		if (line[0] == '\0') {
			*ret = c;
			return SN_OK;
		}
		if (line[1] == '\0' && !obey(b, c, line[0])) {
			*ret = NULL;
			return SN_OK;
		}
	}
}
