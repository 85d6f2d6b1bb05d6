#include "common/err.h"

#include <stdio.h>

static void
err_fill(struct err *err, enum err_class class, const char *code, const char *field,
    const char *fmt, va_list ap)
{
	err->class = class;
	snprintf(err->code, sizeof(err->code), "%s", code ? code : "");
	snprintf(err->field, sizeof(err->field), "%s", field ? field : "");
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int
err_set(struct err *err, enum err_class class, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_fill(err, class, NULL, NULL, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_code(struct err *err, enum err_class class, const char *code, const char *field,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_fill(err, class, code, field, fmt, ap);
	va_end(ap);
	return -1;
}
