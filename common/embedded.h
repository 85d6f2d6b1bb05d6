/*
 * embedded - a file built into the program.
 */
#ifndef OUTTURN_EMBEDDED_H
#define OUTTURN_EMBEDDED_H

struct embedded {
	const char *name; /* without its directory */
	const char *text; /* NUL-terminated */
	const char *end;  /* where the NUL is */
};

#endif
