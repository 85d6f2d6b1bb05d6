#include "common/io/json.h"

#include <jansson.h>
#include <stdio.h>

enum { PATH_MAX_BYTES = 200 };

struct walk {
	struct arena *arena;
	struct json_leaf *leaf;
	size_t n;
	char path[PATH_MAX_BYTES + 1];
};

static int
add_leaf(struct walk *w, size_t path_len, const json_t *value, struct err *err)
{
	struct json_leaf *leaf;

	if (json_is_null(value))
		return 0;
	if (w->n == JSON_LEAVES_MAX)
		return err_code(err, ERR_RECORD, "json-large", NULL,
		    "more than %d values in one record", JSON_LEAVES_MAX);
	leaf = &w->leaf[w->n++];
	leaf->path = arena_copy(w->arena, span_of(w->path, path_len));
	leaf->value = (struct av_value){ .type = AV_NULL };
	if (json_is_boolean(value)) {
		leaf->value.type = AV_BOOLEAN;
		leaf->value.i = json_is_true(value);
	} else if (json_is_integer(value)) {
		leaf->value.type = AV_LONG;
		leaf->value.i = json_integer_value(value);
	} else if (json_is_real(value)) {
		leaf->value.type = AV_DOUBLE;
		leaf->value.d = json_real_value(value);
	} else {
		leaf->value.type = AV_STRING;
		leaf->value.s = arena_copy(w->arena,
		    span_of(json_string_value(value), json_string_length(value)));
	}
	return 0;
}

/* The path with ".name" behind it; 0: too long. */
static size_t
descend(struct walk *w, size_t len, const char *name, size_t name_len)
{
	size_t dot = len ? 1 : 0;

	if (name_len + dot > PATH_MAX_BYTES - len)
		return 0;
	if (dot)
		w->path[len] = '.';
	memcpy(w->path + len + dot, name, name_len);
	return len + dot + name_len;
}

static int walk_value(struct walk *w, size_t len, json_t *value, int depth, struct err *err);

static int
walk_child(struct walk *w, size_t len, const char *name, json_t *value, int depth, struct err *err)
{
	size_t longer = descend(w, len, name, strlen(name));

	if (longer == 0)
		return err_code(err, ERR_RECORD, "json-name", NULL,
		    "a name is empty or longer than %d bytes with those around it",
		    PATH_MAX_BYTES);
	return walk_value(w, longer, value, depth + 1, err);
}

static int
walk_value(struct walk *w, size_t len, json_t *value, int depth, struct err *err)
{
	const char *name;
	char number[24];
	json_t *child;
	size_t i;

	if (depth > JSON_IN_DEPTH_MAX)
		return err_code(err, ERR_RECORD, "json-deep", NULL,
		    "more than %d objects within each other", JSON_IN_DEPTH_MAX);
	if (json_is_object(value)) {
		json_object_foreach (value, name, child) {
			if (walk_child(w, len, name, child, depth, err))
				return -1;
		}
		return 0;
	}
	if (json_is_array(value)) {
		json_array_foreach (value, i, child) {
			snprintf(number, sizeof(number), "%zu", i);
			if (walk_child(w, len, number, child, depth, err))
				return -1;
		}
		return 0;
	}
	return add_leaf(w, len, value, err);
}

static int
parse_error(const json_error_t *why, struct err *err)
{
	if (json_error_code(why) == json_error_duplicate_key)
		return err_code(err, ERR_RECORD, "json-twice", NULL,
		    "a name is there twice, the second time before byte %d", why->position);
	if (json_error_code(why) == json_error_invalid_utf8)
		return err_code(err, ERR_RECORD, "json-utf8", NULL,
		    "not UTF-8 at byte %d: save the file as UTF-8", why->position);
	return err_code(err, ERR_RECORD, "json-form", NULL,
	    "not JSON: the mistake shows at byte %d", why->position);
}

int
json_flatten(struct span text, struct arena *arena, struct json_leaf **leaves, size_t *n,
    struct err *err)
{
	struct walk w = { .arena = arena };
	json_error_t why;
	json_t *root;
	int rc = -1;

	if (text.len > JSON_IN_BYTES_MAX)
		return err_code(err, ERR_RECORD, "json-large", NULL, "longer than %d bytes",
		    JSON_IN_BYTES_MAX);
	root = json_loadb((const char *)text.ptr, text.len, JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return parse_error(&why, err);
	w.leaf = arena_alloc(arena, JSON_LEAVES_MAX * sizeof(*w.leaf));
	if (!json_is_object(root))
		err_code(err, ERR_RECORD, "json-form", NULL,
		    "not a JSON object: a record is one line of {\"column\": value, ...}");
	else if (!w.leaf)
		err_code(err, ERR_RECORD, "json-large", NULL, "too many values");
	else
		rc = walk_value(&w, 0, root, 0, err);
	json_decref(root);
	if (rc == 0) {
		*leaves = w.leaf;
		*n = w.n;
	}
	return rc;
}
