#include "cli/payload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/record.h"

enum { PATH_BYTES = 256, NAME_BYTES = 64, FIELD_CELLS = 32, NUMBER_TEXT = 40 };

/* Where a walk over a record goes: one call a field that says something. */
struct walk {
	void (*say)(struct walk *w, const char *path, struct span text);
	struct jw *json;
	struct buf *out;
	struct span fault;
	char path[PATH_BYTES];
	size_t path_len;
};

/* --- text that cannot steer a terminal */

/* ESC and its like, also as the two bytes that UTF-8 writes U+0080 to U+009F in. */
static size_t
control_bytes(struct span text, size_t at)
{
	uint8_t c = text.ptr[at];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && at + 1 < text.len && text.ptr[at + 1] >= 0x80
		&& text.ptr[at + 1] < 0xa0
	    ? 2
	    : 0;
}

static void
text_add(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len;) {
		size_t control = control_bytes(text, i);

		if (control)
			buf_str(out, "·");
		else
			buf_byte(out, text.ptr[i]);
		i += control ? control : 1;
	}
}

/* Of bytes that are no record: runs of ASCII text, with a blank between. */
static void
runs_add(struct buf *out, struct span bytes)
{
	bool text = false;

	for (size_t i = 0; i < bytes.len; i++) {
		bool prints = bytes.ptr[i] >= 0x20 && bytes.ptr[i] < 0x7f;

		if (prints)
			buf_byte(out, bytes.ptr[i]);
		else if (text)
			buf_byte(out, ' ');
		text = prints;
	}
}

/* --- the walk, by the binding */

static void walk_record(struct walk *w, const struct av_record *binding, const uint8_t *base);

/* Adds ".name" to the path; returns the length to go back to. */
static size_t
path_add(struct walk *w, const char *name)
{
	size_t before = w->path_len;
	int n = snprintf(w->path + before, PATH_BYTES - before, "%s%s", before ? "." : "", name);

	w->path_len = before + (size_t)n < PATH_BYTES ? before + (size_t)n : PATH_BYTES - 1;
	return before;
}

static void
path_back(struct walk *w, size_t before)
{
	w->path_len = before;
	w->path[before] = '\0';
}

static void
say_number(struct walk *w, int64_t v)
{
	char text[NUMBER_TEXT];

	snprintf(text, sizeof(text), "%" PRId64, v);
	w->say(w, w->path, span_str(text));
}

static void
say_value(struct walk *w, const struct av_value *v)
{
	char text[NUMBER_TEXT];

	if (v->type == AV_STRING) {
		w->say(w, w->path, v->s);
	} else if (v->type == AV_DOUBLE) {
		snprintf(text, sizeof(text), "%.10g", v->d);
		w->say(w, w->path, span_str(text));
	} else if (v->type == AV_BOOLEAN) {
		w->say(w, w->path, span_str(v->i ? "yes" : "no"));
	} else if (v->type == AV_LONG) {
		say_number(w, v->i);
	}
}

/* An attribute goes by its own name, as rejects call it: "event.attributes.hours-per-week". */
static void
walk_attribute(struct walk *w, const struct raw_attribute *a)
{
	char name[NAME_BYTES];
	size_t before, n = a->name.len < NAME_BYTES - 1 ? a->name.len : NAME_BYTES - 1;

	for (size_t i = 0; i < n; i++)
		name[i] = a->name.ptr[i] > 0x20 && a->name.ptr[i] < 0x7f ? (char)a->name.ptr[i] : '?';
	name[n] = '\0';
	before = path_add(w, name);
	say_value(w, &a->value);
	path_back(w, before);
}

static void
walk_items(struct walk *w, const struct av_record *sub, const struct av_array *list)
{
	const uint8_t *items = list->items;

	for (uint32_t i = 0; i < list->n; i++) {
		char nth[16];
		size_t before;

		if (strcmp(sub->name, "org.outturn.RawAttribute") == 0) {
			walk_attribute(w, (const void *)(items + i * sub->size));
			continue;
		}
		snprintf(nth, sizeof(nth), "%" PRIu32, i + 1);
		before = path_add(w, nth);
		walk_record(w, sub, items + i * sub->size);
		path_back(w, before);
	}
}

/* A raw record has no other kinds of fields (record.h). */
static void
walk_field(struct walk *w, const struct av_field *f, const uint8_t *at)
{
	size_t before = path_add(w, f->name);
	const struct span *text = (const void *)at;

	if (f->bind == AVB_SPAN && text->len)
		w->say(w, w->path, *text);
	else if (f->bind == AVB_BOOL && *(const bool *)(const void *)at)
		w->say(w, w->path, SPAN_LIT("yes"));
	else if (f->bind == AVB_LONG && *(const int64_t *)(const void *)at)
		say_number(w, *(const int64_t *)(const void *)at);
	else if (f->bind == AVB_VALUE)
		say_value(w, (const void *)at);
	else if (f->bind == AVB_OPTION && *(void *const *)(const void *)at)
		walk_record(w, f->sub, *(void *const *)(const void *)at);
	else if (f->bind == AVB_ARRAY)
		walk_items(w, f->sub, (const void *)at);
	path_back(w, before);
}

static void
walk_record(struct walk *w, const struct av_record *binding, const uint8_t *base)
{
	for (size_t i = 0; i < binding->n; i++)
		walk_field(w, &binding->fields[i], base + binding->fields[i].offset);
}

/* false: it cannot be decoded. */
static bool
walk_payload(struct walk *w, struct av_catalogue *cat, struct span bytes)
{
	struct raw_record record;
	struct arena arena;
	struct err err;
	bool read;

	arena_init(&arena, 0);
	read = av_read(cat, &raw_record_binding, bytes, &record, &arena, &err) == 0;
	if (read)
		walk_record(w, &raw_record_binding, (const uint8_t *)&record);
	arena_release(&arena);
	return read;
}

/* --- on a screen */

static void
say_line(struct walk *w, const char *path, struct span text)
{
	size_t n = w->fault.len;
	bool fault = n && strlen(path) >= n && memcmp(path, w->fault.ptr, n) == 0
	    && (path[n] == '.' || path[n] == '\0');

	buf_printf(w->out, "%s %-*s ", fault ? ">" : " ", FIELD_CELLS, path);
	text_add(w->out, text);
	buf_str(w->out, "\n");
}

void
payload_text(struct av_catalogue *cat, struct span bytes, struct span fault, struct buf *out)
{
	struct walk w = { .say = say_line, .out = out, .fault = fault };

	if (walk_payload(&w, cat, bytes))
		return;
	buf_str(out, "  it cannot be decoded; what of it is text: ");
	runs_add(out, bytes);
	buf_str(out, "\n");
}

/* --- for programs */

static void
say_member(struct walk *w, const char *path, struct span text)
{
	jw_put_str(w->json, path, text);
}

void
payload_json(struct av_catalogue *cat, struct span bytes, struct jw *j)
{
	struct walk w = { .say = say_member, .json = j };
	struct buf text = BUF_INIT;

	jw_object(j);
	if (!walk_payload(&w, cat, bytes)) {
		runs_add(&text, bytes);
		jw_put_str(j, "text", buf_view(&text));
	}
	jw_end(j);
	buf_release(&text);
}
