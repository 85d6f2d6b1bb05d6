/*
 * page - a signed terms record as `kt send` takes it, whatever the page says: what
 * `outturn publish` refuses must not harm a daemon that gets it all the same.
 *
 *	page KEYS_DIR SIGNER THING NAME VERSION FILE | kt -b HOST:PORT send PREFIX.terms 0
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/book.h"
#include "common/buf.h"
#include "common/io/avro.h"
#include "common/io/crypto.h"
#include "common/io/keyfile.h"
#include "common/mem.h"

enum { PAGE_BYTES_MAX = 1 << 20, PATH_BYTES = 4096 };

static int
file_read(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	buf_grow(out, PAGE_BYTES_MAX);
	out->len = fread(out->ptr, 1, PAGE_BYTES_MAX, f);
	fclose(f);
	return 0;
}

static int
sign(const char *dir, const char *signer, struct av_catalogue *cat, struct terms *t,
    uint8_t sig[SIGN_BYTES], struct err *err)
{
	struct buf message = BUF_INIT;
	struct keyfile key;
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s.sign", dir, signer);
	if (keyfile_read(path, "sign", 0, &key, err))
		return -1;
	t->key_id = t->by = span_str(signer);
	sign_message(cat, &terms_binding, t, offsetof(struct terms, signature), &message);
	sign_bytes(key.secret, buf_view(&message), sig);
	t->signature = span_of(sig, SIGN_BYTES);
	keyfile_release(&key);
	buf_release(&message);
	return 0;
}

int
main(int argc, char **argv)
{
	struct buf content = BUF_INIT, key = BUF_INIT, value = BUF_INIT;
	struct terms t = { .effective = DATE_NONE };
	struct err err = ERR_INIT;
	struct av_catalogue *cat;
	uint8_t sig[SIGN_BYTES];
	char *hex;

	if (argc != 7 || file_read(argv[6], &content)) {
		fputs("usage: page KEYS_DIR SIGNER THING NAME VERSION FILE\n", stderr);
		return 2;
	}
	cat = av_catalogue_new();
	t.thing = span_str(argv[3]);
	t.name = span_str(argv[4]);
	t.version = (int32_t)strtol(argv[5], NULL, 10);
	t.content = buf_view(&content);
	if (sign(argv[1], argv[2], cat, &t, sig, &err)) {
		fprintf(stderr, "page: %s\n", err.text);
		return 1;
	}
	av_write(cat, &terms_binding, &t, &value);
	book_key(t.thing, t.name, t.version, &key);
	hex = mem_alloc(2 * value.len + 1);
	hex_of(value.ptr, value.len, hex);
	printf("%s\t%s\n", buf_cstr(&key), hex);
	mem_free(hex);
	buf_release(&content);
	buf_release(&key);
	buf_release(&value);
	av_catalogue_free(cat);
	return 0;
}
