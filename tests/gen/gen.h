/*
 * gen - people who never were, as three agencies know them.
 *
 *	seed, number ─► person ─► story ─────────► rows ─► fate ──────────────► files
 *	                 names     referral,        each    late, twice,
 *	                 cards     tenancies,       as its  corrected, withdrawn,
 *	                           learning, work   agency  broken, out of order
 *	                                            writes
 *
 * What happened to a person is drawn once; what each agency knows of the
 * person (its card: nickname, typing slip, day and month changed about, no NHS
 * number, the name before a marriage) and of the events (the provider claims
 * what the council never saw) is drawn from that.  So whoever links and judges
 * the rows can be compared with the truth, which travels beside each row.
 *
 * Person i of a seed is the same whatever the number of people, and a seed
 * gives the same bytes on every machine: no clock, no locale, no floating
 * point, and iteration in the order made.
 *
 * Nobody's data: surnames are put together from parts that nobody bears,
 * postcodes are those of config/postcodes-sample.csv (areas that do not
 * exist), NHS numbers from the test range 999, National Insurance numbers
 * under a prefix that no person is given, pupil numbers of an authority that
 * does not exist.
 *
 * Memory is bounded: GEN_BLOCK people at a time are sorted by arrival.
 */
#ifndef OUTTURN_TESTS_GEN_H
#define OUTTURN_TESTS_GEN_H

#include "common/generic.h"

enum gen_agency { GEN_COUNCIL, GEN_NHS, GEN_PROVIDER, GEN_AGENCIES };

enum {
	GEN_BLOCK = 1000,          /* people sorted together */
	GEN_PEOPLE_MAX = 900000,   /* the test range has about a million NHS numbers */
	GEN_EVENTS_A_PERSON = 40,  /* about; to turn a number of records into people */
	GEN_NAME = 40,             /* bytes of a name, with its NUL */
};

/* Attributes that a row may have, in the order of the files' columns. */
#define GEN_ATTRIBUTES(X) \
	X(PROGRAMME, "programme") X(ROUTE, "route") X(STAGE, "stage") X(SETTING, "setting") \
	X(RISK, "homelessness-risk") X(LEVEL, "level") X(HOURS, "hours-per-week")
enum gen_attribute {
#define GEN_ENUM(name, text) GEN_##name,
	GEN_ATTRIBUTES(GEN_ENUM)
#undef GEN_ENUM
	GEN_ATTRIBUTE_COUNT,
};

/* What an agency has on file of one person. */
struct gen_card {
	char forename[GEN_NAME], surname[GEN_NAME], previous_surname[GEN_NAME];
	char dob[DATE_TEXT], died_on[DATE_TEXT];
	char nhs_number[12], nino[12], upn[16], uln[12], local_id[16];
	char line1[GEN_NAME], postcode[12], uprn[16];
	char sex[8];
	char ethnic_group[12];
};

struct gen_row {
	enum gen_agency agency;
	int32_t arrives;           /* day, for the order; may be after the last event */
	uint64_t order;            /* among those of one day */
	uint32_t person;           /* the truth */
	char record_id[24];
	int revision;              /* providers' schema has none: then order decides */
	bool withdrawn, objection;
	const char *kind, *evidence_type; /* constants; NULL: none */
	char start[DATE_TEXT], end[DATE_TEXT];
	char episode[24];
	char complete_through[DATE_TEXT];
	char attribute[GEN_ATTRIBUTE_COUNT][20];
	struct gen_card card;
	const char *fault;         /* what is wrong with it on purpose; NULL: nothing */
};

struct gen_options {
	uint64_t seed;
	uint32_t people;
	uint64_t events;           /* end with the person that passes it; 0: no limit */
	bool clean;                /* no late, double, corrected, withdrawn or broken rows */
};

struct gen_totals {
	uint64_t people, referred, rows[GEN_AGENCIES];
	uint64_t late, twice, corrected, withdrawn, broken, mended;
};

/* Rows of one agency come in order of arrival within a block of people; each agency's
 * last row declares it complete.  `row` is only valid during the call. */
typedef void gen_row_fn(void *arg, const struct gen_row *row);
void gen_run(const struct gen_options *options, gen_row_fn *fn, void *arg,
    struct gen_totals *totals);

/* The text of a cell; "" where the row has nothing.  Borrows from the row, or from scratch. */
enum { GEN_SCRATCH = 16 };
const char *gen_cell(const struct gen_row *row, enum generic_column column,
    char scratch[GEN_SCRATCH]);
/* Whether the generator ever fills it and the agency's schema has a place for it. */
bool gen_agency_has(enum gen_agency agency, enum generic_column column);

extern const char *const gen_agency_name[GEN_AGENCIES];   /* "council": also the file's name */
extern const char *const gen_agency_topic[GEN_AGENCIES];  /* "raw.council-a" */
extern const char *const gen_attribute_name[GEN_ATTRIBUTE_COUNT];

/* --- inside the generator */

struct gen_rng {
	uint64_t state;
};
uint64_t gen_next(struct gen_rng *r);
uint32_t gen_below(struct gen_rng *r, uint32_t n);           /* 0 .. n - 1 */
int gen_between(struct gen_rng *r, int low, int high);       /* both may come */
bool gen_chance(struct gen_rng *r, uint32_t per_mille);

enum gen_origin { GEN_ORIGIN_BRITISH, GEN_ORIGIN_SOUTH_ASIAN, GEN_ORIGIN_WEST_AFRICAN,
	GEN_ORIGIN_EASTERN_EUROPEAN, GEN_ORIGINS };

struct gen_person {
	uint32_t id;
	struct gen_rng rng;
	enum gen_origin origin;
	bool female, cohort;
	uint32_t forename;         /* index into names.c's table of the origin and sex */
	char surname[GEN_NAME], married_surname[GEN_NAME];
	date_t dob, married, died, referred; /* DATE_NONE: not */
	uint32_t home;             /* number of the address: changes with a move */
	char nhs_number[12], nino[12], upn[16], uln[12];
	bool known_to[GEN_AGENCIES];
	struct gen_card cards[GEN_AGENCIES]; /* without the address */
	uint32_t rows_made;
};

/* names.c */
uint32_t gen_forename_draw(struct gen_rng *r, enum gen_origin origin, bool female);
const char *gen_forename(enum gen_origin origin, bool female, uint32_t index);
const char *gen_nickname(enum gen_origin origin, bool female, uint32_t index); /* or itself */
void gen_surname_draw(struct gen_rng *r, enum gen_origin origin, char out[GEN_NAME]);
void gen_surname_respell(struct gen_rng *r, char name[GEN_NAME]); /* as another clerk hears it */
void gen_typing_slip(struct gen_rng *r, char name[GEN_NAME]);
void gen_address(uint32_t home, char line1[GEN_NAME], char postcode[12], char uprn[16]);

/* people.c; numbers of ranges that nobody is given, "" where i has none */
void gen_nhs_number(uint32_t i, char out[12]);
void gen_upn(uint32_t i, char out[16]);
void gen_uln(uint32_t i, char out[12]);
void gen_person_make(struct gen_person *p, uint64_t seed, uint32_t id);

/* story.c: calls gen_row_new() for each row of the person's life */
struct gen;
void gen_story(struct gen *g, struct gen_person *p);

/* fate.c: rows that wait for their block to be whole */
struct gen_row *gen_row_new(struct gen *g, struct gen_person *p, enum gen_agency agency,
    const char *kind, date_t start); /* NULL: the agency does not know the person, or death came */
void gen_row_done(struct gen *g, struct gen_person *p, struct gen_row *row);

#endif
