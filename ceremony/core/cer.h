/*
 * cer - the engine's inside, shared by the files of its steps only.
 *
 * Owns: see struct cer. May include: what the layer table gives core.
 */
#ifndef CER_CER_H
#define CER_CER_H

#include "appliance/attest/class.h"
#include "appliance/base/text.h"
#include "appliance/media/mark.h"
#include "appliance/tpm/tpm.h"
#include "ceremony/screen/catalogue.h"
#include "ceremony/core/engine.h"
#include "ceremony/bundle/verify.h"
#include "ceremony/journal/journal.h"
#include "ceremony/keeper/keeper.h"
#include "ceremony/keys/plan.h"
#include "ceremony/core/kill.h"
#include "ceremony/transcript/transcript.h"
#include "firmware-cache/store/store.h"

#define APPROVER_KEY "approver.key" /* on an approver's stick */
#define CER_LABEL_IN "CS-IN"
#define CER_LABEL_OUT_A "CS-OUT-A"
#define CER_LABEL_OUT_B "CS-OUT-B"
#define CER_LABEL_LOG "CS-LOG"
#define CER_LABEL_JOURNAL "CS-JOURNAL"
#define CER_BUNDLE_DIR "bundle"
#define CER_EXPIRES 8
#define CER_PLACES 4	 /* that an inspection looks at */
#define CER_FOUND_MAX 80 /* bytes of what it finds at one */
#define CER_REASON_MAX 200

struct cer;

/*
 * One step. enter() does the work that needs no people, once; a screen with
 * busy (a message id) is shown before it when that is not NULL (without enter(): before
 * there()). Then ask 0 to
 * count() - 1 in turn: show() composes the view, take() accepts the answer, there()
 * is told when one of the labels of a VIEW_MEDIA ask is in. All but id, title may be NULL.
 * take() and there() may go back by lowering c->ask (it is raised by one afterwards).
 */
struct step {
	const char *id, *title, *busy;
	unsigned int needs, makes;
	enum sn_err (*enter)(struct cer *c, struct sn_why *why);
	size_t (*count)(const struct cer *c);
	enum sn_err (*show)(struct cer *c, size_t i, struct view *v, struct sn_why *why);
	enum sn_err (*take)(struct cer *c, size_t i, const struct answer *a,
	    struct sn_why *why);
	enum sn_err (*there)(struct cer *c, size_t i, const char *label, struct sn_why *why);
};

/* Which approver has done what. */
struct cer_approver {
	bool plan, statement, share, opened;
	struct sn_buf statement_sig;
};

/* What is known about one custodian's share; reason: why it is not proven, or "". */
enum cer_share_state { CER_SHARE_UNSEEN, CER_SHARE_PROVEN, CER_SHARE_UNPROVEN };
struct cer_share {
	enum cer_share_state state;
	char reason[SN_WHY_MAX];
	int64_t at;
};

/* Custody: the check of shares; the splitting that identity.json lists. */
struct cer_custody {
	size_t who; /* custodian at the keyboard */
	bool ended;
	struct cer_share share[PLAN_MAX_SHARES];
	uint32_t old_threshold, old_count, old_identifier;
	uint32_t kept; /* old sheets that were not destroyed */
};

/* Operations: the bundle that is added to, as it lay on the IN stick, once verified. */
struct cer_base {
	struct bun_file *file; /* owned, paths and data, too */
	size_t n, cap, total;
	struct bun_report report;
	char skipped[160]; /* the first file that could not be read, and why; or "" */
};
void cer_base_free(struct cer_base **bp); /* NULL-safe, idempotent */
/* Every file below that folder of the IN stick, none where there is no such folder. */
SN_MUST_USE enum sn_err cer_base_read_tree(struct cer *c, const char *folder, size_t max,
    struct cer_base **ret, struct sn_why *why);
/* The bundle's file of that path, or nothing. */
struct bytes cer_base_file(const struct cer *c, const char *path);
/* steps_close.c asks: a bundle for ops/<n>/ with the base in it and those who may approve. */
SN_MUST_USE enum sn_err cer_ops_bundle(struct cer *c, struct sn_why *why);
/* steps_close.c asks: what an amendment brings beside the plan's policy. */
SN_MUST_USE enum sn_err cer_amend_files(struct cer *c, struct sn_why *why);
/* Add trust/approvers/NAME.pem (steps_close.c). */
SN_MUST_USE enum sn_err cer_approver_file(struct cer *c, const struct plan_approver *a,
    struct sn_why *why);
/* The finished bundle, judged like the one that came in. */
SN_MUST_USE enum sn_err cer_ops_judge(const struct cer *c, struct sn_why *why);

/* The journal (core/journal.c), and how this ceremony goes on from what was in it. */
enum cer_going { CER_NEW, CER_AGAIN, CER_SHARES, CER_EXPORT };
struct cer_journal {
	struct journal *j; /* NULL: none is kept */
	enum cer_going going;
	size_t kept;		  /* bytes of it that are on the stick */
	size_t records, openings; /* bytes of the transcript that are in it */
	size_t torn;		  /* bytes that a cut left behind its end */
	uint8_t identity[32];	  /* of the root that was made before the cut */
	bool added, away;	  /* a border's lines are in; the stick is awaited for them */
	uint8_t statement[32];	  /* of the finished bundle */
};

#define CER_LOG_FOLDER_MAX 48
#define CER_LOG_MORE 16 /* files that a mode adds to its log */

/* The last statement before a rebuild and the head of its transcript. */
struct cer_previous {
	bool there;
	uint8_t statement[32]; /* its SHA-256 */
	uint32_t sequence;
	struct note_checkpoint head;
	struct sn_buf note; /* the checkpoint with its signatures */
};
void cer_previous_done(struct cer_previous *p); /* NULL-safe, idempotent */

/* What people read off bags and off the machine (ceremony/core/steps_room.c). */
struct cer_room {
	char first[PLAN_SERIAL_MAX + 1]; /* what the first of two has typed */
	char opened[PLAN_MAX_SEALS][PLAN_SERIAL_MAX + 1];
	char closed[PLAN_MAX_SEALS][PLAN_SERIAL_MAX + 1];
	char found[CER_PLACES][CER_FOUND_MAX + 1]; /* "ok", or what is wrong */
};

/* What the TPM attested at the opening (core/evidence.c). */
struct cer_evidence {
	struct tpm_attested creation; /* of the attestation key */
	struct tpm_counter counter;
	char no_counter[CER_REASON_MAX + 1]; /* why there is none */
	struct sn_buf json;		     /* tpm.json */
};
void cer_evidence_done(struct cer_evidence *e); /* idempotent */

struct cer {
	struct cer_ports ports;
	struct cer_kill *kill; /* revocation only */

	/* where we are */
	const struct step *const *steps;
	size_t nsteps, at, ask;
	bool entered, busy_shown, over;
	unsigned int have; /* ART_* made so far */
	enum sn_err result;
	struct sn_why why;
	char note[VIEW_WIDTH * 2 + 1];
	struct view_log *log;	   /* what the view on screen says */
	struct sn_buf last_screen; /* the same, of the last that was recorded */
	struct cer_early {
		char ref[80];
		struct sn_buf text;
	} early[8]; /* screens before the first record */
	size_t nearly;
	enum view_kind last_kind;
	char last_word[48];
	char last_label[VIEW_MAX_LABELS][VIEW_LABEL_MAX + 1];
	size_t last_nlabels;
	bool scan_failed; /* people were told why the sticks cannot be looked at */
	char pending[MED_LABEL_MAX + 1]; /* a stick that is in and not taken yet */
	char refused[MED_LABEL_MAX + 1]; /* a stick that was refused and is still in */
	char wrong[MED_LABEL_MAX + 1];	 /* one that nobody asked for; people were told */

	/* what was made; owned */
	struct plan *plan;
	struct sn_buf previous_file;  /* rotation: the statement that it follows */
	struct sn_buf identity_file;  /* identity.json from the IN stick, or off the card */
	struct cer_previous previous; /* rebuild */
	uint32_t stated[2];	      /* rebuild: the highest sequence that two people know */
	struct tr *tr;
	struct tr *late; /* what comes after it, when the plan wants closing/; else NULL */
	size_t extended; /* records whose leaves are in PCR 15 */
	struct merkle_hash leaf[TR_MAX_RECORDS];
	int64_t last_time;
	int64_t typed_offset[2], clock_offset; /* seconds from the machine's clock */
	struct tpm *tpm;
	struct tpm_info info;
	enum tpm_condition condition; /* of the TPM that the plan wants */
	char problem[SN_WHY_MAX];     /* with it; "" when usable or absent */
	struct cer_evidence evidence;
	const char *evidence_class;
	struct att_verdict verdict; /* why that class */
	struct keeper *keeper;
	struct col_store *col;
	size_t skipped;	       /* files under collateral/ that could not be taken at all */
	struct sn_buf entropy; /* entropy.json */
	uint32_t rolls;	       /* dice that were typed */
	struct tpm_audit audit;
	struct sn_secret shown;
	uint32_t subsets, missing, recovered;
	struct keeper_files files;
	uint8_t identity[32];
	bool has_identity;
	struct cer_approver approver[PLAN_MAX_APPROVERS];
	size_t who; /* approver at the keyboard */
	struct sn_buf approver_file;
	struct cer_base *base;	  /* operations only */
	struct cer_base *refvals; /* amend: reference values from the IN stick */
	struct sn_buf ops_file[KEEPER_SHARE_FILES]; /* operations shares of the stick */
	size_t nops_files;
	struct bun *bun;
	struct bun_expiry expires[CER_EXPIRES];
	char expiry_text[COL_LABEL_MAX + 16];
	size_t nexpires;
	struct sn_buf checked; /* what the second checker said */
	uint64_t exported_bytes;
	struct cer_room room;
	struct mark out_mark[2]; /* of CS-OUT-A and CS-OUT-B, as far as they are written */
	struct cer_custody custody;
	bool log_closed;		     /* no bundle: the transcript has its last record */
	char log_folder[CER_LOG_FOLDER_MAX]; /* on CS-LOG */
	size_t log_files;
	struct cer_journal journal;
	struct cer_usb *usb;   /* what came and went on USB; NULL without a guard */
	bool usb_shown;	       /* the last view was a question of ceremony/core/usb.c */
	struct cer_halt *halt; /* what is asked instead of the step's question */
	bool halt_shown;       /* the last view was a question of ceremony/core/halt.c */
	char last_ref[80];     /* reference of the last view */
};

/* The steps of each mode, by enum plan_mode (steps.c). */
struct cer_mode {
	const struct step *const *steps;
	size_t n;
};
extern const struct cer_mode cer_modes[];
extern const size_t cer_mode_count;
/* Go on with the table of the plan's mode; its first steps are those that were done. */
void cer_mode_set(struct cer *c, enum plan_mode mode);

/* Tables for a ceremony that goes on: from the shares, from the finished bundle. */
extern const struct cer_mode cer_resumed, cer_reexport;

/*
 * The journal (core/journal.c). cer_journal_border() writes what the step that just ended
 * brought, and what the next one means. *ret_wait: the stick is not there; cer_journal_show()
 * is to be shown until cer_journal_there() says SN_OK.
 */
SN_MUST_USE enum sn_err cer_journal_border(struct cer *c, bool *ret_wait, struct sn_why *why);
void cer_journal_show(struct view *v);
SN_MUST_USE enum sn_err cer_journal_there(struct cer *c, struct sn_why *why);
SN_MUST_USE enum sn_err cer_journal_sync(struct cer *c, struct sn_why *why);
/* People ended the ceremony: nobody can go on with it. SN_E_MEDIA: the stick is not there;
 * call again. Nothing to do before the journal's own step is over. */
SN_MUST_USE enum sn_err cer_journal_end(struct cer *c, struct sn_why *why);
void cer_journal_done(struct cer_journal *j);
#define CER_BUNDLE_FOLDER_MAX 24
/* The bundle's folder on the journal stick. */
void cer_journal_folder(const struct cer *c, char ret[CER_BUNDLE_FOLDER_MAX]);

/* The bundle's files as the stick port takes them; the caller frees the list. */
SN_MUST_USE enum sn_err cer_bundle_files(struct cer *c, struct med_file **ret,
    struct sn_why *why);

/* The label of an approver's stick, and whose stick has that label. */
void cer_approver_label(const char *name, char ret[MED_LABEL_MAX + 1]);
size_t cer_approver_index(const struct cer *c, const char *label);
/* Read the key on a stick; c->who is then whose it is. SN_E_MEDIA, SN_E_MISSING. */
SN_MUST_USE enum sn_err cer_approver_read(struct cer *c, const char *label, struct sn_why *why);
/* Ask that the stick of c->who be pulled. */
void cer_approver_pull(const struct cer *c, struct view *v, const char *head);
/* The name of operations share number i, from 1, of that sequence on an approver's stick. */
#define CER_OPS_NAME_MAX 64
void cer_ops_name(uint32_t sequence, unsigned int i, char ret[CER_OPS_NAME_MAX]);

/*
 * USB devices (ceremony/core/usb.c). cer_usb_look() records what came and went since the
 * last look; news: people must be shown the next view. While cer_usb_asks(), questions about
 * a keyboard stand before those of the step; cer_usb_due() says that they may begin.
 */
struct cer_usb;
SN_MUST_USE enum sn_err cer_usb_new(struct cer_usb **ret, struct sn_why *why);
void cer_usb_free(struct cer_usb **up); /* NULL-safe, idempotent */
SN_MUST_USE enum sn_err cer_usb_look(struct cer *c, bool *ret_news, struct sn_why *why);
void cer_usb_list(const struct cer *c, struct view *v); /* keyboards and what is refused */
bool cer_usb_due(const struct cer *c);
bool cer_usb_asks(const struct cer *c);
SN_MUST_USE enum sn_err cer_usb_begin(struct cer *c, struct sn_why *why);
void cer_usb_show(const struct cer *c, struct view *v);
void cer_usb_prompt(const struct cer *c, struct view *v);
SN_MUST_USE enum sn_err cer_usb_take(struct cer *c, const struct answer *a, struct sn_why *why);
SN_MUST_USE enum sn_err cer_usb_there(struct cer *c, const char *label, struct sn_why *why);
void cer_usb_pulled(struct cer *c);

/*
 * "pause", "abort", "exception" and "no" (ceremony/core/halt.c). cer_halt_called() says
 * whether an answer to a step's question is one of them (before there is a plan, "no" fails
 * with SN_E_DECLINED). While cer_halt_asks(), its questions stand before all others.
 */
struct cer_halt;
SN_MUST_USE enum sn_err cer_halt_new(struct cer_halt **ret, struct sn_why *why);
void cer_halt_free(struct cer_halt **hp); /* NULL-safe, idempotent */
SN_MUST_USE enum sn_err cer_halt_called(struct cer *c, const struct answer *a, bool *ret_called,
    struct sn_why *why);
bool cer_halt_asks(const struct cer *c);
void cer_halt_show(const struct cer *c, struct view *v);
void cer_halt_frame(const struct cer *c, struct view *v); /* what a pause takes away */
SN_MUST_USE enum sn_err cer_halt_take(struct cer *c, const struct answer *a,
    struct sn_why *why);
SN_MUST_USE enum sn_err cer_halt_there(struct cer *c, const char *label, struct sn_why *why);
void cer_halt_pulled(struct cer *c);
void cer_halt_over(struct cer *c); /* the last screen was read */
/* The machine will not do: end with e, keep the transcript if people want it. A journal stays
 * as it is, so that the same ceremony can go on where that is mended. */
void cer_halt_refuse(struct cer *c, enum sn_err e, const char *reason);

void cer_wipe(struct cer *c); /* everything secret: the keeper, the TPM, what was shown */
bool cer_answer_is(struct bytes a, const char *word); /* blanks around it do not count */

/*
 * Evidence (ceremony/core/evidence.c). open: counter and creation certificate of a TPM that was
 * just started; SN_E_EVIDENCE when the counter is not above the plan's. files: what there is
 * below evidence/, into the bundle.
 */
/* Words of the TPM process for a screen: cut at max bytes, or said not to be text. */
void cer_words(const struct sn_buf *b, char *ret, size_t max);
SN_MUST_USE enum sn_err cer_evidence_open(struct cer *c, struct sn_why *why);
SN_MUST_USE enum sn_err cer_evidence_files(struct cer *c, struct sn_why *why);

/*
 * The class (ceremony/core/tpm_class.c): c->evidence_class and c->verdict, from the keys, the
 * plan, and the certificates in NV and in tpm-ca/ of the IN stick. SN_E_EVIDENCE when the plan
 * does not accept it, or names other keys.
 */
SN_MUST_USE enum sn_err cer_tpm_class(struct cer *c, struct sn_why *why);
SN_MUST_USE enum sn_err cer_tpm_class_record(struct cer *c, struct sn_why *why);
void cer_tpm_class_show(const struct cer *c, struct view *v);

/*
 * A TPM in any state (ceremony/core/tpm_state.c). One that cannot be used: its screen; may
 * people go on with the software TPM; the end if not. Facts: what people should know of the
 * one that is used; shown with it, recorded when they go on.
 */
void cer_tpm_state_show(const struct cer *c, struct view *v);
bool cer_tpm_may_do_without(const struct cer *c);
SN_MUST_USE enum sn_err cer_tpm_refuse(struct cer *c, struct sn_why *why);
SN_MUST_USE enum sn_err cer_tpm_state_record(struct cer *c, const char *state,
    const char *decision, struct sn_why *why);
void cer_tpm_facts_show(const struct cer *c, struct view *v);
SN_MUST_USE enum sn_err cer_tpm_facts_record(struct cer *c, struct sn_why *why);

/*
 * Marks of sticks (ceremony/core/stick.c). judge: read the mark, if the stick has one, and
 * refuse (SN_E_MEDIA) what is not what its label says, or not of p's world and sanctum (p may
 * be NULL). make: a new mark for this ceremony. write: onto a stick that has none. wrong: is a
 * stick in that nobody asked for? Says so once.
 */
SN_MUST_USE enum sn_err cer_stick_judge(struct cer *c, const struct plan *p, const char *label,
    struct mark *ret, bool *ret_has, struct sn_why *why);
SN_MUST_USE enum sn_err cer_stick_make(const struct cer *c, const char *label, struct mark *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err cer_stick_write(struct cer *c, const char *label, const struct mark *m,
    struct sn_why *why);
bool cer_stick_wrong(struct cer *c, const char (*labels)[MED_LABEL_MAX + 1], size_t n);

int64_t cer_now(struct cer *c); /* never goes back */

/* Append a record and extend PCR 15 with its leaf (or as soon as there is a TPM). */
SN_MUST_USE enum sn_err cer_record(struct cer *c, const char *id, const struct tr_arg *args,
    size_t nargs, struct sn_why *why);
#define CER_RECORD(c, id, why, ...)                                                            \
	cer_record((c), (id), (const struct tr_arg[]){ __VA_ARGS__ },                          \
	    SN_NITEMS(((const struct tr_arg[]){ __VA_ARGS__ })), (why))
SN_MUST_USE enum sn_err cer_extend_pending(struct cer *c, struct sn_why *why);

/* After an end without a result: the message on what to do with what is left. */
bool cer_exported(const struct cer *c); /* a whole copy of the bundle is on a stick */
const char *cer_left(const struct cer *c);

/* What identity.json says of the splitting that is there: into c->custody. */
SN_MUST_USE enum sn_err cer_old_shares(struct cer *c, struct sn_why *why);

/*
 * A ceremony that makes no bundle leaves its transcript on the stick CS-LOG, in a folder of
 * its own. cer_log_close(): the last record; the keeper ends. cer_log_files(): records,
 * openings, the checkpoint without a signature, and up to CER_LOG_MORE more files, written and
 * read back.
 */
SN_MUST_USE enum sn_err cer_log_close(struct cer *c, struct sn_why *why);
SN_MUST_USE enum sn_err cer_log_files(struct cer *c, const char *label,
    const struct med_file *more, size_t nmore, struct sn_why *why);

/* Two different people who do one thing: the administrator and a witness, if there are. */
const struct plan_person *cer_pair(const struct plan *p, size_t i);

/* A team of two (ceremony/core/steps_team.c): the questions of the step "people" but the first. */
bool cer_team_asks(size_t i);
void cer_team_show(const struct cer *c, size_t i, struct view *v);
SN_MUST_USE enum sn_err cer_team_take(struct cer *c, size_t i, struct sn_why *why);

void cer_rail(const struct cer *c, struct view *v); /* the steps beside the body */

/*
 * From the stick label: the identity file, as it is or off the recovery card; the last
 * statement with the head of its transcript, if it is there. Verify: after keys were derived.
 */
SN_MUST_USE enum sn_err cer_identity_read(struct cer *c, const char *label, struct sn_why *why);
SN_MUST_USE enum sn_err cer_previous_read(struct cer *c, const struct plan *p,
    const char *label, struct sn_why *why);
SN_MUST_USE enum sn_err cer_previous_verify(struct cer *c, struct sn_why *why);

/* The recovery card as files of an OUT stick's root, beside the bundle. */
struct cer_card {
	struct sn_buf text, image, sheets;
	struct med_file file[3];
	size_t n;
};
void cer_card_done(struct cer_card *k); /* NULL-safe, idempotent */
/* After keys were derived. The caller owns ret. */
SN_MUST_USE enum sn_err cer_card_make(const struct cer *c, struct cer_card *ret,
    struct sn_why *why);

/*
 * A rotation (steps_rotate.c): read the statement that the plan follows from the IN stick;
 * add record/inventory.txt to the bundle.
 */
SN_MUST_USE enum sn_err cer_rotate_read(struct cer *c, const struct plan *p, const char *label,
    struct sn_why *why);
SN_MUST_USE enum sn_err cer_rotate_close(struct cer *c, struct sn_why *why);

/* SN_E_POLICY unless the IN stick still holds the plan that was agreed, byte for byte. */
SN_MUST_USE enum sn_err cer_plan_again(struct cer *c, struct sn_why *why);

/* The plan's policy (ceremony/core/steps_policy.c): its screen, its record, its files. */
void cer_policy_show(const struct plan *p, struct view *v);
SN_MUST_USE enum sn_err cer_policy_take(struct cer *c, struct sn_why *why);
SN_MUST_USE enum sn_err cer_policy_files(struct cer *c, struct sn_why *why);

/* A person's roles as text, "custodian, witness". */
void cer_roles(const struct plan_person *p, struct sn_buf *ret);

/* Say on the next screen why the last answer was not taken. */
void cer_note(struct cer *c, const char *id, const struct cat_arg *args);
void cer_note_why(struct cer *c, const struct sn_why *why);

/* Fill the common parts of a view: kind, ask, title, prompt. */
void cer_view(struct view *v, enum view_kind kind, const char *ask, const char *title);
void cer_view_media(struct view *v, const char *label);
void cer_view_digest(struct view *v, const uint8_t digest[32]); /* hex and words */

/* What lapses first of all that the bundle holds; known once the statement is made. */
const struct bun_expiry *cer_first_expiry(const struct cer *c);

/* The statement is made: begin closing/, if the plan wants it. Records go there from now on. */
SN_MUST_USE enum sn_err cer_closing_begin(struct cer *c, struct sn_why *why);

/* What every view has in common, whatever the step: last of all before it is shown. */
void cer_frame(struct cer *c, struct view *v);
/* Record what the view says, while the transcript is open. Only v->personal views may show
 * full names or what people typed freely: their text enters the record as a commitment. */
SN_MUST_USE enum sn_err cer_screen_record(struct cer *c, const struct view *v,
    struct sn_why *why);
void cer_screens_done(struct cer *c); /* frees what that needed */

/* Text of a number or a time, in memory that lives as long as the block around it. */
#define CER_NUM_LEN 24
const char *cer_num_put(char ret[CER_NUM_LEN], uint64_t n);
const char *cer_time_put(char ret[TEXT_TIME_LEN + 1], int64_t t);
/* Seconds as the nearest minutes (half a minute: none), signed: "+37", "-5", "0". */
const char *cer_minutes_put(char ret[CER_NUM_LEN], int64_t s);
#define cer_minutes(s) cer_minutes_put((char[CER_NUM_LEN]){ "" }, (s))
#define cer_num(n) cer_num_put((char[CER_NUM_LEN]){ "" }, (n))
#define cer_time_text(t) cer_time_put((char[TEXT_TIME_LEN + 1]){ "" }, (t))

/* steps of several tables */
#define CER_STEP_FN(name)                                                                      \
	enum sn_err name##_enter(struct cer *c, struct sn_why *why);                           \
	size_t name##_count(const struct cer *c);                                              \
	enum sn_err name##_show(struct cer *c, size_t i, struct view *v, struct sn_why *why);  \
	enum sn_err name##_take(struct cer *c, size_t i, const struct answer *a,               \
	    struct sn_why *why);                                                               \
	enum sn_err name##_there(struct cer *c, size_t i, const char *label,                   \
	    struct sn_why *why);
CER_STEP_FN(step_start)
CER_STEP_FN(step_plan)
CER_STEP_FN(step_journal)
CER_STEP_FN(step_again)
CER_STEP_FN(step_people)
CER_STEP_FN(step_time)
CER_STEP_FN(step_known)
CER_STEP_FN(step_seals)
CER_STEP_FN(step_inspection)
CER_STEP_FN(step_bags)
CER_STEP_FN(step_tpm)
CER_STEP_FN(step_collateral)
CER_STEP_FN(step_review)
CER_STEP_FN(step_dice)
CER_STEP_FN(step_seed)
CER_STEP_FN(step_shares)
CER_STEP_FN(step_trial)
CER_STEP_FN(step_recover)
CER_STEP_FN(step_keys)
CER_STEP_FN(step_rotate)
CER_STEP_FN(step_revoke)
CER_STEP_FN(step_lists)
CER_STEP_FN(step_revoked)
CER_STEP_FN(step_opshares)
CER_STEP_FN(step_close)
CER_STEP_FN(step_base)
CER_STEP_FN(step_open)
CER_STEP_FN(step_amend)
CER_STEP_FN(step_approve)
CER_STEP_FN(step_sign)
CER_STEP_FN(step_export)
CER_STEP_FN(step_closing)
CER_STEP_FN(step_end)
CER_STEP_FN(step_check)
CER_STEP_FN(step_receipt)
CER_STEP_FN(step_checked)
CER_STEP_FN(step_old)
CER_STEP_FN(step_reshared)
/* Does the plan ask for what its world needs? SN_E_POLICY. */
SN_MUST_USE enum sn_err cer_room_fits(const struct plan *p, struct sn_why *why);
size_t cer_one(const struct cer *c); /* a count of 1 */

#endif
