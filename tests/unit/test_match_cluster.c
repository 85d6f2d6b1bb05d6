/* Constrained agglomeration: strongest first, what can never be one person stays apart, and the
 * order in which edges come does not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "transform/match/cluster.h"

enum { NODES = 6, EDGES_MAX = 8 };

struct story {
	struct cluster_node nodes[NODES];
	struct cluster_edge edges[EDGES_MAX];
	struct cluster_pair apart[EDGES_MAX];
	uint32_t edges_n, apart_n;
};

static struct story
story_new(void)
{
	struct story s = { .edges_n = 0 };

	for (uint32_t i = 0; i < NODES; i++)
		s.nodes[i].signature.b[0] = (uint8_t)(i + 1);
	return s;
}

static void
edge(struct story *s, uint32_t a, uint32_t b, enum edge_class class, int64_t weight)
{
	s->edges[s->edges_n++] = (struct cluster_edge){ .a = a, .b = b, .class = class,
		.weight_mbit = weight, .tie = a * 31 + b };
}

/* Labels as text; every rotation of the edges must give the same. */
static const char *
told(const struct story *s)
{
	static char text[NODES + 1];
	struct cluster_edge edges[EDGES_MAX];
	uint32_t label[NODES];
	struct arena arena;

	arena_init(&arena, 0);
	for (uint32_t turn = 0; turn <= s->edges_n; turn++) {
		for (uint32_t i = 0; i < s->edges_n; i++)
			edges[i] = s->edges[(i + turn) % s->edges_n];
		cluster(model_builtin(), s->nodes, NODES, edges, s->edges_n, s->apart, s->apart_n, label, &arena);
		for (uint32_t i = 0; i < NODES; i++) {
			if (turn)
				assert_int_equal(text[i], 'a' + (int)label[i]);
			text[i] = (char)('a' + (int)label[i]);
		}
		arena_reset(&arena);
	}
	arena_release(&arena);
	return text;
}

static void
test_edges_join_and_the_lowest_node_names_the_cluster(void **state)
{
	struct story s = story_new();

	(void)state;
	assert_string_equal(told(&s), "abcdef");
	edge(&s, 1, 2, EDGE_MODEL, 10);
	edge(&s, 2, 5, EDGE_MODEL, 10);
	edge(&s, 0, 3, EDGE_SAME, 0);
	assert_string_equal(told(&s), "abbaeb");
}

static void
test_two_nhs_numbers_are_two_people_and_the_weaker_edge_gives_way(void **state)
{
	struct story s = story_new();

	(void)state;
	s.nodes[0].nhs = 1;
	s.nodes[2].nhs = 2;
	edge(&s, 0, 1, EDGE_MODEL, 30);
	edge(&s, 1, 2, EDGE_MODEL, 20);
	assert_string_equal(told(&s), "aacdef");
	s.edges[1].weight_mbit = 40;
	assert_string_equal(told(&s), "abbdef");
	s.nodes[2].nhs = 1;
	assert_string_equal(told(&s), "aaadef");
}

static void
test_a_conflict_anywhere_in_two_clusters_keeps_them_apart(void **state)
{
	struct story s = story_new();

	(void)state;
	s.nodes[0].nhs = 1;
	s.nodes[5].nhs = 2;
	edge(&s, 0, 1, EDGE_MODEL, 30);
	edge(&s, 4, 5, EDGE_MODEL, 30);
	edge(&s, 1, 4, EDGE_MODEL, 20);
	edge(&s, 0, 4, EDGE_MODEL, 19);
	assert_string_equal(told(&s), "aacdee");
}

static void
test_two_local_ids_of_one_organisation_are_two_people(void **state)
{
	struct story s = story_new();

	(void)state;
	s.nodes[0].local_id = 1;
	s.nodes[0].organisation = 7;
	s.nodes[1].local_id = 2;
	s.nodes[1].organisation = 7;
	edge(&s, 0, 1, EDGE_MODEL, 30);
	assert_string_equal(told(&s), "abcdef");
	s.nodes[1].organisation = 8;
	assert_string_equal(told(&s), "aacdef");
}

static void
test_a_reviewer_outweighs_numbers_and_a_split_outweighs_everything(void **state)
{
	struct story s = story_new();

	(void)state;
	s.nodes[0].nhs = 1;
	s.nodes[1].nhs = 2;
	edge(&s, 0, 1, EDGE_REVIEW, 0);
	edge(&s, 1, 2, EDGE_MODEL, 30);
	assert_string_equal(told(&s), "aaadef");
	s.apart[s.apart_n++] = (struct cluster_pair){ 0, 2 };
	assert_string_equal(told(&s), "aacdef");
	s.apart[s.apart_n++] = (struct cluster_pair){ 1, 0 };
	assert_string_equal(told(&s), "abbdef");
	s.edges[0].class = EDGE_SAME;
	assert_string_equal(told(&s), "abbdef");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges_join_and_the_lowest_node_names_the_cluster),
		cmocka_unit_test(test_two_nhs_numbers_are_two_people_and_the_weaker_edge_gives_way),
		cmocka_unit_test(test_a_conflict_anywhere_in_two_clusters_keeps_them_apart),
		cmocka_unit_test(test_two_local_ids_of_one_organisation_are_two_people),
		cmocka_unit_test(test_a_reviewer_outweighs_numbers_and_a_split_outweighs_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
