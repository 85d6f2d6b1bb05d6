#include "ingest/phonetic.h"

#include "common/must.h"

/*
 * s holds the letters between pads, so that rules may look around:
 *
 *	------ s m i t h ------
 *	       ^ PAD    ^ end
 */
enum { PAD = 6 };

struct sounder {
	char s[PAD + PHONETIC_IN_MAX + PAD + 1];
	int at, end; /* end: one past the last letter */
	bool slavo_germanic;
	char code[2][PHONETIC_MAX + 1];
	int n[2];
};

static void
append(struct sounder *m, int which, const char *letters)
{
	for (; *letters && m->n[which] < PHONETIC_MAX; letters++)
		m->code[which][m->n[which]++] = *letters;
}

/* Adds to both codes and moves on. */
static void
say2(struct sounder *m, const char *primary, const char *secondary, int letters)
{
	append(m, 0, primary);
	append(m, 1, secondary);
	m->at += letters;
}

static void
say(struct sounder *m, const char *both, int letters)
{
	say2(m, both, both, letters);
}

/* Is one of `words`, which are separated by blanks, at position at + offset? */
static bool
near(const struct sounder *m, int offset, const char *words)
{
	const char *s = m->s + m->at + offset;

	while (*words) {
		size_t n = strcspn(words, " ");

		if (strncmp(s, words, n) == 0)
			return true;
		words += n;
		words += *words == ' ';
	}
	return false;
}

static bool
starts(const struct sounder *m, const char *words)
{
	return near(m, PAD - m->at, words);
}

static bool
in_set(char c, const char *set)
{
	return c && strchr(set, c) != NULL;
}

static char
peek(const struct sounder *m, int offset)
{
	return m->s[m->at + offset];
}

static bool
is_vowel(char c)
{
	return in_set(c, "aeiouy");
}

static bool
first(const struct sounder *m)
{
	return m->at == PAD;
}

static bool
last(const struct sounder *m)
{
	return m->at == m->end - 1;
}

/* One letter, or two of the same (or of `also`), one sound. */
static void
say_once(struct sounder *m, const char *sound, const char *also)
{
	say(m, sound, in_set(peek(m, 1), also) ? 2 : 1);
}

static bool
ch_is_hard(const struct sounder *m)
{
	return starts(m, "sch") || near(m, -2, "orches archit orchid") || in_set(peek(m, 2), "ts")
	    || ((in_set(peek(m, -1), "aoue") || first(m)) && in_set(peek(m, 2), "lrnmbhfvw-"));
}

static void
sound_ch(struct sounder *m)
{
	if (!first(m) && near(m, 0, "chae"))
		say2(m, "K", "X", 2); /* michael */
	else if (first(m) && near(m, 1, "harac haris hor hym hia hem") && !starts(m, "chore"))
		say(m, "K", 2); /* chemistry, character */
	else if (ch_is_hard(m))
		say(m, "K", 2);
	else if (first(m))
		say(m, "X", 2);
	else if (starts(m, "mc"))
		say(m, "K", 2); /* mchugh */
	else
		say2(m, "X", "K", 2);
}

static void
sound_cc(struct sounder *m)
{
	if (!in_set(peek(m, 2), "ieh") || near(m, 2, "hu"))
		say(m, "K", 2); /* bacchus */
	else if ((m->at == PAD + 1 && peek(m, -1) == 'a') || near(m, -1, "uccee ucces"))
		say(m, "KS", 3); /* accident, succeed */
	else
		say(m, "X", 3); /* bertucci */
}

static bool
is_germanic_ach(const struct sounder *m)
{
	return m->at > PAD + 1 && !is_vowel(peek(m, -2)) && near(m, -1, "ach")
	    && peek(m, 2) != 'i' && (peek(m, 2) != 'e' || near(m, -2, "bacher macher"));
}

static void
sound_c(struct sounder *m)
{
	if (is_germanic_ach(m))
		say(m, "K", 2);
	else if (first(m) && near(m, 0, "caesar"))
		say(m, "S", 2);
	else if (near(m, 0, "chia"))
		say(m, "K", 2); /* chianti */
	else if (near(m, 0, "ch"))
		sound_ch(m);
	else if (near(m, 0, "cz") && !near(m, -2, "wicz"))
		say2(m, "S", "X", 2); /* czerny */
	else if (near(m, 1, "cia"))
		say(m, "X", 3); /* focaccia */
	else if (near(m, 0, "cc") && !(m->at == PAD + 1 && peek(m, -1) == 'm'))
		sound_cc(m);
	else if (near(m, 0, "ck cg cq"))
		say(m, "K", 2);
	else if (near(m, 0, "cio cie cia"))
		say2(m, "S", "X", 2);
	else if (near(m, 0, "ci ce cy"))
		say(m, "S", 2);
	else if (in_set(peek(m, 1), "ckq") && !near(m, 1, "ce ci"))
		say(m, "K", 2);
	else
		say(m, "K", 1);
}

static void
sound_d(struct sounder *m)
{
	if (near(m, 0, "dge dgi dgy"))
		say(m, "J", 3); /* edge */
	else if (near(m, 0, "dg"))
		say(m, "TK", 2); /* edgar */
	else
		say_once(m, "T", "td");
}

/* Parker's rule: hugh, bough, brought are silent. */
static bool
gh_is_silent(const struct sounder *m)
{
	return (m->at > PAD + 1 && in_set(peek(m, -2), "bhd"))
	    || (m->at > PAD + 2 && in_set(peek(m, -3), "bhd"))
	    || (m->at > PAD + 3 && in_set(peek(m, -4), "bh"));
}

static void
sound_gh(struct sounder *m)
{
	if (!first(m) && !is_vowel(peek(m, -1)))
		say(m, "K", 2);
	else if (first(m))
		say(m, peek(m, 2) == 'i' ? "J" : "K", 2); /* ghislaine, ghana */
	else if (gh_is_silent(m))
		say(m, "", 2);
	else if (m->at > PAD + 2 && peek(m, -1) == 'u' && in_set(peek(m, -3), "cglrt"))
		say(m, "F", 2); /* laugh, mclaughlin */
	else
		say(m, peek(m, -1) == 'i' ? "" : "K", 2);
}

static void
sound_gn(struct sounder *m)
{
	if (m->at == PAD + 1 && is_vowel(peek(m, -1)) && !m->slavo_germanic)
		say2(m, "KN", "N", 2);
	else if (!near(m, 2, "ey") && !m->slavo_germanic)
		say2(m, "N", "KN", 2);
	else
		say(m, "KN", 2); /* cagney */
}

static void
sound_soft_g(struct sounder *m)
{
	if (starts(m, "sch") || near(m, 1, "et"))
		say(m, "K", 2);
	else if (near(m, 1, "ier-"))
		say(m, "J", 2); /* french ending */
	else
		say2(m, "J", "K", 2);
}

static void
sound_g(struct sounder *m)
{
	if (peek(m, 1) == 'h')
		sound_gh(m);
	else if (peek(m, 1) == 'n')
		sound_gn(m);
	else if (near(m, 1, "li") && !m->slavo_germanic)
		say2(m, "KL", "L", 2); /* tagliaro */
	else if (first(m) && near(m, 1, "y es ep eb el ey ib il in ie ei er"))
		say2(m, "K", "J", 2);
	else if (near(m, 1, "er y") && !starts(m, "danger ranger manger")
	    && !in_set(peek(m, -1), "ei") && !near(m, -1, "rgy ogy"))
		say2(m, "K", "J", 2);
	else if (in_set(peek(m, 1), "eiy") || near(m, -1, "aggi oggi"))
		sound_soft_g(m);
	else
		say_once(m, "K", "g");
}

static void
sound_h(struct sounder *m)
{
	if ((first(m) || is_vowel(peek(m, -1))) && is_vowel(peek(m, 1)))
		say(m, "H", 2);
	else
		say(m, "", 1);
}

static void
sound_j(struct sounder *m)
{
	int letters = peek(m, 1) == 'j' ? 2 : 1;

	if (near(m, 0, "jose"))
		say2(m, first(m) && peek(m, 4) == '-' ? "H" : "J", "H", letters);
	else if (first(m))
		say2(m, "J", "A", letters); /* yankelovich, jankelowicz */
	else if (is_vowel(peek(m, -1)) && !m->slavo_germanic && in_set(peek(m, 1), "ao"))
		say2(m, "J", "H", letters); /* bajador */
	else if (last(m))
		say2(m, "J", "", letters);
	else if (!in_set(peek(m, 1), "ltksnmbz") && !in_set(peek(m, -1), "skl"))
		say(m, "J", letters);
	else
		say(m, "", letters);
}

static bool
is_spanish_ll(const struct sounder *m)
{
	const char *tail = m->s + m->end - 2;
	bool as_or_os = strncmp(tail, "as", 2) == 0 || strncmp(tail, "os", 2) == 0;

	return (m->at == m->end - 3 && near(m, -1, "illo illa alle"))
	    || ((as_or_os || in_set(tail[1], "ao")) && near(m, -1, "alle"));
}

static void
sound_l(struct sounder *m)
{
	if (peek(m, 1) == 'l' && is_spanish_ll(m))
		say2(m, "L", "", 2); /* cabrillo, gallegos */
	else
		say_once(m, "L", "l");
}

static void
sound_m(struct sounder *m)
{
	bool dumb = near(m, -1, "umb") && (m->at + 2 == m->end || near(m, 2, "er"));

	say(m, "M", dumb || peek(m, 1) == 'm' ? 2 : 1);
}

static void
sound_p(struct sounder *m)
{
	if (peek(m, 1) == 'h')
		say(m, "F", 2);
	else
		say_once(m, "P", "pb"); /* campbell, raspberry */
}

static void
sound_r(struct sounder *m)
{
	int letters = peek(m, 1) == 'r' ? 2 : 1;

	if (last(m) && !m->slavo_germanic && near(m, -2, "ie") && !near(m, -4, "me ma"))
		say2(m, "", "R", letters); /* rogier, not hochmeier */
	else
		say(m, "R", letters);
}

static void
sound_sch(struct sounder *m)
{
	if (near(m, 3, "er en"))
		say2(m, "X", "SK", 3); /* schermerhorn, schenker */
	else if (near(m, 3, "oo uy ed em"))
		say(m, "SK", 3); /* dutch: schooner */
	else if (first(m) && !is_vowel(peek(m, 3)) && peek(m, 3) != 'w')
		say2(m, "X", "S", 3); /* schmidt */
	else
		say(m, "X", 3);
}

static void
sound_sc(struct sounder *m)
{
	if (peek(m, 2) == 'h')
		sound_sch(m);
	else
		say(m, in_set(peek(m, 2), "iey") ? "S" : "SK", 3);
}

static void
sound_s(struct sounder *m)
{
	if (near(m, -1, "isl ysl"))
		say(m, "", 1); /* island, carlisle */
	else if (first(m) && near(m, 0, "sugar"))
		say2(m, "X", "S", 1);
	else if (near(m, 0, "sh"))
		say(m, near(m, 1, "heim hoek holm holz") ? "S" : "X", 2);
	else if (near(m, 0, "sio sia"))
		say2(m, "S", m->slavo_germanic ? "S" : "X", 3);
	else if ((first(m) && in_set(peek(m, 1), "mnlw")) || peek(m, 1) == 'z')
		say2(m, "S", "X", peek(m, 1) == 'z' ? 2 : 1); /* smith, schmidt; szabo */
	else if (near(m, 0, "sc"))
		sound_sc(m);
	else if (last(m) && near(m, -2, "ai oi"))
		say2(m, "", "S", 1); /* resnais, artois */
	else
		say_once(m, "S", "sz");
}

static void
sound_t(struct sounder *m)
{
	if (near(m, 0, "tion tia tch"))
		say(m, "X", 3);
	else if (near(m, 0, "th tth")) {
		if (near(m, 2, "om am") || starts(m, "sch"))
			say(m, "T", 2); /* thomas, thames */
		else
			say2(m, "0", "T", 2);
	} else
		say_once(m, "T", "td");
}

static void
sound_w(struct sounder *m)
{
	if (near(m, 0, "wr"))
		say(m, "R", 2);
	else if (first(m) && is_vowel(peek(m, 1)))
		say2(m, "A", "F", 1); /* wasserman, vasserman */
	else if (first(m) && peek(m, 1) == 'h')
		say(m, "A", 1);
	else if ((last(m) && is_vowel(peek(m, -1))) || near(m, -1, "ewski ewsky owski owsky")
	    || starts(m, "sch"))
		say2(m, "", "F", 1); /* arnow, arnoff */
	else if (near(m, 0, "wicz witz"))
		say2(m, "TS", "FX", 4); /* filipowicz */
	else
		say(m, "", 1);
}

static void
sound_x(struct sounder *m)
{
	int letters = in_set(peek(m, 1), "cx") ? 2 : 1;
	bool french = last(m) && (near(m, -3, "iau eau") || near(m, -2, "au ou"));

	say(m, french ? "" : "KS", letters); /* breaux */
}

static void
sound_z(struct sounder *m)
{
	int letters = in_set(peek(m, 1), "zh") ? 2 : 1;

	if (peek(m, 1) == 'h')
		say(m, "J", letters); /* zhao */
	else if (near(m, 1, "zo zi za")
	    || (m->slavo_germanic && !first(m) && peek(m, -1) != 't'))
		say2(m, "S", "TS", letters);
	else
		say(m, "S", letters);
}

static void
sound_letter(struct sounder *m)
{
	switch (peek(m, 0)) {
	case 'a': case 'e': case 'i': case 'o': case 'u': case 'y':
		say(m, first(m) ? "A" : "", 1);
		break;
	case 'b': say_once(m, "P", "b"); break;
	case 'c': sound_c(m); break;
	case 'd': sound_d(m); break;
	case 'f': say_once(m, "F", "f"); break;
	case 'g': sound_g(m); break;
	case 'h': sound_h(m); break;
	case 'j': sound_j(m); break;
	case 'k': say_once(m, "K", "k"); break;
	case 'l': sound_l(m); break;
	case 'm': sound_m(m); break;
	case 'n': say_once(m, "N", "n"); break;
	case 'p': sound_p(m); break;
	case 'q': say_once(m, "K", "q"); break;
	case 'r': sound_r(m); break;
	case 's': sound_s(m); break;
	case 't': sound_t(m); break;
	case 'v': say_once(m, "F", "v"); break;
	case 'w': sound_w(m); break;
	case 'x': sound_x(m); break;
	case 'z': sound_z(m); break;
	}
}

static void
sounder_init(struct sounder *m, struct span name)
{
	char *at = m->s + PAD;

	memset(m->s, '-', PAD);
	for (size_t i = 0; i < name.len && at < m->s + PAD + PHONETIC_IN_MAX; i++)
		if (name.ptr[i] >= 'a' && name.ptr[i] <= 'z')
			*at++ = (char)name.ptr[i];
	m->at = PAD;
	m->end = (int)(at - m->s);
	*at = '\0';
	m->slavo_germanic = strpbrk(m->s, "wk") || strstr(m->s, "cz") || strstr(m->s, "witz");
	memset(at, '-', PAD);
	at[PAD] = '\0';
	m->n[0] = m->n[1] = 0;
}

struct phonetic
phonetic_of(struct span name)
{
	struct sounder m;
	struct phonetic out = { "", "" };

	sounder_init(&m, name);
	if (near(&m, 0, "gn kn pn wr ps"))
		m.at++;
	else if (peek(&m, 0) == 'x')
		say(&m, "S", 1); /* xavier */
	while (m.at < m.end && (m.n[0] < PHONETIC_MAX || m.n[1] < PHONETIC_MAX)) {
		int before = m.at;

		sound_letter(&m);
		MUST(m.at > before);
	}
	memcpy(out.primary, m.code[0], (size_t)m.n[0]);
	if (m.n[1] != m.n[0] || memcmp(m.code[0], m.code[1], (size_t)m.n[0]) != 0)
		memcpy(out.secondary, m.code[1], (size_t)m.n[1]);
	return out;
}
