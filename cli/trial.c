#include "cli/trial.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/must.h"
#include "common/raw_write.h"
#include "ingest/ingest.h"
#include "transform/match/match.h"

enum {
	TRIAL_POSTCODES_BYTES_MAX = 256 * 1024 * 1024,
	TRIAL_SEED = 1,            /* tables of this process only */
	DAY_MS = 24 * 60 * 60 * 1000,
	NOON_MS = DAY_MS / 2,
	MILLION = 1000000,
	GIVEN_MAX = GENERIC_ATTRIBUTES_MAX,
};

static const char secret[] = "outturn try: a key that is thrown away";
static const char *const extra[] = { "topic", "organisation", "role", NULL };
enum { EXTRA_TOPIC, EXTRA_ORGANISATION, EXTRA_ROLE };

struct file {
	const char *path;
	struct buf text;
	const struct agency *agency; /* by name or --topic; NULL: rows must say */
};

struct trial {
	struct trial_conf conf;
	struct file *files;
	size_t files_n;
	uint32_t now;                /* file that is read */

	/* first pass */
	uint32_t labelled, unlabelled;
	date_t newest;

	/* ingest */
	struct frequency frequency;
	struct postcodes *postcodes;
	struct keyring *ring;
	struct ingest *ingest;
	struct arena made, texts;
	struct buf value;
	int64_t arrives_ms;
	date_t as_at;

	/* what came out */
	struct match *match;
	struct trial_row *rows;
	uint32_t rows_n, rows_cap;
	struct trial_reject *rejects;
	uint32_t rejects_n, rejects_cap;
	struct strmap labels;        /* label -> number, from 0 */
	date_t *complete;            /* by agency */
	struct idmap units, events;  /* -> person, -> row */
	struct trial_person *people;
	uint32_t people_n, people_cap;
	struct names *names;
	struct trial_counts counts;
	struct cli_progress bar;
};

/* --- whose record it is */

static const struct agency *
agency_of_role(const struct agencies *a, struct span role)
{
	for (size_t i = 0; i < a->n; i++)
		if (span_eq(a->items[i].role, role))
			return &a->items[i];
	return NULL;
}

/* "council-a.csv" is raw.council-a's; "council_2018.csv" the first council's. */
static const struct agency *
agency_of_file(const struct agencies *a, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char topic[TOPIC_NAME_MAX + 1];
	const struct agency *agency;
	size_t n = 0;

	snprintf(topic, sizeof(topic), "raw.%.*s", (int)strcspn(base, "."), base);
	agency = agency_of_topic(a, span_str(topic));
	if (agency)
		return agency;
	while (isalpha((unsigned char)base[n]))
		n++;
	return agency_of_role(a, span_of(base, n));
}

static int
agency_find(const struct trial *t, const struct event_row *row, const struct agency **out,
    struct err *err)
{
	const struct agencies *a = t->conf.agencies;
	static const char *const known[] = { "a topic", "an organisation", "a role" };

	*out = t->files[t->now].agency;
	for (int i = EXTRA_TOPIC; i <= EXTRA_ROLE; i++) {
		struct span said = row->extra[i];

		if (!said.ptr)
			continue;
		*out = i == EXTRA_TOPIC ? agency_of_topic(a, said)
		    : i == EXTRA_ORGANISATION ? agency_of_organisation(a, said)
					      : agency_of_role(a, said);
		if (!*out)
			return err_code(err, ERR_RECORD, "agency-unknown", extra[i],
			    "column '%s' is not %s of agencies.yaml", extra[i], known[i]);
		return 0;
	}
	if (!*out)
		return err_code(err, ERR_RECORD, "agency-not-said", "organisation",
		    "nobody says whose record it is: add column 'organisation', say --topic, or name "
		    "the file after the agency, as council.csv");
	return 0;
}

/* --- first pass: form, days, labels */

static void
reject_put(struct trial *t, uint32_t line, bool form, const char *code, const char *field,
    struct span sentence)
{
	if (t->rejects_n == t->rejects_cap) {
		t->rejects_cap = t->rejects_cap ? 2 * t->rejects_cap : 256;
		t->rejects = mem_realloc(t->rejects, t->rejects_cap, sizeof(*t->rejects));
	}
	t->rejects[t->rejects_n++] = (struct trial_reject){ .file = t->now, .line = line,
		.form = form, .code = arena_copy(&t->texts, span_str(code)),
		.field = arena_copy(&t->texts, span_str(field)),
		.sentence = arena_copy(&t->texts, sentence) };
	t->counts.rejected += !form;
	t->counts.form_bad += form;
}

static void
note_bad(void *arg, uint32_t line, const struct err *err)
{
	struct trial *t = arg;

	t->counts.rows++;
	reject_put(t, line, true, *err->code ? err->code : "form", err->field, span_str(err->text));
}

static void
note_day(struct trial *t, struct span text)
{
	date_t day;

	if (text.ptr && date_parse_loose(text, &day) && day <= t->conf.today && day > t->newest)
		t->newest = day;
}

static int
look_row(void *arg, const struct event_row *row, struct err *err)
{
	struct trial *t = arg;
	const struct agency *agency;

	if (agency_find(t, row, &agency, err))
		return -1;
	if (++t->counts.rows > TRIAL_ROWS_MAX)
		return err_code(err, ERR_FATAL, "too-large", NULL,
		    "more than %d rows: feed them to a running pipeline", TRIAL_ROWS_MAX);
	note_day(t, row->fact->event.start);
	note_day(t, row->fact->event.end);
	note_day(t, row->fact->record.complete_through);
	if (row->fact->label.ptr)
		t->labelled++;
	else if (row->fact->has_event)
		t->unlabelled++;
	return 0;
}

/* --- second pass: one row in, one judgement out */

static uint32_t
row_put(struct trial *t, const struct event_row *row)
{
	uint64_t *number = NULL;
	bool fresh;

	if (row->fact->label.ptr) {
		number = strmap_put(&t->labels, row->fact->label, &fresh);
		if (fresh)
			*number = t->labels.count - 1;
	}
	if (t->rows_n == t->rows_cap) {
		t->rows_cap = t->rows_cap ? 2 * t->rows_cap : 4096;
		t->rows = mem_realloc(t->rows, t->rows_cap, sizeof(*t->rows));
	}
	t->rows[t->rows_n] = (struct trial_row){ .file = t->now, .line = row->line,
		.person = number ? (uint32_t)*number + 1 : 0 };
	return t->rows_n++;
}

/* With labels nothing needs to be known of a person, and what ingestd would derive (an age)
 * may be stated: it is taken out of the record, which may not say it, and put beside. */
static uint32_t
given_take(struct generic_fact *fact, struct raw_attribute given[GIVEN_MAX])
{
	uint32_t kept = 0, n = 0;
	enum derived derived;

	for (uint32_t i = 0; i < fact->event.attributes.n; i++) {
		if (derived_find(fact->attributes[i].name, &derived))
			given[n++] = fact->attributes[i];
		else
			fact->attributes[kept++] = fact->attributes[i];
	}
	fact->event.attributes.n = kept;
	if (!fact->has_person && fact->label.ptr) {
		fact->person.local_id = fact->label;
		fact->record.person = &fact->person;
	}
	return n;
}

static struct attribute
attribute_of(const struct trial *t, const struct raw_attribute *raw, struct arena *arena)
{
	struct attribute a = { .name = arena_copy(arena, raw->name) };

	(void)t;
	switch (raw->value.type) {
	case AV_BOOLEAN:
	case AV_LONG:
		if (raw->value.i < INT64_MAX / MILLION && raw->value.i > INT64_MIN / MILLION)
			a.number = (struct av_nlong){ raw->value.i * MILLION, true };
		break;
	case AV_DOUBLE:
		if (raw->value.d < 1e12 && raw->value.d > -1e12)
			a.number = (struct av_nlong){ (int64_t)(raw->value.d * MILLION
				+ (raw->value.d < 0 ? -0.5 : 0.5)), true };
		break;
	default:
		a.text = arena_copy(arena, raw->value.s);
		break;
	}
	return a;
}

static int
attribute_cmp(const void *a, const void *b)
{
	return span_cmp(((const struct attribute *)a)->name, ((const struct attribute *)b)->name);
}

static bool
has_attribute(const struct av_array *list, struct span name)
{
	const struct attribute *items = list->items;

	for (uint32_t i = 0; i < list->n; i++)
		if (span_eq(items[i].name, name))
			return true;
	return false;
}

/* What ingestd derived goes before what was stated. */
static void
given_add(struct trial *t, struct evidence *ev, const struct raw_attribute *given, uint32_t n)
{
	struct attribute *all;
	uint32_t at = ev->attributes.n;

	if (n == 0)
		return;
	all = arena_alloc(&t->made, (at + n) * sizeof(*all));
	if (at)
		memcpy(all, ev->attributes.items, at * sizeof(*all));
	for (uint32_t i = 0; i < n; i++)
		if (!has_attribute(&ev->attributes, given[i].name))
			all[at++] = attribute_of(t, &given[i], &t->made);
	qsort(all, at, sizeof(*all), attribute_cmp);
	ev->attributes = (struct av_array){ all, at };
}

static void
judged(struct trial *t, const struct event_row *row, const struct agency *agency,
    struct ingest_result *result, const struct raw_attribute *given, uint32_t given_n)
{
	struct evidence *ev = &result->evidence;
	struct key key = { .type = KEY_RECORD, .stream = ev->source.topic, .epoch = ev->source.epoch,
		.offset = ev->source.offset };
	date_t *complete = &t->complete[agency - t->conf.agencies->items];
	char code[ERR_CODE_MAX], field[ERR_FIELD_MAX];

	switch ((enum evidence_what)ev->what) {
	case EVIDENCE_REJECT:
		snprintf(code, sizeof(code), SPAN_FMT, SPAN_ARG(ev->reason));
		snprintf(field, sizeof(field), SPAN_FMT, SPAN_ARG(ev->reason_field));
		reject_put(t, row->line, false, code, field, result->sentence);
		break;
	case EVIDENCE_COMPLETE:
		t->counts.declarations++;
		if (ev->complete_through > *complete)
			*complete = ev->complete_through;
		break;
	case EVIDENCE_VERSION:
		t->counts.versions++;
		given_add(t, ev, given, given_n);
		match_evidence(t->match, &key, ev);
		break;
	case EVIDENCE_SUPPRESSED:
		NOT_REACHED("nothing is suppressed here");
	}
}

static int
take_row(void *arg, const struct event_row *row, struct err *err)
{
	static const char no_label[]
	    = "column 'person' is empty: where one record has it, every record needs it";
	struct trial *t = arg;
	struct raw_attribute given[GIVEN_MAX];
	uint32_t given_n = t->labelled ? given_take(row->fact, given) : 0;
	const struct agency *agency;
	struct ingest_result result;
	struct raw_input raw = { .record = &row->fact->record };

	if (agency_find(t, row, &agency, err))
		return -1;
	cli_progress(t->conf.cli, &t->bar, t->rows_n);
	if (t->labelled && !row->fact->label.ptr && row->fact->has_event) {
		reject_put(t, row->line, false, "person-label-missing", "person", span_str(no_label));
		return 0;
	}
	raw.at = (struct raw_position){ .topic = agency->topic, .epoch = agency->epoch,
		.offset = row_put(t, row), .time_ms = t->arrives_ms,
		.key = row->fact->record.record_id };
	buf_reset(&t->value);
	if (row->tombstone)
		raw.record = NULL;
	else if (raw_write(RAW_SCHEMA_RAW, &row->fact->record, &t->value, err))
		return -1;
	else
		raw.value = buf_view(&t->value);
	arena_reset(&t->made);
	ingest_record(t->ingest, &raw, &result, &t->made);
	judged(t, row, agency, &result, given, given_n);
	return 0;
}

/* Said in the first pass. */
static void
pass_over(void *arg, uint32_t line, const struct err *err)
{
	(void)arg;
	(void)line;
	(void)err;
}

static int
files_pass(struct trial *t, bool second, struct err *err)
{
	struct events_conf conf = { .extra = extra, .ignore = t->conf.ignore,
		.ignore_n = t->conf.ignore_n, .row = second ? take_row : look_row,
		.bad = second ? pass_over : note_bad, .arg = t };

	for (t->now = 0; t->now < t->files_n; t->now++) {
		conf.path = t->files[t->now].path;
		if (events_read(&conf, buf_view(&t->files[t->now].text), err) == 0)
			continue;
		if (err->class != ERR_RECORD)
			return -1;
		if (!second) { /* the header */
			t->counts.rows++;
			reject_put(t, 1, true, err->code, err->field, span_str(err->text));
		}
		*err = (struct err)ERR_INIT;
	}
	return 0;
}

/* --- people */

static struct id
label_unit(struct span label)
{
	uint8_t digest[SHA256_BYTES];
	struct id id;

	sha256(label, digest);
	memcpy(id.b, digest, ID_BYTES);
	return id;
}

static struct trial_person *
person_of(struct trial *t, const struct id *unit, struct span label)
{
	bool fresh;
	uint32_t *at = idmap_put(&t->units, unit, &fresh);

	if (fresh) {
		if (t->people_n == t->people_cap) {
			t->people_cap = t->people_cap ? 2 * t->people_cap : 256;
			t->people = mem_realloc(t->people, t->people_cap, sizeof(*t->people));
		}
		*at = t->people_n;
		t->people[t->people_n++] = (struct trial_person){ .unit = *unit, .label = label,
			.timeline = timeline_new(t->names, unit) };
	}
	return &t->people[*at];
}

struct sorting {
	struct trial *t;
	struct span *labels; /* by number */
};

static void
take_linked(void *arg, const struct key *key, const struct linked *ln)
{
	struct sorting *s = arg;
	uint32_t row = (uint32_t)ln->source.offset, label;
	struct linked mine = *ln;
	struct trial_person *p;
	struct id unit;
	bool fresh;

	(void)key;
	if (ln->what != LINKED_EVENT)
		return; /* a pair that somebody would be asked about */
	label = s->t->rows[row].person;
	unit = label ? label_unit(s->labels[label - 1]) : ln->unit;
	p = person_of(s->t, &unit, label ? s->labels[label - 1] : SPAN_NONE);
	if (p->rows_n == p->rows_cap) {
		p->rows_cap = p->rows_cap ? 2 * p->rows_cap : 8;
		p->rows = mem_realloc(p->rows, p->rows_cap, sizeof(*p->rows));
	}
	p->rows[p->rows_n++] = row;
	*idmap_put(&s->t->events, &ln->event_id, &fresh) = row;
	mine.unit = unit;
	if (label) /* whom the label stands for: of a family's contract, a family */
		mine.unit_kind = contract_unit(s->t->conf.contract);
	timeline_event(p->timeline, &ln->event_id, &mine);
	s->t->counts.events++;
}

static int
row_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
person_cmp(const void *a, const void *b)
{
	const struct trial_person *x = a, *y = b;

	if (x->label.ptr && y->label.ptr)
		return span_cmp(x->label, y->label);
	return row_cmp(&x->rows[0], &y->rows[0]);
}

static int
reject_cmp(const void *a, const void *b)
{
	const struct trial_reject *x = a, *y = b;

	if (x->file != y->file)
		return (x->file > y->file) - (x->file < y->file);
	return (x->line > y->line) - (x->line < y->line);
}

static void
people_sort_out(struct trial *t)
{
	struct sorting s = { t, mem_zalloc(t->labels.count + 1, sizeof(struct span)) };
	const struct strmap_slot *slot;

	for (uint32_t i = 0; (slot = strmap_next(&t->labels, &i));)
		s.labels[slot->value] = span_of(slot->key, slot->len);
	match_settle(t->match);
	match_each(t->match, take_linked, &s);
	for (uint32_t i = 0; i < t->people_n; i++)
		qsort(t->people[i].rows, t->people[i].rows_n, sizeof(uint32_t), row_cmp);
	if (t->people_n)
		qsort(t->people, t->people_n, sizeof(*t->people), person_cmp);
	if (t->rejects_n)
		qsort(t->rejects, t->rejects_n, sizeof(*t->rejects), reject_cmp);
	mem_free(s.labels);
}

/* --- setting up */

static int
files_load(struct trial *t, const char *const *paths, size_t n, struct err *err)
{
	const struct agencies *a = t->conf.agencies;
	const struct agency *all = NULL;

	if (t->conf.topic) {
		all = agency_of_topic(a, span_str(t->conf.topic));
		if (!all)
			return err_set(err, ERR_FATAL, "nobody in agencies.yaml sends on '%.100s'",
			    t->conf.topic);
	}
	t->files = mem_zalloc(n, sizeof(*t->files));
	for (t->files_n = 0; t->files_n < n; t->files_n++) {
		struct file *f = &t->files[t->files_n];

		f->path = paths[t->files_n];
		f->agency = all ? all : agency_of_file(a, f->path);
		if (cli_read_file(f->path, EVENTS_FILE_BYTES_MAX, &f->text, err)) {
			buf_release(&f->text);
			return -1;
		}
		t->bar.total += events_lines(buf_view(&f->text));
	}
	return 0;
}

/* As ingestd reads them; without the files no ward is derived, and no name is common. */
static int
tables_load(struct trial *t, struct err *err)
{
	const struct params *params = t->conf.cli->params;
	struct err absent = ERR_INIT;
	struct buf text = BUF_INIT;
	int result = -1;

	if (cli_read_file(params->frequency, TRIAL_POSTCODES_BYTES_MAX, &text, &absent)) {
		buf_reset(&text);
		buf_str(&text, "version\t1\n");
	}
	if (frequency_parse(&t->frequency, buf_view(&text), err))
		goto out;
	if (cli_read_file(params->postcodes, TRIAL_POSTCODES_BYTES_MAX, &text, &absent) == 0) {
		t->postcodes = postcodes_parse(buf_view(&text), err);
		if (!t->postcodes)
			goto out;
	}
	result = 0;
out:
	buf_release(&text);
	return result;
}

static void
cores_make(struct trial *t)
{
	const struct agencies *a = t->conf.agencies;
	struct span *one = mem_zalloc(a->n + 1, sizeof(*one));
	uint8_t master[SHA256_BYTES];
	struct match_keys keys;
	size_t n = 0;

	sha256(span_str(secret), master);
	t->ring = keyring_new(master, 1);
	hkdf_sha256(span_of(master, sizeof(master)), SPAN_LIT("try/index"), keys.index);
	hkdf_sha256(span_of(master, sizeof(master)), SPAN_LIT("try/unit"), keys.unit);
	t->ingest = ingest_new(&(struct ingest_terms){ .agencies = a, .codes = t->conf.codes,
		.postcodes = t->postcodes, .frequency = &t->frequency, .ring = t->ring,
		.tokens = TOKEN_SETTINGS_DEFAULT });
	t->match = match_new(&keys, model_builtin(), TRIAL_SEED);
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].one_record_a_person)
			one[n++] = a->items[i].organisation;
	match_one_record_a_person(t->match, one, n);
	t->names = names_new(TRIAL_SEED);
	mem_free(one);
}

struct trial *
trial_new(const struct trial_conf *conf, const char *const *paths, size_t n, struct err *err)
{
	struct trial *t = mem_zalloc(1, sizeof(*t));
	date_t arrives;

	t->conf = *conf;
	t->newest = DATE_NONE;
	t->bar.what = "trying";
	arena_init(&t->made, 0);
	arena_init(&t->texts, 0);
	strmap_init(&t->labels, TRIAL_SEED);
	idmap_init(&t->units, TRIAL_SEED);
	idmap_init(&t->events, TRIAL_SEED);
	t->complete = mem_zalloc(conf->agencies->n + 1, sizeof(*t->complete));
	for (size_t i = 0; i < conf->agencies->n; i++)
		t->complete[i] = DATE_NONE;
	if (files_load(t, paths, n, err) || tables_load(t, err) || files_pass(t, false, err))
		goto fail;
	t->as_at = conf->as_at != DATE_NONE ? conf->as_at : t->newest;
	arrives = t->newest > t->as_at ? t->newest : t->as_at;
	if (arrives == DATE_NONE)
		arrives = conf->today;
	t->arrives_ms = (int64_t)arrives * DAY_MS + NOON_MS;
	cores_make(t);
	if (files_pass(t, true, err))
		goto fail;
	people_sort_out(t);
	cli_progress_end(conf->cli, &t->bar);
	return t;
fail:
	cli_progress_end(conf->cli, &t->bar);
	trial_free(t);
	return NULL;
}

void
trial_free(struct trial *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->files_n; i++)
		buf_release(&t->files[i].text);
	mem_free(t->files);
	for (uint32_t i = 0; i < t->people_n; i++) {
		timeline_free(t->people[i].timeline);
		mem_free(t->people[i].rows);
	}
	mem_free(t->people);
	mem_free(t->rows);
	mem_free(t->rejects);
	mem_free(t->complete);
	if (t->names)
		names_free(t->names);
	match_free(t->match);
	if (t->ingest)
		ingest_free(t->ingest);
	keyring_free(t->ring);
	frequency_release(&t->frequency);
	postcodes_free(t->postcodes);
	strmap_release(&t->labels);
	idmap_release(&t->units);
	idmap_release(&t->events);
	arena_release(&t->made);
	arena_release(&t->texts);
	buf_release(&t->value);
	mem_free(t);
}

/* --- what came out */

struct trial_counts
trial_counts(const struct trial *t)
{
	return t->counts;
}

date_t
trial_as_at(const struct trial *t)
{
	return t->as_at;
}

const struct trial_reject *
trial_rejects(const struct trial *t, size_t *n)
{
	*n = t->rejects_n;
	return t->rejects;
}

const struct trial_row *
trial_row(const struct trial *t, uint32_t row)
{
	MUST(row < t->rows_n);
	return &t->rows[row];
}

const char *
trial_file(const struct trial *t, uint32_t file)
{
	MUST(file < t->files_n);
	return t->files[file].path;
}

bool
trial_row_of(const struct trial *t, const struct id *event, uint32_t *row)
{
	const uint32_t *at = idmap_find(&t->events, event);

	if (at)
		*row = *at;
	return at != NULL;
}

const struct trial_person *
trial_people(const struct trial *t, size_t *n)
{
	*n = t->people_n;
	return t->people;
}

/* The least of an organisation's topics. */
static date_t
complete_through(const void *arg, struct span organisation)
{
	const struct trial *t = arg;
	date_t least = DATE_NONE;
	bool any = false;

	for (size_t i = 0; i < t->conf.agencies->n; i++) {
		if (!span_eq(t->conf.agencies->items[i].organisation, organisation))
			continue;
		if (!any || t->complete[i] < least)
			least = t->complete[i];
		any = true;
	}
	return least;
}

struct evaluate_facts
trial_facts(const struct trial *t)
{
	return (struct evaluate_facts){ .as_at = t->as_at, .complete_through = complete_through,
		.arg = t };
}

struct outcome_list
trial_outcomes(const struct trial *t, const struct trial_person *person, struct arena *arena)
{
	struct evaluate_facts facts = trial_facts(t);

	return evaluate(t->conf.contract, person->timeline, &facts, arena);
}
