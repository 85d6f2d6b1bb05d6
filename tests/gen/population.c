#include "tests/gen/population.h"

#include "common/mem.h"
#include "common/must.h"

enum { WORDS_MAX = 20 };

struct reader {
	struct population *p;
	struct pop_origin *origin;
	struct pop_agency *agency;
	struct span word[WORDS_MAX];
	size_t n;
	int line;
};

static const char *const figure_names[] = {
#define POP_NAME(name, prose) #name,
	POP_FIGURES(POP_NAME)
};
static const char *const origin_rate_names[] = { POP_ORIGIN_RATES(POP_NAME) };
static const char *const agency_rate_names[] = { POP_AGENCY_RATES(POP_NAME) };

static int
bad(const struct reader *r, const char *what, struct err *err)
{
	return err_set(err, ERR_FATAL, "line %d: %s", r->line, what);
}

/* --- words */

static bool
words_split(struct reader *r, struct span line)
{
	r->n = 0;
	for (size_t i = 0; i < line.len;) {
		size_t from;

		while (i < line.len && (line.ptr[i] == ' ' || line.ptr[i] == '\t'))
			i++;
		from = i;
		while (i < line.len && line.ptr[i] != ' ' && line.ptr[i] != '\t')
			i++;
		if (i == from || line.ptr[from] == '#')
			break;
		if (r->n == WORDS_MAX)
			return false;
		r->word[r->n++] = span_of(line.ptr + from, i - from);
	}
	return true;
}

/* '-' and '_' are one in the name of a rate. */
static bool
named(struct span word, const char *name)
{
	if (word.len != strlen(name))
		return false;
	for (size_t i = 0; i < word.len; i++)
		if ((word.ptr[i] == '-' ? '_' : (char)word.ptr[i]) != name[i])
			return false;
	return true;
}

static bool
number(struct span text, uint32_t *out)
{
	uint32_t v = 0;

	if (text.len == 0 || text.len > 8)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		v = v * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	*out = v;
	return true;
}

static bool
text_take(struct span word, char out[POP_TEXT])
{
	if (word.len >= POP_TEXT)
		return false;
	for (size_t i = 0; i < word.len; i++)
		out[i] = word.ptr[i] == '_' ? ' ' : (char)word.ptr[i];
	out[word.len] = '\0';
	return true;
}

/* --- lines */

static int
rate_line(struct reader *r, const char *const *names, size_t n, uint32_t *out, struct err *err)
{
	for (size_t i = 0; r->n == 3 && i < n; i++)
		if (named(r->word[1], names[i]))
			return number(r->word[2], &out[i]) ? 0 : bad(r, "not a number", err);
	return bad(r, "no such figure or rate, or not one number behind it", err);
}

/* weight, name, aliases */
static int
name_line(struct reader *r, struct pop_names *names, struct err *err)
{
	uint32_t weight;
	struct pop_name *name;

	if (r->n < 3 || r->n > 3 + POP_ALIASES_MAX || !number(r->word[1], &weight) || weight == 0)
		return bad(r, "expected a weight, a name and at most 3 others", err);
	names->item = mem_realloc(names->item, names->n + 1, sizeof(*names->item));
	name = &names->item[names->n];
	*name = (struct pop_name){ .upto = weight + (names->n ? name[-1].upto : 0) };
	if (!text_take(r->word[2], name->text))
		return bad(r, "the name is too long", err);
	for (size_t i = 3; i < r->n; i++)
		if (!text_take(r->word[i], name->alias[name->aliases++]))
			return bad(r, "the name is too long", err);
	names->n++;
	return 0;
}

static int
part_line(struct reader *r, struct pop_names *names, struct err *err)
{
	struct pop_name *name;

	for (size_t i = 1; i < r->n; i++) {
		names->item = mem_realloc(names->item, names->n + 1, sizeof(*names->item));
		name = &names->item[names->n];
		*name = (struct pop_name){ .upto = names->n + 1 };
		if (!text_take(r->word[i], name->text))
			return bad(r, "the part is too long", err);
		names->n++;
	}
	return r->n > 1 ? 0 : bad(r, "expected parts of names", err);
}

static int
pair_line(struct reader *r, struct pop_pairs *pairs, struct err *err)
{
	struct pop_pair *pair;

	if (r->n != 3)
		return bad(r, "expected two spellings", err);
	pairs->item = mem_realloc(pairs->item, pairs->n + 1, sizeof(*pairs->item));
	pair = &pairs->item[pairs->n];
	if (!text_take(r->word[1], pair->from) || !text_take(r->word[2], pair->to))
		return bad(r, "the spelling is too long", err);
	pairs->n++;
	return 0;
}

static int
weight_line(struct reader *r, uint64_t *out, struct err *err)
{
	uint32_t v;

	if (r->n != 2 || !number(r->word[1], &v))
		return bad(r, "expected a weight", err);
	*out = v;
	return 0;
}

static int
origin_begin(struct reader *r, struct err *err)
{
	struct population *p = r->p;
	uint32_t weight;

	if (r->n != 3 || p->origins == POP_ORIGINS_MAX || !number(r->word[2], &weight))
		return bad(r, "expected an origin's name and weight, at most 24 of them", err);
	r->origin = &p->origin[p->origins];
	r->agency = NULL;
	r->origin->upto = weight + (p->origins ? r->origin[-1].upto : 0);
	p->origins++;
	return text_take(r->word[1], r->origin->name) ? 0 : bad(r, "the name is too long", err);
}

static int
agency_begin(struct reader *r, struct err *err)
{
	struct population *p = r->p;

	if (r->n != 2 || p->agencies == POP_AGENCIES_MAX)
		return bad(r, "expected an agency's name, at most 8 of them", err);
	r->agency = &p->agency[p->agencies++];
	r->origin = NULL;
	return text_take(r->word[1], r->agency->name) ? 0 : bad(r, "the name is too long", err);
}

static int
origin_line(struct reader *r, struct err *err)
{
	struct pop_origin *o = r->origin;
	struct span what = r->word[0];

	if (span_is(what, "rate"))
		return rate_line(r, origin_rate_names, ORIGIN_RATE_COUNT, o->rate, err);
	if (span_is(what, "surname"))
		return name_line(r, &o->surname, err);
	if (span_is(what, "male"))
		return name_line(r, &o->male, err);
	if (span_is(what, "female"))
		return name_line(r, &o->female, err);
	if (span_is(what, "head"))
		return part_line(r, &o->head, err);
	if (span_is(what, "middle"))
		return part_line(r, &o->middle, err);
	if (span_is(what, "tail"))
		return part_line(r, &o->tail, err);
	if (span_is(what, "syllable"))
		return part_line(r, &o->syllable, err);
	if (span_is(what, "rare-surname"))
		return weight_line(r, &o->rare_surname, err);
	if (span_is(what, "rare-forename"))
		return weight_line(r, &o->rare_forename, err);
	if (span_is(what, "spelling"))
		return pair_line(r, &o->spelling, err);
	if (span_is(what, "feminine"))
		return pair_line(r, &o->feminine, err);
	return bad(r, "no such line of an origin", err);
}

static int
line_parse(struct reader *r, struct err *err)
{
	struct population *p = r->p;
	struct span what = r->word[0];

	if (span_is(what, "population")) {
		if (p->version || r->n != 3 || !text_take(r->word[1], p->name)
		    || !number(r->word[2], &p->version) || !p->version)
			return bad(r, "expected 'population', its name and version, once", err);
		return 0;
	}
	if (!p->version)
		return bad(r, "the first line is not 'population'", err);
	if (span_is(what, "figure"))
		return rate_line(r, figure_names, POP_FIGURE_COUNT, p->figure, err);
	if (span_is(what, "origin"))
		return origin_begin(r, err);
	if (span_is(what, "agency"))
		return agency_begin(r, err);
	if (span_is(what, "street"))
		return part_line(r, &p->street, err);
	if (span_is(what, "town"))
		return part_line(r, &p->town, err);
	if (r->agency && span_is(what, "rate"))
		return rate_line(r, agency_rate_names, AGENCY_RATE_COUNT, r->agency->rate, err);
	if (r->origin)
		return origin_line(r, err);
	return bad(r, "no such line", err);
}

/* --- the whole */

static int
whole_judge(const struct population *p, struct err *err)
{
	if (!p->origins || !p->agencies || !p->street.n || !p->town.n)
		return err_set(err, ERR_FATAL, "origins, agencies, streets and towns are wanted");
	for (uint32_t i = 0; i < p->origins; i++) {
		const struct pop_origin *o = &p->origin[i];

		if (!o->surname.n || !o->male.n || !o->female.n
		    || (o->rare_surname && (!o->head.n || !o->tail.n))
		    || (o->rare_forename && !o->syllable.n))
			return err_set(err, ERR_FATAL,
			    "origin '%s' wants surname, male and female, and the parts of rare names",
			    o->name);
	}
	return 0;
}

static int
lines_parse(struct reader *r, struct span file, struct err *err)
{
	while (file.len) {
		const uint8_t *end = memchr(file.ptr, '\n', file.len);
		size_t n = end ? (size_t)(end - file.ptr) : file.len, skip = end ? n + 1 : n;

		r->line++;
		if (!words_split(r, span_of(file.ptr, n)))
			return bad(r, "too many words", err);
		if (r->n && line_parse(r, err) < 0)
			return -1;
		file = span_of(file.ptr + skip, file.len - skip);
	}
	return whole_judge(r->p, err);
}

int
population_parse(struct population *p, struct span file, struct err *err)
{
	struct reader r = { .p = p };

	memset(p, 0, sizeof(*p));
	if (lines_parse(&r, file, err) == 0)
		return 0;
	population_release(p);
	return -1;
}

void
population_release(struct population *p)
{
	for (uint32_t i = 0; i < p->origins; i++) {
		struct pop_origin *o = &p->origin[i];

		mem_free(o->surname.item);
		mem_free(o->male.item);
		mem_free(o->female.item);
		mem_free(o->head.item);
		mem_free(o->middle.item);
		mem_free(o->tail.item);
		mem_free(o->syllable.item);
		mem_free(o->spelling.item);
		mem_free(o->feminine.item);
	}
	mem_free(p->street.item);
	mem_free(p->town.item);
	memset(p, 0, sizeof(*p));
}
