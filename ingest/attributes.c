#include "ingest/attributes.h"

#include <stdio.h>

#include "common/must.h"
#include "common/text.h"

enum { MILLION = 1000000, DIGITS_MAX = 10 };

#define NUMBER_MAX 9000000000.0 /* millionths of it fit in 64 bits */

static int
bad(struct err *err, const char *code, const struct attribute_def *def, const char *expected)
{
	char field[ERR_FIELD_MAX];

	snprintf(field, sizeof(field), "event.attributes." SPAN_FMT, SPAN_ARG(def->name));
	return err_code(err, ERR_RECORD, code, field, "field '%s' is not %s", field, expected);
}

/* "-12.5": at most ten digits before the point, six after it. */
static bool
decimal_of(struct span text, int64_t *millionths)
{
	bool minus = text.len && text.ptr[0] == '-', any = false;
	int64_t whole = 0, part = 0, scale = MILLION;
	size_t i = minus;

	for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++, any = true) {
		if (i - minus >= DIGITS_MAX)
			return false;
		whole = whole * 10 + (text.ptr[i] - '0');
	}
	if (i < text.len && text.ptr[i] == '.') {
		for (i++; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
			any = true;
			scale /= 10;
			if (scale == 0)
				return false;
			part += (text.ptr[i] - '0') * scale;
		}
	}
	*millionths = (whole * MILLION + part) * (minus ? -1 : 1);
	return any && i == text.len;
}

static bool
number_of(const struct av_value *v, int64_t *millionths)
{
	double scaled;

	switch (v->type) {
	case AV_LONG:
		if (v->i > (int64_t)NUMBER_MAX || v->i < -(int64_t)NUMBER_MAX)
			return false;
		*millionths = v->i * MILLION;
		return true;
	case AV_DOUBLE:
		if (!(v->d >= -NUMBER_MAX && v->d <= NUMBER_MAX)) /* not a number falls out here */
			return false;
		scaled = v->d * MILLION;
		*millionths = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
		return true;
	case AV_STRING:
		return decimal_of(text_trim(v->s), millionths);
	default:
		return false;
	}
}

static int
number_judge(const struct attribute_def *def, const struct av_value *v, struct attribute *out,
    struct err *err)
{
	int64_t n;

	if (!number_of(v, &n))
		return bad(err, "not-a-number", def, "a number");
	if (def->bounded && (n < def->min || n > def->max))
		return bad(err, "out-of-range", def, "within its range");
	out->number = (struct av_nlong){ n, true };
	return 0;
}

static int
boolean_judge(const struct attribute_def *def, const struct av_value *v, struct attribute *out,
    struct err *err)
{
	bool yes;

	if (v->type == AV_BOOLEAN)
		yes = v->i != 0;
	else if (v->type == AV_STRING && (span_is(v->s, "true") || span_is(v->s, "yes")))
		yes = true;
	else if (v->type == AV_STRING && (span_is(v->s, "false") || span_is(v->s, "no")))
		yes = false;
	else
		return bad(err, "not-a-boolean", def, "true or false");
	out->number = (struct av_nlong){ yes ? MILLION : 0, true };
	return 0;
}

static int
date_judge(const struct attribute_def *def, const struct av_value *v, struct attribute *out,
    struct arena *arena, struct err *err)
{
	date_t day;
	char *text;

	if (v->type != AV_STRING || !date_parse_loose(text_trim(v->s), &day))
		return bad(err, "not-a-date", def, "a date that exists, expected YYYY-MM-DD");
	text = arena_alloc(arena, DATE_TEXT);
	MUST(text != NULL);
	date_text(day, text);
	out->text = span_str(text);
	return 0;
}

static int
code_judge(const struct attribute_def *def, const struct av_value *v, date_t on,
    struct attribute *out, struct err *err)
{
	if (v->type != AV_STRING)
		return bad(err, "unknown-code", def, "a code of its list");
	switch (code_find(def->list, v->s, on, &out->text)) {
	case CODE_FOUND:
		return 0;
	case CODE_NOT_THEN:
		return bad(err, "code-not-in-force", def, "a code that was in force on the day");
	case CODE_UNKNOWN:
		break;
	}
	return bad(err, "unknown-code", def, "a code of its list");
}

static int
judge(const struct attribute_def *def, const struct av_value *v, date_t on, struct attribute *out,
    struct arena *arena, struct err *err)
{
	*out = (struct attribute){ .name = def->name };
	switch (def->type) {
	case ATTRIBUTE_CODE:
		return code_judge(def, v, on, out, err);
	case ATTRIBUTE_NUMBER:
		return number_judge(def, v, out, err);
	case ATTRIBUTE_BOOLEAN:
		return boolean_judge(def, v, out, err);
	case ATTRIBUTE_DATE:
		break;
	}
	return date_judge(def, v, out, arena, err);
}

static bool
is_absent(const struct av_value *v)
{
	return v->type == AV_NULL || (v->type == AV_STRING && text_absent(v->s));
}

/* values[i]: what was sent for the kind's definition i; NULL: nothing. */
static int
sort_sent(const struct kind *kind, const struct av_array *sent,
    const struct av_value *values[KIND_ATTRIBUTES_MAX], struct err *err)
{
	const struct raw_attribute *list = sent->items;
	const struct attribute_def *def;

	memset(values, 0, KIND_ATTRIBUTES_MAX * sizeof(values[0]));
	for (uint32_t i = 0; i < sent->n; i++) {
		def = attribute_def_find(kind, text_trim(list[i].name));
		if (!def)
			return err_code(err, ERR_RECORD, "unknown-attribute", "event.attributes",
			    "field 'event.attributes' entry %u is not an attribute of its kind",
			    (unsigned)i + 1);
		if (is_absent(&list[i].value))
			continue;
		if (values[def - kind->attributes])
			return bad(err, "attribute-twice", def, "given once");
		values[def - kind->attributes] = &list[i].value;
	}
	return 0;
}

/* --- derived */

static const char *
age_band(int age)
{
	static const struct {
		int to;
		const char *text;
	} bands[] = { { 9, "0-9" }, { 15, "10-15" }, { 17, "16-17" }, { 24, "18-24" },
		{ 34, "25-34" }, { 44, "35-44" }, { 54, "45-54" }, { 64, "55-64" }, { 74, "65-74" },
		{ 84, "75-84" } };

	for (size_t i = 0; i < sizeof(bands) / sizeof(bands[0]); i++)
		if (age <= bands[i].to)
			return bands[i].text;
	return "85+";
}

struct list {
	struct attribute *items;
	uint32_t n;
};

static struct attribute *
put(struct list *list, struct span name)
{
	uint32_t at = list->n++;

	MUST(list->n <= ATTRIBUTES_MAX);
	for (; at > 0 && span_cmp(name, list->items[at - 1].name) < 0; at--)
		list->items[at] = list->items[at - 1];
	list->items[at] = (struct attribute){ .name = name };
	return &list->items[at];
}

static bool
wanted(const struct derive_from *from, enum derived d)
{
	return (from->agency->derive & (1U << d)) != 0;
}

/* The first day of being 18; born on 29 February: 1 March, as date_age() counts. */
static date_t
adult_on(date_t dob)
{
	struct ymd d = date_ymd(dob);

	if (date_valid(d.year + ADULT_YEARS, d.month, d.day))
		return date_of(d.year + ADULT_YEARS, d.month, d.day);
	return date_of(d.year + ADULT_YEARS, 3, 1);
}

static void
derive_age(struct list *list, const struct derive_from *from, struct arena *arena)
{
	int age;
	char *text;

	if (from->dob == DATE_NONE || from->dob > from->on)
		return;
	age = date_age(from->dob, from->on);
	if (wanted(from, DERIVED_AGE))
		put(list, derived_name(DERIVED_AGE))->number =
		    (struct av_nlong){ (int64_t)age * MILLION, true };
	if (wanted(from, DERIVED_AGE_BAND))
		put(list, derived_name(DERIVED_AGE_BAND))->text = span_str(age_band(age));
	if (!wanted(from, DERIVED_ADULT_ON))
		return;
	text = arena_alloc(arena, DATE_TEXT);
	MUST(text != NULL);
	date_text(adult_on(from->dob), text);
	put(list, derived_name(DERIVED_ADULT_ON))->text = span_str(text);
}

static void
derive_place(struct list *list, const struct derive_from *from)
{
	struct span ward;
	int32_t decile;

	if (from->restricted || !from->postcodes || from->postcode->len == 0
	    || !postcodes_find(from->postcodes, from->postcode, from->on, &ward, &decile))
		return;
	if (wanted(from, DERIVED_WARD))
		put(list, derived_name(DERIVED_WARD))->text = ward;
	if (wanted(from, DERIVED_DECILE))
		put(list, derived_name(DERIVED_DECILE))->number =
		    (struct av_nlong){ (int64_t)decile * MILLION, true };
}

int
attributes_build(const struct kind_ref *ref, const struct av_array *sent,
    const struct derive_from *from, struct av_array *out, struct arena *arena, struct err *err)
{
	const struct av_value *values[KIND_ATTRIBUTES_MAX];
	const struct kind *kind = ref->kind;
	struct list list = { arena_alloc(arena, ATTRIBUTES_MAX * sizeof(struct attribute)), 0 };

	MUST(list.items != NULL);
	if (sort_sent(kind, sent, values, err) < 0)
		return -1;
	for (size_t i = 0; i < kind->n; i++) {
		const struct attribute_def *def = &kind->attributes[i];

		if (!values[i] && def->required && ref->form == KIND_ITSELF)
			return bad(err, "attribute-missing", def, "given, and the kind requires it");
		if (!values[i])
			continue;
		if (judge(def, values[i], from->on, &list.items[list.n], arena, err) < 0)
			return -1;
		if (!(def->place && from->restricted))
			list.n++;
	}
	derive_age(&list, from, arena);
	if (wanted(from, DERIVED_SEX) && from->sex.ptr)
		put(&list, derived_name(DERIVED_SEX))->text = from->sex;
	if (wanted(from, DERIVED_ETHNIC_GROUP) && from->ethnic_group.ptr)
		put(&list, derived_name(DERIVED_ETHNIC_GROUP))->text = from->ethnic_group;
	derive_place(&list, from);
	*out = (struct av_array){ list.items, list.n };
	return 0;
}
