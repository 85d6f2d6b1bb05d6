#include "common/must.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void
must_fail(const char *file, int line, const char *what)
{
	fprintf(stderr,
	    "{\"level\":\"fatal\",\"event\":\"invariant\",\"at\":\"%s:%d\",\"what\":\"%s\"}\n",
	    file, line, what);
	abort();
}
