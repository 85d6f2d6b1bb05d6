/*
 * err - what went wrong, as an instruction to the caller.
 *
 * The callee fills a sentence and a class; the caller switches on the class
 * and decides.  Sentences: lower case, cause first, subject in quotes, no
 * full stop.  They name the field and the place, never the value: reasons
 * travel into logs, tables and other people's screens.
 *
 * A function that can fail returns 0 or -1 and takes `struct err *err` last;
 * err is untouched on success.
 */
#ifndef OUTTURN_ERR_H
#define OUTTURN_ERR_H

#include <stdarg.h>

enum err_class {
	ERR_NONE,
	ERR_RECORD, /* this record is bad: reject it, go on */
	ERR_RETRY,  /* the world is slow: back off, same thing again */
	ERR_FATAL,  /* cannot go on: drain, close, exit non-zero */
};

enum { ERR_CODE_MAX = 40, ERR_FIELD_MAX = 64, ERR_TEXT_MAX = 512 };

struct err {
	enum err_class class;
	char code[ERR_CODE_MAX];   /* machine-readable reason, "" if none: "nhs-check-digit" */
	char field[ERR_FIELD_MAX]; /* field that is at fault, "" if none: "person.dob" */
	char text[ERR_TEXT_MAX];   /* the sentence */
};

#define ERR_INIT { .class = ERR_NONE }

/* Fills *err; always returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_class class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a reason code and the field at fault (NULL: none). */
int err_code(struct err *err, enum err_class class, const char *code, const char *field,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
