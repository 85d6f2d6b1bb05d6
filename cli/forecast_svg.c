/*
 * The picture: outcomes a month above, money added up below.
 *
 *	 outcomes a month      ▐▌ done, dark   ░ expected, hatched, with its range   ─ plan
 *	 ┌──────────────┐
 *	 money added up        done, expected with its range, dashed: the cap
 *	 └──────────────┘
 *	   2018-10 ...
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/forecast_out.h"
#include "common/money.h"

enum { WIDTH = 960, HEIGHT = 660, LEFT = 96, RIGHT = 930, TOP_1 = 96, BASE_1 = 316, TOP_2 = 366,
	BASE_2 = 566, TICKS_MAX = 5, LABELS_MAX = 12, LABEL_TEXT = 80, CAPS_MAX = 32 };

struct panel {
	double top, base, most;   /* most: the value at the top */
};

struct picture {
	const struct forecast_view *v;
	struct buf *out;
	struct panel number, money;
	uint32_t months, now;
	double step;              /* a month's width */
	int64_t before_minor, cap_minor; /* cap_minor 0: none */
};

/* Control characters may not stand in XML at all. */
void
svg_text(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];

		if (c == '&')
			buf_str(out, "&amp;");
		else if (c == '<')
			buf_str(out, "&lt;");
		else if (c == '>')
			buf_str(out, "&gt;");
		else if (c == '"')
			buf_str(out, "&quot;");
		else if (c == '\'')
			buf_str(out, "&#39;");
		else if (c >= 0x20 && c != 0x7f)
			buf_byte(out, c);
		else
			buf_byte(out, ' ');
	}
}

static double
x_of(const struct picture *p, double month)
{
	return LEFT + month * p->step;
}

static double
y_of(const struct panel *a, double value)
{
	return a->base - (a->base - a->top) * value / a->most;
}

static void
line(struct picture *p, double x1, double y1, double x2, double y2, const char *style)
{
	buf_printf(p->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2,
	    style);
}

static void
box(struct picture *p, double x, double y, double width, double height, const char *style)
{
	if (height > 0)
		buf_printf(p->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" %s/>\n", x, y,
		    width, height, style);
}

static void
words(struct picture *p, double x, double y, const char *style, struct span text)
{
	buf_printf(p->out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
	svg_text(p->out, text);
	buf_str(p->out, "</text>\n");
}

/* --- scales ------------------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten, so that at most TICKS_MAX of them come to `most`. */
static double
tick_of(double most)
{
	static const double steps[] = { 1, 2, 5 };
	double power = 1;

	for (int i = 0;; i = (i + 1) % 3) {
		if (steps[i] * power * TICKS_MAX >= most)
			return steps[i] * power;
		if (i == 2)
			power *= 10;
	}
}

static double
round_up(double most)
{
	double tick = tick_of(most);

	return most > 0 ? ceil(most / tick) * tick : tick;
}

static double
in_units(int64_t millionths)
{
	return (double)millionths / FORECAST_MILLION;
}

static void
scales(struct picture *p)
{
	const struct forecast *f = p->v->forecast;
	double number = 1, high;
	const struct forecast_rung *r;
	uint32_t n = forecast_rungs(f, &r);
	struct forecast_cap caps[CAPS_MAX];
	int64_t sum = 0;

	for (uint32_t i = 0; i < n; i++)
		p->before_minor += r[i].proven_minor;
	for (uint32_t m = 0; m < p->months; m++) {
		const struct forecast_cell *c = forecast_all(f, m);

		high = c->done + in_units(c->number.high);
		number = high > number ? high : number;
		if (c->plan != FORECAST_NO_PLAN && in_units(c->plan) > number)
			number = in_units(c->plan);
		p->before_minor -= c->done_minor;
		sum += c->done_minor + c->money.high;
	}
	sum += p->before_minor;
	for (uint32_t i = forecast_caps(f, caps, CAPS_MAX); i > 0; i--)
		if (caps[i - 1].cap->cap == CAP_CONTRACT)
			p->cap_minor = caps[i - 1].most;
	high = (double)sum;
	if (p->cap_minor && (double)p->cap_minor < 3 * high) /* farther away it would flatten all */
		high = (double)p->cap_minor > high ? (double)p->cap_minor : high;
	p->number = (struct panel){ TOP_1, BASE_1, round_up(number) };
	p->money = (struct panel){ TOP_2, BASE_2, round_up(high > 1 ? high : 1) };
	p->step = (double)(RIGHT - LEFT) / p->months;
}

/* Empty months at the end are left out. */
static uint32_t
months_shown(const struct forecast *f)
{
	uint32_t m = forecast_months(f);

	for (; m > forecast_now(f) + 1; m--) {
		const struct forecast_cell *c = forecast_all(f, m - 1);

		if (c->done || c->due || c->plan != FORECAST_NO_PLAN)
			break;
	}
	return m;
}

/* --- axes ------------------------------------------------------------------------------------- */

static void
axis(struct picture *p, const struct panel *a, bool is_money, const char *title)
{
	const struct currency *cur = currency_find(contract_currency(p->v->contract));
	double tick = tick_of(a->most);
	char text[MONEY_TEXT];

	for (int i = 0; i * tick <= a->most * 1.0001; i++) {
		double y = y_of(a, i * tick);

		line(p, LEFT, y, RIGHT, y, i ? "stroke=\"#ccc\"" : "stroke=\"#000\"");
		if (is_money && cur)
			money_text((int64_t)llround(i * tick), cur, text);
		else
			snprintf(text, sizeof(text), "%.0f", i * tick);
		words(p, LEFT - 6, y + 4, "text-anchor=\"end\" font-size=\"11\"", span_str(text));
	}
	line(p, LEFT, a->top, LEFT, a->base, "stroke=\"#000\"");
	words(p, LEFT, a->top - 10, "font-size=\"13\" font-weight=\"bold\"", span_str(title));
}

static void
months_axis(struct picture *p, const struct panel *a)
{
	uint32_t each = p->months / LABELS_MAX + 1;
	char day[DATE_TEXT];

	for (uint32_t m = 0; m < p->months; m += each) {
		date_text(forecast_month(p->v->forecast, m), day);
		line(p, x_of(p, m), a->base, x_of(p, m), a->base + 4, "stroke=\"#000\"");
		words(p, x_of(p, m + 0.5), a->base + 16, "text-anchor=\"middle\" font-size=\"11\"",
		    span_of(day, 7));
	}
	date_text(p->v->as_at, day);
	line(p, x_of(p, p->now), a->top, x_of(p, p->now), a->base,
	    "stroke=\"#000\" stroke-dasharray=\"2 3\"");
}

/* --- outcomes a month ---------------------------------------------------------------------------- */

static void
bars(struct picture *p)
{
	const struct panel *a = &p->number;
	double width = p->step * 0.7;

	for (uint32_t m = 0; m < p->months; m++) {
		const struct forecast_cell *c = forecast_all(p->v->forecast, m);
		double x = x_of(p, m) + p->step * 0.15, done = c->done, middle = x + width / 2,
		       is = done + in_units(c->number.is), low = done + in_units(c->number.low),
		       high = done + in_units(c->number.high);

		box(p, x, y_of(a, done), width, a->base - y_of(a, done), "fill=\"#1f3b5c\"");
		box(p, x, y_of(a, is), width, y_of(a, done) - y_of(a, is),
		    "fill=\"url(#hatch)\" stroke=\"#1f3b5c\"");
		if (c->due) {
			line(p, middle, y_of(a, low), middle, y_of(a, high), "stroke=\"#000\"");
			line(p, middle - 3, y_of(a, low), middle + 3, y_of(a, low), "stroke=\"#000\"");
			line(p, middle - 3, y_of(a, high), middle + 3, y_of(a, high), "stroke=\"#000\"");
		}
		if (c->plan != FORECAST_NO_PLAN)
			line(p, x_of(p, m), y_of(a, in_units(c->plan)), x_of(p, m + 1),
			    y_of(a, in_units(c->plan)), "stroke=\"#b00020\" stroke-width=\"3\"");
	}
}

/* --- money added up -------------------------------------------------------------------------------- */

static double
sum_through(const struct picture *p, uint32_t month, int of)
{
	int64_t sum = p->before_minor;

	for (uint32_t m = 0; m < month; m++) {
		const struct forecast_cell *c = forecast_all(p->v->forecast, m);

		sum += c->done_minor + (of == 0 ? c->money.is : of < 0 ? c->money.low : c->money.high);
	}
	return (double)sum;
}

static void
points(struct picture *p, uint32_t from, uint32_t to, int of)
{
	for (uint32_t m = from; m <= to; m++)
		buf_printf(p->out, "%.1f,%.1f ", x_of(p, m), y_of(&p->money, sum_through(p, m, of)));
}

static void
curve(struct picture *p, uint32_t from, uint32_t to, const char *style)
{
	buf_str(p->out, "<polyline fill=\"none\" points=\"");
	points(p, from, to, 0);
	buf_printf(p->out, "\" %s/>\n", style);
}

static void
sums(struct picture *p)
{
	const struct currency *cur = currency_find(contract_currency(p->v->contract));
	char text[LABEL_TEXT], amount[MONEY_TEXT] = "";

	buf_str(p->out, "<polygon fill=\"#c9d8ea\" points=\"");
	points(p, p->now, p->months, 1);
	for (uint32_t m = p->months + 1; m > p->now; m--)
		buf_printf(p->out, "%.1f,%.1f ", x_of(p, m - 1),
		    y_of(&p->money, sum_through(p, m - 1, -1)));
	buf_str(p->out, "\"/>\n");
	curve(p, 0, p->now, "stroke=\"#1f3b5c\" stroke-width=\"3\"");
	curve(p, p->now, p->months, "stroke=\"#1f3b5c\" stroke-width=\"2\" stroke-dasharray=\"6 4\"");
	if (!p->cap_minor)
		return;
	if (cur)
		money_text(p->cap_minor, cur, amount);
	if ((double)p->cap_minor > p->money.most) {
		snprintf(text, sizeof(text), "the contract's cap, %s, is above", amount);
		words(p, RIGHT, TOP_2 - 10, "text-anchor=\"end\" font-size=\"11\"", span_str(text));
		return;
	}
	line(p, LEFT, y_of(&p->money, (double)p->cap_minor), RIGHT,
	    y_of(&p->money, (double)p->cap_minor),
	    "stroke=\"#b00020\" stroke-width=\"2\" stroke-dasharray=\"8 4\"");
	snprintf(text, sizeof(text), "the contract's cap, %s", amount);
	words(p, LEFT + 8, y_of(&p->money, (double)p->cap_minor) - 5, "font-size=\"11\" fill=\"#b00020\"",
	    span_str(text));
}

/* --- legend, frame ------------------------------------------------------------------------------------ */

static void
legend(struct picture *p)
{
	static const char small[] = "font-size=\"12\"";
	double y = BASE_2 + 46;

	box(p, LEFT, y - 10, 14, 12, "fill=\"#1f3b5c\"");
	words(p, LEFT + 20, y, small, SPAN_LIT("done"));
	box(p, LEFT + 80, y - 10, 14, 12, "fill=\"url(#hatch)\" stroke=\"#1f3b5c\"");
	words(p, LEFT + 100, y, small, SPAN_LIT("expected"));
	line(p, LEFT + 187, y - 11, LEFT + 187, y + 2, "stroke=\"#000\"");
	words(p, LEFT + 196, y, small, SPAN_LIT("range (95%)"));
	line(p, LEFT + 290, y - 4, LEFT + 310, y - 4, "stroke=\"#b00020\" stroke-width=\"3\"");
	words(p, LEFT + 316, y, small, SPAN_LIT("plan"));
	line(p, LEFT + 370, y - 4, LEFT + 396, y - 4,
	    "stroke=\"#b00020\" stroke-width=\"2\" stroke-dasharray=\"8 4\"");
	words(p, LEFT + 402, y, small, SPAN_LIT("cap"));
	words(p, LEFT, y + 22, "font-size=\"11\" fill=\"#333\"", SPAN_LIT("Of those under way, as many as "
	    "were seen to last before (Kaplan-Meier by rung; other rules by share)."));
	words(p, LEFT, y + 37, "font-size=\"11\" fill=\"#333\"", SPAN_LIT("By price, without caps. Nobody "
	    "who is yet to be referred is in it, and no rung that nobody has begun."));
}

static void
frame(struct picture *p)
{
	char day[DATE_TEXT];
	struct buf title = BUF_INIT;

	date_text(p->v->as_at, day);
	buf_printf(&title, SPAN_FMT ": what falls due", SPAN_ARG(contract_title(p->v->contract)));
	buf_printf(p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
	    "viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"sans-serif\">\n<title>", WIDTH, HEIGHT,
	    WIDTH, HEIGHT);
	svg_text(p->out, buf_view(&title));
	buf_str(p->out, "</title>\n<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
	    "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" "
	    "height=\"6\" fill=\"#fff\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#5b84b1\" "
	    "stroke-width=\"3\"/></pattern></defs>\n<rect width=\"100%\" height=\"100%\" "
	    "fill=\"#fff\"/>\n");
	words(p, LEFT, 34, "font-size=\"20\" font-weight=\"bold\"", buf_view(&title));
	buf_reset(&title);
	buf_printf(&title, "Version %d, as at %s, %u people referred",
	    (int)contract_version_newest(p->v->contract), day, p->v->referred);
	words(p, LEFT, 56, "font-size=\"13\"", buf_view(&title));
	buf_release(&title);
}

void
forecast_svg(const struct forecast_view *v, struct buf *out)
{
	struct picture p = { .v = v, .out = out,
		.months = months_shown(v->forecast), .now = forecast_now(v->forecast) };

	scales(&p);
	frame(&p);
	axis(&p, &p.number, false, "Outcomes a month");
	months_axis(&p, &p.number);
	bars(&p);
	axis(&p, &p.money, true, "Money added up");
	months_axis(&p, &p.money);
	sums(&p);
	legend(&p);
	buf_str(out, "</svg>\n");
}
