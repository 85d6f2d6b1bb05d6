/*
 * must - an invariant that stays on in production.
 *
 * MUST(x) says what the code below relies on.  When it does not hold the
 * process ends at once, with file and line and the condition's text, never
 * with data: a restart recomputes everything, a wrong pound does not go away.
 * It is for our own mistakes; bad input goes through err.h.
 */
#ifndef OUTTURN_MUST_H
#define OUTTURN_MUST_H

_Noreturn void must_fail(const char *file, int line, const char *what);

#define MUST(x) ((x) ? (void)0 : must_fail(__FILE__, __LINE__, #x))

/* Behind a switch that names every case. */
#define NOT_REACHED(what) must_fail(__FILE__, __LINE__, what)

#endif
