#include "common/book.h"

#include "common/mem.h"
#include "common/must.h"

void
book_init(struct book *b)
{
	*b = (struct book){ .pages = NULL };
}

static void
page_release(struct book_page *p)
{
	/* one block holds all spans of a page; it starts with `thing` */
	mem_free((void *)(uintptr_t)p->thing.ptr);
}

void
book_release(struct book *b)
{
	for (size_t i = 0; i < b->n; i++)
		page_release(&b->pages[i]);
	mem_free(b->pages);
	book_init(b);
}

void
book_key(struct span thing, struct span name, int32_t version, struct buf *out)
{
	buf_reset(out);
	buf_printf(out, SPAN_FMT "/" SPAN_FMT "/%d", SPAN_ARG(thing), SPAN_ARG(name), version);
}

static bool
key_split(struct span key, struct span *thing, struct span *name, int32_t *version)
{
	size_t first = 0, last = key.len;
	int64_t v = 0;

	while (first < key.len && key.ptr[first] != '/')
		first++;
	while (last > first + 1 && key.ptr[last - 1] != '/')
		last--;
	if (last <= first + 1 || last == key.len || key.len - last > 9)
		return false;
	for (size_t i = last; i < key.len; i++) {
		if (key.ptr[i] < '0' || key.ptr[i] > '9')
			return false;
		v = v * 10 + (key.ptr[i] - '0');
	}
	*thing = span_of(key.ptr, first);
	*name = span_of(key.ptr + first + 1, last - first - 2);
	*version = (int32_t)v;
	return name->len > 0;
}

/* Sorted by thing, name, version. */
static int
page_cmp(const struct book_page *p, struct span thing, struct span name, int32_t version)
{
	int c = span_cmp(p->thing, thing);

	if (!c)
		c = span_cmp(p->name, name);
	return c ? c : (p->version > version) - (p->version < version);
}

static size_t
page_at(const struct book *b, struct span thing, struct span name, int32_t version)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (page_cmp(&b->pages[mid], thing, name, version) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct span
put(uint8_t **at, struct span s)
{
	struct span out = span_of(*at, s.len);

	if (s.len)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return out;
}

static struct book_page
page_new(struct span thing, struct span name, int32_t version, int64_t offset,
    const struct terms *t)
{
	uint8_t *at = mem_alloc(
	    thing.len + name.len + t->content.len + t->by.len + t->key_id.len + 1);
	struct book_page p = { .version = version, .offset = offset, .effective = t->effective };

	p.thing = put(&at, thing);
	p.name = put(&at, name);
	p.content = put(&at, t->content);
	p.by = put(&at, t->by);
	p.key_id = put(&at, t->key_id);
	return p;
}

static bool
same_name(const struct book_page *p, struct span thing, struct span name)
{
	return span_eq(p->thing, thing) && span_eq(p->name, name);
}

bool
book_fold(struct book *b, const struct rec *rec, const struct terms *terms, struct span *thing)
{
	struct span name;
	int32_t version;
	bool here, newest;
	size_t i;

	*thing = SPAN_NONE;
	if (!key_split(rec->key, thing, &name, &version))
		return false;
	i = page_at(b, *thing, name, version);
	here = i < b->n && page_cmp(&b->pages[i], *thing, name, version) == 0;
	newest = i + here >= b->n || !same_name(&b->pages[i + here], *thing, name);
	if (here && terms && span_eq(b->pages[i].content, terms->content))
		return false; /* the same fact again */
	if (!here && !terms)
		return false;
	if (here)
		page_release(&b->pages[i]);
	if (!terms) {
		b->n--;
		memmove(&b->pages[i], &b->pages[i + 1], (b->n - i) * sizeof(*b->pages));
		return newest;
	}
	if (!here) {
		b->pages = mem_realloc(b->pages, b->n + 1, sizeof(*b->pages));
		memmove(&b->pages[i + 1], &b->pages[i], (b->n - i) * sizeof(*b->pages));
		b->n++;
	}
	b->pages[i] = page_new(*thing, name, version, rec->offset, terms);
	return newest;
}

const struct book_page *
book_find(const struct book *b, struct span thing, struct span name)
{
	size_t i = page_at(b, thing, name, INT32_MAX);

	if (i < b->n && same_name(&b->pages[i], thing, name))
		return &b->pages[i];
	return i > 0 && same_name(&b->pages[i - 1], thing, name) ? &b->pages[i - 1] : NULL;
}

const struct book_page *
book_next(const struct book *b, struct span thing, size_t *at)
{
	for (; *at < b->n; (*at)++) {
		const struct book_page *p = &b->pages[*at];

		if (!span_eq(p->thing, thing))
			continue;
		if (*at + 1 < b->n && same_name(p + 1, p->thing, p->name))
			continue; /* an older version */
		(*at)++;
		return p;
	}
	return NULL;
}
