/* The terms in force are a function of the log: highest version counts, a
 * tombstone takes a version back, the same fact again changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>

#include "common/book.h"

static bool
fold(struct book *b, const char *key, const char *content, int64_t offset)
{
	struct terms t = { .content = span_str(content) };
	struct rec rec = { .offset = offset, .key = span_str(key) };
	struct span thing;

	return book_fold(b, &rec, content ? &t : NULL, &thing);
}

static void
assert_page(const struct book *b, const char *name, int version, const char *content)
{
	const struct book_page *p = book_find(b, SPAN_LIT("contract"), span_str(name));

	assert_non_null(p);
	assert_int_equal(p->version, version);
	assert_true(span_is(p->content, content));
}

static void
test_highest_version_counts_whatever_the_order(void **state)
{
	struct book b;

	(void)state;
	book_init(&b);
	assert_true(fold(&b, "contract/a/2", "two", 0));
	assert_false(fold(&b, "contract/a/1", "one", 1)); /* older: counts for nothing */
	assert_page(&b, "a", 2, "two");
	assert_true(fold(&b, "contract/a/10", "ten", 2)); /* by number, not by letters */
	assert_page(&b, "a", 10, "ten");
	assert_false(fold(&b, "contract/a/10", "ten", 3));
	assert_true(fold(&b, "contract/a/10", "ten again", 4));
	assert_page(&b, "a", 10, "ten again");
	assert_true(fold(&b, "contract/a/10", NULL, 5));
	assert_page(&b, "a", 2, "two");
	assert_false(fold(&b, "contract/a/10", NULL, 6));
	book_release(&b);
}

static void
test_pages_of_one_thing_are_listed_once_each(void **state)
{
	struct book b;
	const struct book_page *p;
	size_t at = 0, n = 0;

	(void)state;
	book_init(&b);
	fold(&b, "contract/b/1", "b1", 0);
	fold(&b, "contract/a/1", "a1", 1);
	fold(&b, "contract/a/2", "a2", 2);
	fold(&b, "model/a/7", "m", 3);
	while ((p = book_next(&b, SPAN_LIT("contract"), &at)))
		assert_true(span_is(p->content, n++ ? "b1" : "a2"));
	assert_int_equal(n, 2);
	book_release(&b);
}

static void
test_foreign_keys_are_left_alone(void **state)
{
	static const char *const keys[] = { "", "/", "contract", "contract/", "contract/a",
		"contract/a/", "contract//1", "contract/a/x", "contract/a/1234567890" };
	struct book b;

	(void)state;
	book_init(&b);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_false(fold(&b, keys[i], "x", 0));
	assert_int_equal(b.n, 0);
	book_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_highest_version_counts_whatever_the_order),
		cmocka_unit_test(test_pages_of_one_thing_are_listed_once_each),
		cmocka_unit_test(test_foreign_keys_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
