#include "transform/match/fact.h"

#include "common/mem.h"
#include "common/must.h"

enum { CHUNK = 1024, LOGS_MAX = 60000, ATTRIBUTES_KEPT_MAX = 64 };

/* --- words */

uint32_t
words_put(struct words *w, struct span text)
{
	uint64_t *at;
	uint8_t *copy;
	bool fresh;

	if (!text.ptr)
		return 0;
	at = strmap_put(&w->by_text, text, &fresh);
	if (fresh) {
		if (w->n == 0)
			w->n = 1;
		w->text = mem_realloc(w->text, w->n + 1, sizeof(*w->text));
		w->text[0] = SPAN_NONE;
		copy = mem_alloc(text.len + 1);
		memcpy(copy, text.ptr, text.len);
		w->text[w->n] = span_of(copy, text.len);
		*at = w->n++;
	}
	return (uint32_t)*at;
}

struct span
words_text(const struct words *w, uint32_t number)
{
	return number ? w->text[number] : SPAN_NONE;
}

/* --- pools */

void
facts_init(struct facts *f, uint64_t seed)
{
	*f = (struct facts){ .seed = seed };
	strmap_init(&f->words.by_text, seed);
	strmap_init(&f->texts.by_text, seed);
}

static void
words_release(struct words *w)
{
	for (uint32_t i = 1; i < w->n; i++)
		mem_free((void *)(uintptr_t)w->text[i].ptr);
	mem_free(w->text);
	strmap_release(&w->by_text);
}

void
facts_release(struct facts *f)
{
	for (uint32_t i = 0; i < f->versions_n; i++)
		mem_free(facts_version(f, i)->attributes);
	for (uint32_t i = 0; i * CHUNK < f->versions_n; i++)
		mem_free(f->versions[i]);
	for (uint32_t i = 0; i * CHUNK < f->events_n; i++)
		mem_free(f->events[i]);
	for (uint32_t i = 0; i < f->logs_n; i++)
		mem_free(f->logs[i].version);
	mem_free(f->versions);
	mem_free(f->events);
	mem_free(f->logs);
	words_release(&f->words);
	words_release(&f->texts);
	mem_free(f->by_id);
}

struct version *
facts_version(const struct facts *f, uint32_t i)
{
	return &f->versions[i / CHUNK][i % CHUNK];
}

struct event *
facts_event(const struct facts *f, uint32_t i)
{
	return &f->events[i / CHUNK][i % CHUNK];
}

/* Where an id stands, or would. */
static uint32_t *
by_id_at(const struct facts *f, const struct id *id)
{
	uint32_t i = (uint32_t)hash64(id->b, ID_BYTES, f->seed) & (f->by_id_cap - 1);

	while (f->by_id[i] && !id_eq(&facts_event(f, f->by_id[i] - 1)->id, id))
		i = (i + 1) & (f->by_id_cap - 1);
	return &f->by_id[i];
}

static void
by_id_grow(struct facts *f)
{
	if (f->events_n < f->by_id_cap / 4 * 3)
		return;
	mem_free(f->by_id);
	f->by_id_cap = f->by_id_cap ? f->by_id_cap * 2 : 256;
	f->by_id = mem_zalloc(f->by_id_cap, sizeof(*f->by_id));
	for (uint32_t i = 0; i < f->events_n; i++)
		*by_id_at(f, &facts_event(f, i)->id) = i + 1;
}

uint32_t
facts_event_of(struct facts *f, const struct id *id)
{
	uint32_t *at;

	by_id_grow(f);
	at = by_id_at(f, id);
	if (*at)
		return *at - 1;
	*at = f->events_n + 1;
	if (f->events_n % CHUNK == 0) {
		f->events = mem_realloc(f->events, f->events_n / CHUNK + 1, sizeof(*f->events));
		f->events[f->events_n / CHUNK] = mem_zalloc(CHUNK, sizeof(struct event));
	}
	facts_event(f, f->events_n)->id = *id;
	return f->events_n++;
}

bool
facts_event_find(const struct facts *f, const struct id *id, uint32_t *i)
{
	uint32_t *at = f->by_id_cap ? by_id_at(f, id) : NULL;

	if (!at || !*at)
		return false;
	*i = *at - 1;
	return true;
}

static struct log_index *
log_of(struct facts *f, const struct key *key)
{
	uint32_t topic = words_put(&f->words, key->stream);

	for (uint32_t i = 0; i < f->logs_n; i++)
		if (f->logs[i].topic == topic && f->logs[i].epoch == key->epoch)
			return &f->logs[i];
	MUST(f->logs_n < LOGS_MAX);
	f->logs = mem_realloc(f->logs, f->logs_n + 1u, sizeof(*f->logs));
	f->logs[f->logs_n] = (struct log_index){ .topic = topic, .epoch = key->epoch,
		.base = key->offset };
	return &f->logs[f->logs_n++];
}

/* Records may come from the newest down (compaction leaves what was written last): the
 * index then doubles downwards, as it does upwards. */
static void
log_grow(struct log_index *log, int64_t offset)
{
	size_t below = 0, cap = log->cap ? log->cap : 256;
	uint32_t *grown;

	if (offset < log->base) {
		below = (size_t)(log->base - offset);
		if (below < log->cap)
			below = log->cap;
		if (below > (size_t)log->base)
			below = (size_t)log->base;
		cap += below;
	}
	while ((size_t)(offset - (log->base - (int64_t)below)) >= cap)
		cap *= 2;
	grown = mem_zalloc(cap, sizeof(*grown));
	if (log->cap)
		memcpy(grown + below, log->version, log->cap * sizeof(*grown));
	mem_free(log->version);
	log->version = grown;
	log->cap = cap;
	log->base -= (int64_t)below;
}

uint32_t *
facts_slot(struct facts *f, const struct key *key)
{
	struct log_index *log = log_of(f, key);

	MUST(key->offset >= 0);
	if (key->offset < log->base || (size_t)(key->offset - log->base) >= log->cap)
		log_grow(log, key->offset);
	return &log->version[key->offset - log->base];
}

uint32_t
facts_version_new(struct facts *f, uint32_t event)
{
	struct event *e = facts_event(f, event);
	struct version *v;
	uint32_t i;

	if (f->free_version) {
		i = f->free_version - 1;
		f->free_version = facts_version(f, i)->next;
	} else {
		i = f->versions_n++;
		if (i % CHUNK == 0) {
			f->versions = mem_realloc(f->versions, i / CHUNK + 1, sizeof(*f->versions));
			f->versions[i / CHUNK] = mem_zalloc(CHUNK, sizeof(struct version));
		}
	}
	v = facts_version(f, i);
	*v = (struct version){ .event = event, .next = e->versions, .used = true };
	e->versions = i + 1;
	return i;
}

void
facts_version_del(struct facts *f, uint32_t i)
{
	struct version *v = facts_version(f, i);
	uint32_t *at = &facts_event(f, v->event)->versions;

	while (*at != i + 1)
		at = &facts_version(f, *at - 1)->next;
	*at = v->next;
	f->attribute_bytes -= v->attributes_n * sizeof(*v->attributes);
	mem_free(v->attributes);
	*v = (struct version){ .next = f->free_version };
	f->free_version = i + 1;
}

static void
attributes_keep(struct facts *f, struct version *v, const struct av_array *from)
{
	const struct attribute *a = from->items;
	uint32_t n = from->n < ATTRIBUTES_KEPT_MAX ? from->n : ATTRIBUTES_KEPT_MAX;

	f->attribute_bytes -= v->attributes_n * sizeof(*v->attributes);
	mem_free(v->attributes);
	v->attributes = n ? mem_alloc(n * sizeof(*v->attributes)) : NULL;
	v->attributes_n = (uint16_t)n;
	f->attribute_bytes += n * sizeof(*v->attributes);
	for (uint32_t i = 0; i < n; i++)
		v->attributes[i] = (struct kept_attribute){ .number = a[i].number.v,
			.has_number = a[i].number.has, .name = words_put(&f->texts, a[i].name),
			.text = words_put(&f->texts, a[i].text) };
}

static uint16_t
word16(struct facts *f, struct span text)
{
	uint32_t n = words_put(&f->words, text);

	MUST(n <= UINT16_MAX);
	return (uint16_t)n;
}

void
facts_version_fill(struct facts *f, struct version *v, const struct evidence *ev)
{
	struct key key = { .type = KEY_RECORD, .stream = ev->source.topic,
		.epoch = ev->source.epoch, .offset = ev->source.offset };

	v->log = (uint16_t)(log_of(f, &key) - f->logs);
	v->offset = ev->source.offset;
	v->time_ms = ev->source.time_ms;
	v->revision = ev->revision;
	v->withdrawn = ev->withdrawn;
	v->tombstone = ev->tombstone;
	v->restricted = ev->restricted;
	v->start = ev->start;
	v->end = ev->end;
	memcpy(v->raw_sha256, ev->raw_sha256, sizeof(v->raw_sha256));
	v->has_episode = ev->episode.ptr && ev->episode.len == ID_BYTES;
	if (v->has_episode)
		memcpy(v->episode, ev->episode.ptr, ID_BYTES);
	v->organisation = word16(f, ev->organisation);
	v->role = word16(f, ev->role);
	v->kind = word16(f, ev->kind);
	v->evidence_type = word16(f, ev->evidence_type);
	attributes_keep(f, v, &ev->attributes);
}

/* --- which version counts */

/* Stands before, by position: topics of one event are one organisation's, so epoch says. */
static int
position_cmp(const struct facts *f, const struct version *a, const struct version *b)
{
	const struct log_index *x = &f->logs[a->log], *y = &f->logs[b->log];

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return span_cmp(words_text(&f->words, x->topic), words_text(&f->words, y->topic));
}

uint32_t
facts_winner(const struct facts *f, const struct event *e)
{
	const struct version *last = NULL, *best = NULL;
	uint32_t winner = 0;

	if (e->suppressed)
		return 0;
	for (uint32_t i = e->versions; i; i = facts_version(f, i - 1)->next) {
		const struct version *v = facts_version(f, i - 1);

		if (v->tombstone && (!last || position_cmp(f, v, last) > 0))
			last = v;
	}
	for (uint32_t i = e->versions; i; i = facts_version(f, i - 1)->next) {
		const struct version *v = facts_version(f, i - 1);

		if (v->tombstone || (last && position_cmp(f, v, last) < 0))
			continue;
		if (!best || v->revision > best->revision
		    || (v->revision == best->revision && position_cmp(f, v, best) > 0)) {
			best = v;
			winner = i;
		}
	}
	return best && !best->withdrawn ? winner : 0;
}

void
facts_linked(const struct facts *f, const struct version *v, struct attribute *attributes,
    struct linked *out)
{
	const struct log_index *log = &f->logs[v->log];

	out->what = LINKED_EVENT;
	out->event_id = facts_event(f, v->event)->id;
	out->unit_kind = SPAN_LIT("person");
	out->source = (struct source){ words_text(&f->words, log->topic), log->epoch, v->offset,
		v->time_ms };
	out->organisation = words_text(&f->words, v->organisation);
	out->role = words_text(&f->words, v->role);
	out->revision = v->revision;
	out->restricted = v->restricted;
	memcpy(out->raw_sha256, v->raw_sha256, sizeof(out->raw_sha256));
	out->kind = words_text(&f->words, v->kind);
	out->start = v->start;
	out->end = v->end;
	out->episode = v->has_episode ? span_of(v->episode, ID_BYTES) : SPAN_NONE;
	out->evidence_type = words_text(&f->words, v->evidence_type);
	for (uint32_t i = 0; i < v->attributes_n; i++) {
		const struct kept_attribute *k = &v->attributes[i];

		attributes[i] = (struct attribute){ .name = words_text(&f->texts, k->name),
			.number = { k->number, k->has_number },
			.text = words_text(&f->texts, k->text) };
	}
	out->attributes = (struct av_array){ attributes, v->attributes_n };
}

size_t
facts_bytes(const struct facts *f)
{
	size_t bytes = f->attribute_bytes + f->by_id_cap * sizeof(*f->by_id);

	bytes += (f->versions_n + CHUNK - 1) / CHUNK * CHUNK * sizeof(struct version);
	bytes += (f->events_n + CHUNK - 1) / CHUNK * CHUNK * sizeof(struct event);
	for (uint32_t i = 0; i < f->logs_n; i++)
		bytes += f->logs[i].cap * sizeof(uint32_t);
	return bytes;
}
