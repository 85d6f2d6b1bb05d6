#include "common/raw_write.h"

#include <stdio.h>

#include "common/must.h"

enum out_type {
	OUT_TEXT,       /* string; absent: empty */
	OUT_NULL_TEXT,  /* [null, string] */
	OUT_TEXT_NULL,  /* [string, null] */
	OUT_YES,        /* boolean */
	OUT_INT,        /* int */
	OUT_LONG,
	OUT_VALUE,      /* union in the order of `branch` */
	OUT_OPTION,     /* [null, record] */
	OUT_ARRAY,      /* of records */
	OUT_NO_TEXT,    /* string that we have nothing for: empty */
	OUT_NO_NULL,    /* [null, ...] that we have nothing for */
};

struct out_field {
	const char *name;
	enum out_type type;
	uint16_t offset;               /* in the struct of its record */
	const struct out_field *sub;   /* OUT_OPTION, OUT_ARRAY */
	const enum av_type *branch;    /* OUT_VALUE: the union in its order */
	uint16_t stride;               /* OUT_ARRAY: bytes of an item */
};

#define F(block, field, name, type) { name, type, (uint16_t)offsetof(struct raw_##block, field), NULL, NULL, 0 }
#define OPTION(field, name, sub) \
	{ name, OUT_OPTION, (uint16_t)offsetof(struct raw_record, field), sub, NULL, 0 }
#define ARRAY(block, field, name, of, sub) \
	{ name, OUT_ARRAY, (uint16_t)offsetof(struct raw_##block, field), sub, NULL, sizeof(struct raw_##of) }
#define VALUE(name, branches) \
	{ name, OUT_VALUE, (uint16_t)offsetof(struct raw_attribute, value), NULL, branches, 0 }
#define NOTHING(name, type) { name, type, 0, NULL, NULL, 0 }
#define END { NULL, OUT_NO_NULL, 0, NULL, NULL, 0 }

enum { BRANCHES_MAX = 5 };
static const enum av_type usual_order[BRANCHES_MAX] = { AV_NULL, AV_BOOLEAN, AV_LONG, AV_DOUBLE,
	AV_STRING };
static const enum av_type nhs_order[BRANCHES_MAX] = { AV_STRING, AV_DOUBLE, AV_INT, AV_BOOLEAN,
	AV_NULL };
static const enum av_type provider_order[BRANCHES_MAX] = { AV_NULL, AV_STRING, AV_LONG, AV_DOUBLE,
	AV_BOOLEAN };

/* --- raw.avsc */

static const struct out_field raw_attribute[] = {
	F(attribute, name, "name", OUT_TEXT),
	VALUE("value", usual_order),
	END,
};

static const struct out_field raw_event[] = {
	F(event, kind, "kind", OUT_TEXT),
	F(event, start, "start", OUT_NULL_TEXT),
	F(event, end, "end", OUT_NULL_TEXT),
	F(event, episode, "episode", OUT_NULL_TEXT),
	F(event, evidence_type, "evidence_type", OUT_NULL_TEXT),
	ARRAY(event, attributes, "attributes", attribute, raw_attribute),
	END,
};

static const struct out_field raw_address[] = {
	F(address, line1, "line1", OUT_NULL_TEXT),
	F(address, line2, "line2", OUT_NULL_TEXT),
	F(address, town, "town", OUT_NULL_TEXT),
	F(address, postcode, "postcode", OUT_NULL_TEXT),
	F(address, uprn, "uprn", OUT_NULL_TEXT),
	F(address, from, "from", OUT_NULL_TEXT),
	F(address, to, "to", OUT_NULL_TEXT),
	END,
};

static const struct out_field raw_person[] = {
	F(person, title, "title", OUT_NULL_TEXT),
	F(person, forename, "forename", OUT_NULL_TEXT),
	F(person, middle_names, "middle_names", OUT_NULL_TEXT),
	F(person, surname, "surname", OUT_NULL_TEXT),
	F(person, previous_surname, "previous_surname", OUT_NULL_TEXT),
	F(person, dob, "dob", OUT_NULL_TEXT),
	F(person, died_on, "died_on", OUT_NULL_TEXT),
	F(person, sex, "sex", OUT_NULL_TEXT),
	F(person, ethnic_group, "ethnic_group", OUT_NULL_TEXT),
	ARRAY(person, addresses, "addresses", address, raw_address),
	F(person, nhs_number, "nhs_number", OUT_NULL_TEXT),
	F(person, nino, "nino", OUT_NULL_TEXT),
	F(person, upn, "upn", OUT_NULL_TEXT),
	F(person, uln, "uln", OUT_NULL_TEXT),
	F(person, local_id, "local_id", OUT_NULL_TEXT),
	F(person, objection, "objection", OUT_YES),
	END,
};

static const struct out_field raw_raw[] = {
	F(record, record_id, "record_id", OUT_TEXT),
	F(record, revision, "revision", OUT_LONG),
	F(record, withdrawn, "withdrawn", OUT_YES),
	F(record, restricted, "restricted", OUT_YES),
	OPTION(person, "person", raw_person),
	OPTION(event, "event", raw_event),
	F(record, complete_through, "complete_through", OUT_NULL_TEXT),
	END,
};

/* --- raw-council-1.avsc */

static const struct out_field council_event[] = {
	F(event, kind, "event_type", OUT_TEXT),
	F(event, start, "start_date", OUT_NULL_TEXT),
	F(event, end, "end_date", OUT_NULL_TEXT),
	F(event, episode, "tenancy_reference", OUT_NULL_TEXT),
	F(event, evidence_type, "proof", OUT_NULL_TEXT),
	ARRAY(event, attributes, "details", attribute, raw_attribute),
	END,
};

static const struct out_field council_address[] = {
	F(address, uprn, "uprn", OUT_NULL_TEXT),
	F(address, line1, "address_line_1", OUT_NULL_TEXT),
	F(address, line2, "address_line_2", OUT_NULL_TEXT),
	F(address, town, "post_town", OUT_NULL_TEXT),
	F(address, postcode, "postcode", OUT_NULL_TEXT),
	F(address, from, "moved_in", OUT_NULL_TEXT),
	F(address, to, "moved_out", OUT_NULL_TEXT),
	END,
};

static const struct out_field council_person[] = {
	F(person, local_id, "council_person_id", OUT_NULL_TEXT),
	F(person, title, "title", OUT_NULL_TEXT),
	F(person, surname, "last_name", OUT_NULL_TEXT),
	F(person, forename, "first_name", OUT_NULL_TEXT),
	F(person, middle_names, "middle_names", OUT_NULL_TEXT),
	F(person, previous_surname, "former_last_name", OUT_NULL_TEXT),
	F(person, dob, "date_of_birth", OUT_NULL_TEXT),
	F(person, died_on, "date_of_death", OUT_NULL_TEXT),
	F(person, sex, "sex", OUT_NULL_TEXT),
	F(person, ethnic_group, "ethnicity", OUT_NULL_TEXT),
	F(person, upn, "unique_pupil_number", OUT_NULL_TEXT),
	F(person, nino, "national_insurance_number", OUT_NULL_TEXT),
	F(person, nhs_number, "nhs_number", OUT_NULL_TEXT),
	ARRAY(person, addresses, "homes", address, council_address),
	END,
};

static const struct out_field council_raw[] = {
	F(record, record_id, "case_reference", OUT_TEXT),
	F(record, revision, "revision", OUT_INT),
	NOTHING("directorate", OUT_NO_NULL),
	F(record, withdrawn, "cancelled", OUT_YES),
	F(record, restricted, "protected_address", OUT_YES),
	OPTION(person, "resident", council_person),
	OPTION(event, "case_event", council_event),
	F(record, complete_through, "all_records_in_to", OUT_NULL_TEXT),
	END,
};

/* --- raw-nhs-1.avsc */

static const struct out_field nhs_observation[] = {
	F(attribute, name, "code", OUT_TEXT),
	VALUE("value", nhs_order),
	NOTHING("method", OUT_NO_NULL),
	END,
};

static const struct out_field nhs_event[] = {
	ARRAY(event, attributes, "observations", attribute, nhs_observation),
	F(event, kind, "event_type", OUT_TEXT),
	F(event, start, "date", OUT_NULL_TEXT),
	F(event, end, "end_date", OUT_NULL_TEXT),
	F(event, episode, "spell_number", OUT_NULL_TEXT),
	END,
};

static const struct out_field nhs_address[] = {
	F(address, postcode, "postcode", OUT_NULL_TEXT),
	F(address, line1, "address_line_1", OUT_NULL_TEXT),
	F(address, line2, "address_line_2", OUT_NULL_TEXT),
	F(address, town, "city", OUT_NULL_TEXT),
	END,
};

static const struct out_field nhs_person[] = {
	F(person, nhs_number, "nhs_number", OUT_TEXT_NULL),
	F(person, local_id, "hospital_number", OUT_NULL_TEXT),
	F(person, surname, "family_name", OUT_NULL_TEXT),
	F(person, previous_surname, "birth_family_name", OUT_NULL_TEXT),
	F(person, forename, "given_name", OUT_NULL_TEXT),
	F(person, middle_names, "other_given_names", OUT_NULL_TEXT),
	F(person, dob, "birth_date", OUT_NULL_TEXT),
	F(person, died_on, "death_date", OUT_NULL_TEXT),
	F(person, sex, "person_stated_gender", OUT_NULL_TEXT),
	F(person, ethnic_group, "ethnic_category", OUT_NULL_TEXT),
	F(person, objection, "opted_out", OUT_YES),
	ARRAY(person, addresses, "addresses", address, nhs_address),
	NOTHING("registered_practice", OUT_NO_NULL),
	END,
};

static const struct out_field nhs_raw[] = {
	F(record, record_id, "message_id", OUT_TEXT),
	NOTHING("organisation_code", OUT_NO_TEXT),
	F(record, revision, "revision", OUT_LONG),
	OPTION(event, "care_event", nhs_event),
	OPTION(person, "patient", nhs_person),
	F(record, withdrawn, "deleted", OUT_YES),
	F(record, complete_through, "all_records_in_to", OUT_NULL_TEXT),
	END,
};

/* --- raw-provider-1.avsc */

static const struct out_field provider_attribute[] = {
	F(attribute, name, "name", OUT_TEXT),
	VALUE("value", provider_order),
	END,
};

static const struct out_field provider_event[] = {
	F(event, kind, "activity_code", OUT_TEXT),
	F(event, start, "start", OUT_NULL_TEXT),
	F(event, end, "end", OUT_NULL_TEXT),
	F(event, episode, "placement", OUT_NULL_TEXT),
	F(event, evidence_type, "proof", OUT_NULL_TEXT),
	NOTHING("hours_of_support", OUT_NO_NULL),
	ARRAY(event, attributes, "attributes", attribute, provider_attribute),
	END,
};

static const struct out_field provider_address[] = {
	F(address, line1, "line1", OUT_NULL_TEXT),
	F(address, town, "town", OUT_NULL_TEXT),
	F(address, postcode, "postal_code", OUT_NULL_TEXT),
	F(address, from, "from", OUT_NULL_TEXT),
	F(address, to, "to", OUT_NULL_TEXT),
	END,
};

static const struct out_field provider_person[] = {
	F(person, local_id, "client_number", OUT_TEXT),
	F(person, forename, "forename", OUT_NULL_TEXT),
	F(person, surname, "surname", OUT_NULL_TEXT),
	F(person, dob, "date_of_birth", OUT_NULL_TEXT),
	F(person, sex, "gender", OUT_NULL_TEXT),
	F(person, ethnic_group, "ethnicity", OUT_NULL_TEXT),
	F(person, nino, "nino", OUT_NULL_TEXT),
	F(person, uln, "unique_learner_number", OUT_NULL_TEXT),
	ARRAY(person, addresses, "addresses", address, provider_address),
	F(person, objection, "objection", OUT_YES),
	END,
};

static const struct out_field provider_raw[] = {
	OPTION(event, "activity", provider_event),
	OPTION(person, "client", provider_person),
	F(record, withdrawn, "withdrawn", OUT_YES),
	F(record, record_id, "entry_id", OUT_TEXT),
	F(record, restricted, "protected_address", OUT_YES),
	NOTHING("entered_by", OUT_NO_NULL),
	F(record, complete_through, "all_records_in_to", OUT_NULL_TEXT),
	END,
};

/* --- which */

/* The records of a schema, by the block of generic.h that each holds. */
static const struct {
	const char *name, *role;
	const struct out_field *record, *person, *event, *address;
} schemas[RAW_SCHEMA_COUNT] = {
	[RAW_SCHEMA_RAW] = { "raw", "", raw_raw, raw_person, raw_event, raw_address },
	[RAW_SCHEMA_COUNCIL] = { "raw-council-1", "council", council_raw, council_person,
	    council_event, council_address },
	[RAW_SCHEMA_NHS] = { "raw-nhs-1", "nhs", nhs_raw, nhs_person, nhs_event, nhs_address },
	[RAW_SCHEMA_PROVIDER] = { "raw-provider-1", "provider", provider_raw, provider_person,
	    provider_event, provider_address },
};

const char *
raw_schema_name(enum raw_schema schema)
{
	return schemas[schema].name;
}

enum raw_schema
raw_schema_of_role(struct span role)
{
	for (int i = RAW_SCHEMA_COUNCIL; i < RAW_SCHEMA_COUNT; i++)
		if (span_is(role, schemas[i].role))
			return (enum raw_schema)i;
	return RAW_SCHEMA_RAW;
}

static const struct out_field *
block_of(enum raw_schema schema, enum generic_block block)
{
	switch (block) {
	case GENERIC_BLOCK_record:
		return schemas[schema].record;
	case GENERIC_BLOCK_person:
		return schemas[schema].person;
	case GENERIC_BLOCK_event:
		return schemas[schema].event;
	case GENERIC_BLOCK_address:
		return schemas[schema].address;
	}
	return NULL;
}

bool
raw_schema_carries(enum raw_schema schema, enum generic_column column)
{
	const struct out_field *f;

	if (column == GENERIC_ATTRIBUTE)
		return true;
	MUST(column < GENERIC_COLUMN_COUNT);
	for (f = block_of(schema, generic_columns[column].block); f->name; f++)
		if (f->offset == generic_columns[column].offset && f->type != OUT_NO_NULL
		    && f->type != OUT_NO_TEXT)
			return column != GENERIC_PERSON;
	return false;
}

/* Writes the name of the field that is *left further on; true: found. */
static bool
field_at(const struct out_field *fields, const char *path, size_t *left, char out[RAW_FIELD_MAX])
{
	for (; fields->name; fields++) {
		char here[RAW_FIELD_MAX];

		snprintf(here, sizeof(here), "%s%s%s", path, *path ? "." : "", fields->name);
		if ((*left)-- == 0) {
			memcpy(out, here, sizeof(here));
			return true;
		}
		if (fields->sub && field_at(fields->sub, here, left, out))
			return true;
	}
	return false;
}

bool
raw_schema_field(enum raw_schema schema, size_t i, char out[RAW_FIELD_MAX])
{
	return field_at(schemas[schema].record, "", &i, out);
}

/* --- writing */

static void
put_long(struct buf *out, int64_t v)
{
	uint64_t z = ((uint64_t)v << 1) ^ (0 - ((uint64_t)v >> 63));

	for (; z >= 0x80; z >>= 7)
		buf_byte(out, (uint8_t)(z | 0x80));
	buf_byte(out, (uint8_t)z);
}

static void
put_text(struct buf *out, struct span text)
{
	put_long(out, (int64_t)text.len);
	buf_span(out, text);
}

static void
put_double(struct buf *out, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	for (int i = 0; i < 8; i++)
		buf_byte(out, (uint8_t)(bits >> (8 * i)));
}

static int
branch_of(const enum av_type *branches, enum av_type type)
{
	for (int i = 0; i < BRANCHES_MAX; i++)
		if (branches[i] == type)
			return i;
	return -1;
}

/* A whole number that the schema's int cannot hold goes as a double, as JSON would. */
static void
put_value(struct buf *out, const struct av_value *v, const enum av_type *branches)
{
	enum av_type type = v->type;
	double d = v->d;

	if (type == AV_LONG && branch_of(branches, AV_LONG) < 0) {
		type = v->i >= INT32_MIN && v->i <= INT32_MAX ? AV_INT : AV_DOUBLE;
		d = (double)v->i;
	}
	MUST(branch_of(branches, type) >= 0);
	put_long(out, branch_of(branches, type));
	switch (type) {
	case AV_BOOLEAN:
		buf_byte(out, v->i != 0);
		break;
	case AV_INT:
	case AV_LONG:
		put_long(out, v->i);
		break;
	case AV_DOUBLE:
		put_double(out, d);
		break;
	case AV_STRING:
		put_text(out, v->s);
		break;
	default:
		break;
	}
}

static int put_record(const struct out_field *fields, const uint8_t *base, struct buf *out,
    struct err *err);

static int
put_array(const struct out_field *f, const struct av_array *a, struct buf *out, struct err *err)
{
	if (a->n)
		put_long(out, a->n);
	for (uint32_t i = 0; i < a->n; i++)
		if (put_record(f->sub, (const uint8_t *)a->items + (size_t)i * f->stride, out, err))
			return -1;
	put_long(out, 0);
	return 0;
}

static int
put_int(const struct out_field *f, int64_t v, struct buf *out, struct err *err)
{
	if (v < INT32_MIN || v > INT32_MAX)
		return err_code(err, ERR_RECORD, "too-large", f->name,
		    "the agency's schema has no room for so large a '%s'", f->name);
	put_long(out, v);
	return 0;
}

static int
put_field(const struct out_field *f, const uint8_t *base, struct buf *out, struct err *err)
{
	const void *at = base + f->offset;
	const struct span *text = at;
	const uint8_t *sub;

	switch (f->type) {
	case OUT_TEXT:
		put_text(out, *text);
		return 0;
	case OUT_NULL_TEXT:
	case OUT_TEXT_NULL:
		put_long(out, (text->ptr != NULL) == (f->type == OUT_NULL_TEXT));
		if (text->ptr)
			put_text(out, *text);
		return 0;
	case OUT_YES:
		buf_byte(out, *(const bool *)at);
		return 0;
	case OUT_INT:
		return put_int(f, *(const int64_t *)at, out, err);
	case OUT_LONG:
		put_long(out, *(const int64_t *)at);
		return 0;
	case OUT_VALUE:
		put_value(out, at, f->branch);
		return 0;
	case OUT_OPTION:
		sub = *(const uint8_t *const *)at;
		put_long(out, sub != NULL);
		return sub ? put_record(f->sub, sub, out, err) : 0;
	case OUT_ARRAY:
		return put_array(f, at, out, err);
	case OUT_NO_TEXT:
		put_text(out, SPAN_NONE);
		return 0;
	case OUT_NO_NULL:
		put_long(out, 0);
		return 0;
	}
	return 0;
}

static int
put_record(const struct out_field *fields, const uint8_t *base, struct buf *out, struct err *err)
{
	for (; fields->name; fields++)
		if (put_field(fields, base, out, err))
			return -1;
	return 0;
}

static int
no_place(const char *column, enum raw_schema schema, struct err *err)
{
	return err_code(err, ERR_RECORD, "no-place", column,
	    "schema '%s' has no place for '%s', and without it the record would say something "
	    "else: feed it with --schema raw",
	    raw_schema_name(schema), column);
}

int
raw_write(enum raw_schema schema, const struct raw_record *record, struct buf *out,
    struct err *err)
{
	if (record->restricted && !raw_schema_carries(schema, GENERIC_RESTRICTED))
		return no_place("restricted", schema, err);
	if (record->person && record->person->objection
	    && !raw_schema_carries(schema, GENERIC_OBJECTION))
		return no_place("objection", schema, err);
	return put_record(schemas[schema].record, (const uint8_t *)record, out, err);
}
