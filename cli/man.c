#include "cli/man.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/io/daemon.h"

/* --- mdoc */

/* A line of text: a dot or a quote at its start would be a macro, a backslash an escape. */
static void
text_line(struct span line, struct buf *out)
{
	if (line.len && (line.ptr[0] == '.' || line.ptr[0] == '\''))
		buf_str(out, "\\&");
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '\\')
			buf_str(out, "\\e");
		else
			buf_byte(out, line.ptr[i]);
	}
	buf_byte(out, '\n');
}

static void
literal(const char *text, struct buf *out)
{
	buf_str(out, ".Bd -literal\n");
	while (*text) {
		size_t n = strcspn(text, "\n");

		text_line(span_of(text, n), out);
		text += n + (text[n] == '\n');
	}
	buf_str(out, ".Ed\n");
}

void
man_page(const struct cli_verb *const *verbs, size_t n, struct buf *out)
{
	struct buf sample = BUF_INIT;

	buf_printf(out,
	    ".\\\" Printed by outturn --man; a test compares.\n"
	    ".Dd November 25, 2026\n.Dt OUTTURN 1\n.Os\n.Sh NAME\n.Nm outturn\n"
	    ".Nd outcome events in, verified outcomes out\n.Sh SYNOPSIS\n.Nm outturn\n"
	    ".Op Fl c Ar file\n.Op Fl o Ar name Ns = Ns Ar value\n.Op Fl q\n.Op Fl -json\n"
	    ".Ar verb\n.Op Ar argument ...\n.Sh DESCRIPTION\n"
	    "Everything a person does with the pipeline of outcome contracts, version %s.\n"
	    "Data goes to standard output, talk to standard error.\n"
	    "The first step needs no server:\n"
	    ".Ic outturn try .\n"
	    ".Bl -tag -width Ds\n"
	    ".It Fl c Ar file\nSettings;\n.Pa config/outturn.yaml\nif it is there.\n"
	    ".It Fl o Ar name Ns = Ns Ar value\nOne setting, over file and environment.\n"
	    ".It Fl q , Fl -quiet\nNo talk and no progress.\n"
	    ".It Fl -json\nData as JSON, stable and versioned.\n"
	    ".It Fl -help\nOf the command, or of a verb.\n"
	    ".It Fl -version\nThe version.\n.El\n.Sh VERBS\n",
	    OUTTURN_VERSION);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, ".Ss %s\n", verbs[i]->name);
		text_line(span_str(verbs[i]->says), out);
		out->len--; /* the newline: a sentence ends */
		buf_str(out, ".\n");
		literal(verbs[i]->usage, out);
		literal(verbs[i]->help, out);
	}
	buf_str(out, ".Sh SETTINGS\n");
	params_sample(&sample);
	literal(buf_cstr(&sample), out);
	buf_release(&sample);
	buf_str(out,
	    ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev KAFKA , PGURI , OUTTURN_NAME\n"
	    "Settings, over the file.\n.It Ev NO_COLOR\nNo colours.\n.El\n"
	    ".Sh EXIT STATUS\n.Bl -tag -width Ds\n"
	    ".It 0\nDone.\n.It 1\nFailed.\n.It 2\nUsage or settings.\n"
	    ".It 3\nSomething does not agree: a check, a verification, a recomputation.\n"
	    ".It 4\nWorks, but not as it should.\n.It 5\nNot found.\n.It 6\nNot permitted.\n"
	    ".It 75\nA server is away: try again.\n.El\n"
	    ".Sh SEE ALSO\n.Xr psql 1\n.Pp\nThe daemons print what they take:\n"
	    ".Ic outturn-ingestd --help .\n");
}

/* --- bash */

/* Every "--word" of a text behind `before` that is not in `out` behind `from` yet. */
static void
options_add(const char *text, const char *before, size_t from, struct buf *out)
{
	for (const char *at = strstr(text, before); at; at = strstr(at, before)) {
		char word[64];
		size_t n = 2;

		at += strlen(before) - 2;
		while (islower((unsigned char)at[n]) || at[n] == '-')
			n++;
		snprintf(word, sizeof(word), " %.*s ", (int)n, at);
		at += n;
		if (n == 2 || memmem(out->ptr + from, out->len - from, word, strlen(word)))
			continue;
		out->len--; /* one blank between two */
		buf_str(out, word);
	}
}

/* Its options, each once, in the order in which its help has them. */
static void
options_of(const struct cli_verb *verb, struct buf *out)
{
	size_t from = out->len;

	buf_str(out, " --json --help "); /* a blank on either side of each: for memmem() */
	options_add(verb->usage, "--", from, out);
	options_add(verb->help, "\n  --", from, out); /* where the help explains them */
	out->len--;
}

void
man_completion(const struct cli_verb *const *verbs, size_t n, struct buf *out)
{
	buf_str(out,
	    "# Printed by outturn --completion; a test compares.  For bash: source it.\n"
	    "_outturn()\n{\n"
	    "\tlocal now=${COMP_WORDS[COMP_CWORD]} verb= i\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-c | -o) ((i++)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) verb=${COMP_WORDS[i]} && break ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tlocal words=\n"
	    "\tcase $verb in\n"
	    "\t'') words='-c -o -q --json --help --version help");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, " %s", verbs[i]->name);
	buf_str(out, "' ;;\n");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "\t%s) words='", verbs[i]->name);
		options_of(verbs[i], out);
		buf_str(out, "' ;;\n");
	}
	buf_str(out,
	    "\tesac\n"
	    "\tif [[ $now == -* || -z $verb ]]; then\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$now\")\n"
	    "\telse\n"
	    "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$now\")\n"
	    "\tfi\n"
	    "}\n"
	    "complete -o filenames -F _outturn outturn\n");
}
