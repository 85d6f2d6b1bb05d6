#include "cli/trial_html.h"

#include "cli/story.h"
#include "common/must.h"
#include "transform/milestone/reason.h"
#include "transform/milestone/timeline_in.h"

static struct span
says_of(const struct event *e, struct arena *arena)
{
	struct sentence s = { .len = 0 };

	for (uint32_t i = 0; i < e->attributes_n; i++) {
		const struct event_attribute *a = &e->attributes[i];

		sentence_str(&s, i ? ", " : "");
		sentence_add(&s, name_text(a->name));
		sentence_str(&s, " ");
		if (a->has_number)
			sentence_millionths(&s, a->number);
		else
			sentence_add(&s, name_text(a->text));
	}
	return arena_copy(arena, span_of(s.text, s.len));
}

static bool
stands_on(const struct outcome *o, const struct id *event)
{
	const struct id *ids = o->evidence.items;

	for (uint32_t i = 0; i < o->evidence.n; i++)
		if (id_cmp(&ids[i], event) == 0)
			return true;
	return false;
}

static struct span
base_of(struct span kind)
{
	static const char *const forms[] = { "-confirmed", "-ended" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n = strlen(forms[i]);

		if (kind.len > n && memcmp(kind.ptr + kind.len - n, forms[i], n) == 0)
			return span_of(kind.ptr, kind.len - n);
	}
	return kind;
}

/* Of a kind that the outcome stands on, whether this record is of it or not. */
static bool
of_its_kinds(const struct timeline *tl, const struct outcome *o, const struct event *e)
{
	struct span kind = base_of(name_text(e->kind));

	for (uint32_t i = 0; i < tl->events_n; i++)
		if (span_eq(base_of(name_text(tl->events[i].kind)), kind)
		    && stands_on(o, &tl->events[i].id))
			return true;
	return false;
}

static void
records_take(struct story *s, const struct timeline *tl, const struct outcome *o,
    struct arena *arena)
{
	struct story_record *rows = arena_zalloc(arena, tl->events_n + 1, sizeof(*rows));

	MUST(rows != NULL);
	for (uint32_t i = 0; i < tl->events_n; i++) {
		const struct event *e = &tl->events[i];

		if (!of_its_kinds(tl, o, e))
			continue;
		rows[s->records_n++] = (struct story_record){ .organisation = name_text(e->organisation),
			.role = name_text(e->role), .kind = name_text(e->kind),
			.evidence_type = name_text(e->evidence_type), .says = says_of(e, arena),
			.from = e->start, .to = e->end, .counts = stands_on(o, &e->id) };
	}
	s->records = rows;
}

static void
gaps_take(struct story *s, const struct outcome *o, struct arena *arena)
{
	struct story_gap *rows = arena_zalloc(arena, o->gaps.n + 1, sizeof(*rows));
	const struct gap *gaps = o->gaps.items;

	MUST(rows != NULL);
	for (uint32_t i = 0; i < o->gaps.n; i++)
		rows[i] = (struct story_gap){ gaps[i].from, gaps[i].to, gaps[i].rule };
	s->gaps = rows;
	s->gaps_n = o->gaps.n;
}

static void
reasons_take(struct story *s, const struct outcome *o, struct arena *arena)
{
	struct story_reason *rows = arena_zalloc(arena, o->reasons.n + 1, sizeof(*rows));
	const struct reason *reasons = o->reasons.items;

	MUST(rows != NULL);
	for (uint32_t i = 0; i < o->reasons.n; i++)
		rows[i] = (struct story_reason){ reasons[i].code, reasons[i].subject, reasons[i].text };
	s->reasons = rows;
	s->reasons_n = o->reasons.n;
}

static void
rungs_take(struct story *s, const struct outcome *o, const struct outcome_list *list,
    struct arena *arena)
{
	struct story_rung *rows = arena_zalloc(arena, list->n + 1, sizeof(*rows));

	MUST(rows != NULL);
	for (uint32_t i = 0; i < list->n; i++) {
		const struct outcome *r = &list->items[i];

		if (r == o || r->achieved != DATE_NONE
		    || (r->due != DATE_NONE && r->start == o->start))
			rows[s->rungs_n++] = (struct story_rung){ r->outcome, r->status, r->due,
				r->achieved };
	}
	s->rungs = rows;
}

void
trial_html_person(const struct trial_person *p, struct span name,
    const struct outcome_list *list, const struct currency *currency, struct arena *arena,
    struct buf *out)
{
	story_page_heading(out, name);
	for (uint32_t i = 0; i < list->n; i++) {
		const struct outcome *o = &list->items[i];
		char price[MONEY_TEXT] = "";
		struct story s = { .contract = o->contract, .outcome = o->outcome,
			.status = o->status, .version = o->contract_version, .ordinal = o->ordinal,
			.days = o->days, .start = o->start, .due = o->due, .achieved = o->achieved,
			.expires = o->expires };

		if (o->start == DATE_NONE && o->due == DATE_NONE && o->achieved == DATE_NONE)
			continue; /* nothing to draw */
		if (currency)
			money_text(o->price_minor, currency, price);
		s.price = span_str(price);
		records_take(&s, p->timeline, o, arena);
		gaps_take(&s, o, arena);
		reasons_take(&s, o, arena);
		rungs_take(&s, o, list, arena);
		story_html(&s, out);
	}
}
