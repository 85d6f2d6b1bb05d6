/*
 * forecast_out - a forecast as text, CSV, JSON and a picture.
 *
 *	forecast ─┬─ text   for a terminal
 *	          ├─ CSV    a row an outcome and month
 *	          ├─ JSON   version 1: docs/forecast.md
 *	          └─ SVG    by itself: no script, no font, no style from elsewhere; in print,
 *	                    what is done is dark, what is expected is hatched
 *
 * Pure: into a buffer.
 */
#ifndef OUTTURN_CLI_FORECAST_OUT_H
#define OUTTURN_CLI_FORECAST_OUT_H

#include "common/buf.h"
#include "transform/milestone/forecast.h"

struct forecast_view {
	const struct forecast *forecast;
	const struct contract *contract;
	date_t as_at;
	uint32_t referred;
	const char *over;         /* "files", "warehouse" */
	const char *behind;       /* NULL: it is up to date */
};

void forecast_text(const struct forecast_view *v, struct buf *out);
void forecast_csv(const struct forecast_view *v, struct buf *out);
void forecast_json(const struct forecast_view *v, struct buf *out);
void forecast_svg(const struct forecast_view *v, struct buf *out);

/* Text as XML has it. */
void svg_text(struct buf *out, struct span text);

#endif
