/*
 * io/avro - schemas from JSON, and the catalogue of all schemas we know.
 *
 * JSON is read by jansson.  Everything the specification says of a schema is
 * kept (Avro-C drops aliases and defaults) or refused with the place.  The
 * catalogue starts with the schemas of config/schemas/, built into the
 * program, so that a program runs from anywhere; more can be added.
 *
 *	config/schemas/ *.avsc ──(build)──► catalogue ◄── av_catalogue_load(directory)
 *	                                       │      ◄── av_catalogue_set_id(id, fingerprint)
 *	  value: C3 01 fingerprint body ──►  writer ─┐
 *	         00 id body ──────────────►  writer ─┴─ plan(writer, binding), kept ──► struct
 *
 * The first schema that was added under a full name is the one that we read
 * into and write; later ones of that name are older or newer writers of it.
 *
 * Not thread-safe: plans are compiled when first needed.  One for each thread.
 */
#ifndef OUTTURN_IO_AVRO_H
#define OUTTURN_IO_AVRO_H

#include "common/avro.h"

/* Owned, or NULL.  ERR_FATAL names the place in the schema. */
struct av_schema *av_schema_parse(struct span json, struct err *err);
const char *av_schema_name(const struct av_schema *schema); /* full name; "" if it has none */
struct span av_schema_canonical(const struct av_schema *schema); /* borrows */

struct av_catalogue;
struct av_catalogue *av_catalogue_new(void); /* owned, with the built-in schemas */
void av_catalogue_free(struct av_catalogue *cat);

/* One more writer's schema; one that is there already is not an error. */
int av_catalogue_add(struct av_catalogue *cat, struct span json, struct err *err);

/*
 * What a Confluent schema id stands for.  Here is the place of a schema
 * registry: a shell that gets "avro-unknown-schema" for a value with Confluent
 * framing may ask one, add the schema and the id, and call av_read() again.
 */
int av_catalogue_set_id(struct av_catalogue *cat, uint32_t id, uint64_t fingerprint,
    struct err *err);

/* NULL: unknown. */
const struct av_schema *av_catalogue_find(const struct av_catalogue *cat, uint64_t fingerprint);
const struct av_schema *av_catalogue_named(const struct av_catalogue *cat, const char *name);

/* The plan that reads and writes what we write ourselves; MUST be known. */
const struct av_plan *av_catalogue_plan(struct av_catalogue *cat,
    const struct av_record *binding);

/* Appends single-object encoding: head and body. */
void av_write(struct av_catalogue *cat, const struct av_record *binding, const void *rec,
    struct buf *out);

/*
 * Reads a value in either framing.  ERR_RECORD: "avro-framing" (neither),
 * "avro-unknown-schema", "avro-schema" (does not resolve to the binding's),
 * and the codes of av_decode().
 */
int av_read(struct av_catalogue *cat, const struct av_record *binding, struct span in, void *out,
    struct arena *arena, struct err *err);

/* --- files: io/avro_files.c, which also asks Avro-C whether it takes the schema */

struct av_schema *av_schema_load(const char *path, struct err *err); /* owned, or NULL */

/*
 * Adds every *.avsc of a directory, and the ids of its `confluent-ids.txt` if
 * there is one: lines "<id> <file.avsc>", # for comments.
 */
int av_catalogue_load(struct av_catalogue *cat, const char *directory, struct err *err);

/* --- what is built in: io/avro_builtin.c */

struct av_builtin {
	const char *file; /* "raw.avsc" */
	const uint8_t *start, *end;
};
extern const struct av_builtin av_builtins[];
extern const size_t av_builtins_n;

#endif
