/*
 * population - what a made-up population is like, read from a file.
 *
 *	population uk 1                 name and version
 *	figure twins 30                 FIGURES: of everybody
 *	origin welsh 45                 weight; what follows is of this origin
 *	  rate wife-keeps 150           ORIGIN_RATES, of a thousand
 *	  surname 900 Jones             weight, name; '_' stands for a blank
 *	  male 40 Rhys Rees             weight, name, what else it is called
 *	  rare-surname 300              weight of surnames put together:
 *	  head Llan                       head, middle, tail
 *	  spelling w u                  a clerk may hear it so
 *	  feminine ski ska              a woman's form of an ending
 *	agency council                  what follows is of this agency
 *	  rate slip-surname 12          AGENCY_RATES, of a thousand records
 *
 * '#' starts a comment.  A mistake names its line.  Weights have no unit; all
 * rates are of a thousand.  config-like, so that another population is another
 * file: tests/gen/uk.population.
 */
#ifndef OUTTURN_TESTS_GEN_POPULATION_H
#define OUTTURN_TESTS_GEN_POPULATION_H

#include "common/err.h"
#include "common/span.h"

enum { POP_TEXT = 48, POP_ORIGINS_MAX = 24, POP_AGENCIES_MAX = 8, POP_ALIASES_MAX = 3 };

/*	name		what it is */
#define POP_FIGURES(F)                                                                    \
	F(singles, "households of one, of a thousand")                                    \
	F(couples, "of two")                                                              \
	F(families, "parents and children")                                               \
	F(big, "three generations, many children, one surname and address")               \
	F(shared, "unrelated adults under one roof")                                      \
	F(married, "of couples: married, of a thousand")                                  \
	F(moves, "of a household in a year")                                              \
	F(leaves, "grown children who live by themselves")                                \
	F(twins, "births that are of two")                                                \
	F(namesake, "sons with their father's forename")                                  \
	F(similar, "twins whose names begin alike")                                       \
	F(hostel, "adults who lived in a hostel for a while")                             \
	F(hostels, "hostels for a million people")                                        \
	F(double_barrel, "children with both parents' names")                             \
	F(died, "people who died within the window")                                      \
	F(mixed, "couples of two origins")

#define POP_ORIGIN_RATES(R)                                                               \
	R(wife_keeps, "wives who keep their name")                                        \
	R(two_surnames, "children who bear the first surname of each parent")             \
	R(first_of_january, "people whose birth is written as 1 January")                 \
	R(family_first, "records with the two names the other way round")                 \
	R(spelt, "records in another spelling")                                           \
	R(second_forename, "people with a second forename that records may show")         \
	R(moves_more, "added to moves, of a thousand in a year")

#define POP_AGENCY_RATES(R)                                                               \
	R(share, "of people that are old enough")                                         \
	R(again, "people with a further record")                                          \
	R(twice, "people registered twice, under two local ids")                          \
	R(ascii, "records without accents")                                               \
	R(upper, "records in capitals")                                                   \
	R(stale, "records with an earlier address or name")                               \
	R(nickname, "records with what the person is called")                             \
	R(initial, "records with an initial for a forename")                              \
	R(second, "records with the second forename in the same field")                   \
	R(slip_forename, "typing slips") R(slip_surname, "typing slips")                  \
	R(slip_address, "typing slips") R(slip_postcode, "typing slips")                  \
	R(slip_dob, "typing slips")                                                       \
	R(spelt, "records spelt as heard")                                                \
	R(names_swapped, "records with the names in each other's field")                  \
	R(dob_missing, "records without") R(dob_default, "1900-01-01 for not known")      \
	R(dob_year, "1 January for only the year") R(dob_swapped, "day and month changed about") \
	R(sex_missing, "records without") R(sex_wrong, "records with the other")          \
	R(address_missing, "records without") R(half_name, "one half of a double name")   \
	R(nhs, "records with an NHS number") R(nhs_mistyped, "of these")                  \
	R(nhs_of_other, "of these: somebody else's")                                      \
	R(nino, "adults' records with one") R(upn, "children's records with one")         \
	R(uln, "records of 14 to 25 with one") R(uprn, "records with one")                \
	R(least_age, "years") R(most_age, "years")

enum pop_figure {
#define POP_ENUM(name, prose) POP_##name,
	POP_FIGURES(POP_ENUM) POP_FIGURE_COUNT
#undef POP_ENUM
};
enum pop_origin_rate {
#define POP_ENUM(name, prose) ORIGIN_##name,
	POP_ORIGIN_RATES(POP_ENUM) ORIGIN_RATE_COUNT
#undef POP_ENUM
};
enum pop_agency_rate {
#define POP_ENUM(name, prose) AGENCY_##name,
	POP_AGENCY_RATES(POP_ENUM) AGENCY_RATE_COUNT
#undef POP_ENUM
};

struct pop_name {
	char text[POP_TEXT];
	char alias[POP_ALIASES_MAX][POP_TEXT];
	uint32_t aliases;
	uint64_t upto; /* sum of the weights so far */
};

struct pop_names {
	struct pop_name *item;
	uint32_t n;
};

struct pop_pair {
	char from[POP_TEXT], to[POP_TEXT];
};

struct pop_pairs {
	struct pop_pair *item;
	uint32_t n;
};

struct pop_origin {
	char name[POP_TEXT];
	uint64_t upto;
	uint32_t rate[ORIGIN_RATE_COUNT];
	struct pop_names surname, male, female, head, middle, tail, syllable;
	uint64_t rare_surname, rare_forename; /* weights beside the lists' */
	struct pop_pairs spelling, feminine;
};

struct pop_agency {
	char name[POP_TEXT];
	uint32_t rate[AGENCY_RATE_COUNT];
};

struct population {
	char name[POP_TEXT];
	uint32_t version;
	uint32_t figure[POP_FIGURE_COUNT];
	struct pop_origin origin[POP_ORIGINS_MAX];
	uint32_t origins;
	struct pop_agency agency[POP_AGENCIES_MAX];
	uint32_t agencies;
	struct pop_names street, town; /* of everybody */
};

/* ERR_FATAL with the line.  On failure *p is released. */
int population_parse(struct population *p, struct span file, struct err *err);
void population_release(struct population *p);

#endif
