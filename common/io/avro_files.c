/*
 * io/avro_files - schemas and schema ids from a directory.
 *
 * A schema of a file must be accepted by Avro-C as well as by us: agencies
 * write with other implementations, and a schema that only we can read would
 * be found out too late.
 */
#include <avro.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/io/avro.h"
#include "common/mem.h"

enum { SCHEMA_BYTES_MAX = 1 << 20, PATH_BYTES_MAX = 4096, LINE_BYTES_MAX = 512 };

static const char ids_file[] = "confluent-ids.txt";

static int
file_read(const char *path, struct buf *out, struct err *err)
{
	FILE *f = fopen(path, "re");
	size_t n;
	int rc = 0;

	if (!f)
		return err_set(err, ERR_FATAL, "%s: %s", path, strerror(errno));
	buf_grow(out, SCHEMA_BYTES_MAX + 1);
	n = fread(out->ptr, 1, SCHEMA_BYTES_MAX + 1, f);
	if (ferror(f))
		rc = err_set(err, ERR_FATAL, "%s: cannot be read", path);
	else if (n > SCHEMA_BYTES_MAX)
		rc = err_set(err, ERR_FATAL, "%s: more than %d bytes", path, SCHEMA_BYTES_MAX);
	out->len = n;
	fclose(f);
	return rc;
}

/* The error of the schema, with its file in front. */
static int
in_file(const char *path, struct err *err)
{
	struct err why = *err;

	return err_code(err, why.class, why.code, why.field, "%s: %.400s", path, why.text);
}

static int
second_opinion(struct span json, struct err *err)
{
	avro_schema_t schema = NULL;

	if (avro_schema_from_json_length((const char *)json.ptr, json.len, &schema))
		return err_code(err, ERR_FATAL, "avro-schema", NULL,
		    "schema: Avro-C does not accept it: %.200s", avro_strerror());
	avro_schema_decref(schema);
	return 0;
}

static struct av_schema *
schema_of(const char *path, struct buf *json, struct err *err)
{
	struct av_schema *schema = NULL;

	if (file_read(path, json, err))
		return NULL;
	schema = av_schema_parse(buf_view(json), err);
	if (schema && second_opinion(buf_view(json), err)) {
		av_schema_free(schema);
		schema = NULL;
	}
	if (!schema)
		in_file(path, err);
	return schema;
}

struct av_schema *
av_schema_load(const char *path, struct err *err)
{
	struct buf json = BUF_INIT;
	struct av_schema *schema = schema_of(path, &json, err);

	buf_release(&json);
	return schema;
}

static int
add_file(struct av_catalogue *cat, const char *path, struct err *err)
{
	struct buf json = BUF_INIT;
	struct av_schema *schema = schema_of(path, &json, err);
	int rc = schema ? av_catalogue_add(cat, buf_view(&json), err) : -1;

	av_schema_free(schema);
	buf_release(&json);
	return rc;
}

/* --- ids ---------------------------------------------------------------------------- */

static int
add_id(struct av_catalogue *cat, const char *directory, const char *line, struct err *err)
{
	char name[256], path[PATH_BYTES_MAX], rest[2];
	struct av_schema *schema;
	uint32_t id;
	int rc;

	if (sscanf(line, "%" SCNu32 " %255s %1s", &id, name, rest) != 2 || strchr(name, '/'))
		return err_set(err, ERR_FATAL, "expected '<id> <file.avsc>'");
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	schema = av_schema_load(path, err);
	if (!schema)
		return -1;
	rc = av_catalogue_set_id(cat, id, av_schema_fingerprint(schema), err);
	av_schema_free(schema);
	return rc;
}

static int
add_ids(struct av_catalogue *cat, const char *directory, struct err *err)
{
	char path[PATH_BYTES_MAX], line[LINE_BYTES_MAX], where[PATH_BYTES_MAX + 16];
	int rc = 0, number = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, ids_file);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? 0 : err_set(err, ERR_FATAL, "%s: %s", path,
		    strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), f)) {
		number++;
		line[strcspn(line, "#\r\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0')
			continue;
		rc = add_id(cat, directory, line, err);
	}
	fclose(f);
	if (rc == 0)
		return 0;
	snprintf(where, sizeof(where), "%s:%d", path, number);
	return in_file(where, err);
}

/* --- the directory --------------------------------------------------------------------- */

static int
is_schema(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + n - 5, ".avsc") == 0;
}

int
av_catalogue_load(struct av_catalogue *cat, const char *directory, struct err *err)
{
	struct dirent **entries;
	char path[PATH_BYTES_MAX];
	int n = scandir(directory, &entries, is_schema, alphasort), rc = 0;

	if (n < 0)
		return err_set(err, ERR_FATAL, "%s: %s", directory, strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (rc == 0)
			rc = add_file(cat, path, err);
		free(entries[i]);
	}
	free(entries);
	return rc ? rc : add_ids(cat, directory, err);
}
