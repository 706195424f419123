/* What went into a TPM's registers, told to whoever wants to do it again. */
#include <string.h>

#include "appliance/measure/eventlog.h"
#include "ceremony/bundle/judge.h"

static enum sn_err
tell_log(const struct bun_replay *to, struct bytes bytes, struct sn_why *why)
{
	struct eventlog log;
	bool end;

	SN_TRY(eventlog_open(bytes, &log, why));
	for (;;) {
		struct eventlog_event e;

		SN_TRY(eventlog_next(&log, &e, &end, why));
		if (end)
			return SN_OK;
		if (e.type != EVENTLOG_NO_ACTION && e.pcr < BUN_PCR_TRANSCRIPT)
			SN_TRY(to->extend(to->arg, e.pcr, e.sha256, why));
	}
}

static enum sn_err
tell(const struct bun_case *c, const struct bun_replay *to, struct sn_why *why)
{
	const struct bun_loaded *log = bun_dir_find(&c->dir, BUN_EVENTLOG);

	if (log != NULL)
		SN_TRY(tell_log(to, sn_buf_bytes(&log->data), why));
	for (size_t i = tr_read_segment(c->transcript); i < tr_read_size(c->transcript); i++)
		SN_TRY(to->extend(to->arg, BUN_PCR_TRANSCRIPT,
		    tr_read_record(c->transcript, i)->leaf.h, why));
	return SN_OK;
}

enum sn_err
bun_replay_facts(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_policy *p = c->policy;
	const struct bun_case *of = c;

	if (p->facts_of > c->nops)
		return sn_fail(why, SN_E_MISSING, BUN_OPS "%u/: is not there", p->facts_of);
	if (p->facts_of > 0) {
		of = &c->ops[p->facts_of - 1];
		c->report->facts = of->report->facts;
	}
	return p->replay != NULL ? tell(of, p->replay, why) : SN_OK;
}
