#include "common/io/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/id.h"
#include "common/io/crypto.h"

enum {
	KEYFILE_BYTES_MAX = 4096,
	KEYFILE_EPOCH_MAX = 1000000,
	SECRET_HEX = 2 * KEYFILE_SECRET_BYTES,
};

/* --- files */

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* systemd hands credentials over by file name; what is there goes first. */
static const char *
where_it_is(const char *path, char out[PATH_MAX])
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	if (!dir || !*dir)
		return path;
	if (snprintf(out, PATH_MAX, "%s/%s", dir, base_of(path)) >= PATH_MAX)
		return path;
	return access(out, F_OK) == 0 ? out : path;
}

static int
missing(const char *path, struct err *err)
{
	return err_code(err, ERR_FATAL, "key-missing", NULL, "cannot open key file '%.300s': %s", path,
	    strerror(errno));
}

static int
form_bad(const char *path, const char *what, struct err *err)
{
	return err_code(err, ERR_FATAL, "key-form", NULL, "key file '%.300s': %s", path, what);
}

/* systemd lends a credential to its service by an access list, which shows as
 * the group's read bit; nothing more is let through there. */
static int
mode_check(int fd, const char *path, bool credential, struct err *err)
{
	mode_t others = S_IRWXG | S_IRWXO;
	struct stat st;

	if (fstat(fd, &st))
		return missing(path, err);
	if (!S_ISREG(st.st_mode))
		return form_bad(path, "not a regular file", err);
	if (credential)
		others &= ~(mode_t)S_IRGRP;
	if (st.st_mode & others)
		return err_code(err, ERR_FATAL, "key-mode", NULL,
		    "key file '%.200s' has mode %04o, others can reach it: chmod 600 '%.200s'", path,
		    (unsigned)(st.st_mode & 07777), path);
	return 0;
}

/* NUL-terminated; -1 when it cannot be read or is longer than a key file is. */
static ssize_t
read_all(int fd, char text[KEYFILE_BYTES_MAX + 1])
{
	size_t n = 0;

	while (n <= KEYFILE_BYTES_MAX) {
		ssize_t got = read(fd, text + n, KEYFILE_BYTES_MAX + 1 - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n > KEYFILE_BYTES_MAX)
		return -1;
	text[n] = '\0';
	return (ssize_t)n;
}

static int
dir_sync(const char *path)
{
	char copy[PATH_MAX];
	int fd, result;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

/* O_EXCL: what is there stays, whoever made it. */
static int
file_make(const char *path, mode_t mode, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	size_t len = strlen(text);

	if (fd < 0 && errno == EEXIST)
		return err_code(err, ERR_FATAL, "key-exists", NULL,
		    "'%.300s' is there already; nothing is ever overwritten", path);
	if (fd < 0)
		return err_set(err, ERR_FATAL, "cannot make '%.300s': %s", path, strerror(errno));
	/* a umask takes bits away; none is ever added */
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) || close(fd) || dir_sync(path)) {
		err_set(err, ERR_FATAL, "cannot write '%.300s': %s", path, strerror(errno));
		unlink(path);
		return -1;
	}
	return 0;
}

/* --- lines: "word value" */

struct line {
	struct span word, value;
};

/* The next line without its end; blank lines and comments are passed over. */
static bool
line_next(struct span *rest, struct line *out)
{
	while (rest->len) {
		const uint8_t *end = memchr(rest->ptr, '\n', rest->len);
		size_t n = end ? (size_t)(end - rest->ptr) : rest->len, word = 0;
		struct span line = span_of(rest->ptr, n);

		*rest = span_of(rest->ptr + n + (end != NULL), rest->len - n - (end != NULL));
		while (line.len && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\r'))
			line.len--;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		while (word < line.len && line.ptr[word] != ' ')
			word++;
		out->word = span_of(line.ptr, word);
		while (word < line.len && line.ptr[word] == ' ')
			word++;
		out->value = span_of(line.ptr + word, line.len - word);
		return true;
	}
	return false;
}

static bool
number(struct span text, int32_t *out)
{
	int64_t v = 0;

	if (text.len == 0 || text.len > 9)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		v = v * 10 + (text.ptr[i] - '0');
	}
	*out = (int32_t)v;
	return v >= 1 && v <= KEYFILE_EPOCH_MAX;
}

struct fields {
	struct span purpose, epoch, secret;
};

static bool
set_once(struct span *field, struct span value)
{
	if (field->ptr)
		return false;
	*field = value;
	return true;
}

static int
fields_read(const char *path, struct span text, struct fields *f, struct err *err)
{
	struct line line;
	bool ok = line_next(&text, &line) && span_is(line.word, "outturn-key")
	    && span_is(line.value, "1");

	if (!ok)
		return form_bad(path, "the first line is not 'outturn-key 1'", err);
	while (ok && line_next(&text, &line)) {
		if (span_is(line.word, "purpose"))
			ok = set_once(&f->purpose, line.value);
		else if (span_is(line.word, "epoch"))
			ok = set_once(&f->epoch, line.value);
		else if (span_is(line.word, "secret"))
			ok = set_once(&f->secret, line.value);
		else
			ok = false;
	}
	if (!ok || !f->purpose.len || !f->epoch.len || !f->secret.len)
		return form_bad(path, "expected purpose, epoch and secret, each once", err);
	return 0;
}

static int
fields_judge(const char *path, const struct fields *f, const char *purpose, int32_t epoch,
    struct keyfile *out, struct err *err)
{
	if (!number(f->epoch, &out->epoch))
		return form_bad(path, "the epoch is not a number from 1 to 1000000", err);
	if (!hex_parse(f->secret, out->secret, sizeof(out->secret)))
		return form_bad(path, "the secret is not 64 lower-case hex digits", err);
	if (!span_is(f->purpose, purpose))
		return err_code(err, ERR_FATAL, "key-purpose", NULL,
		    "key file '%.200s' is not for '%.64s': a key has one purpose", path, purpose);
	if (epoch && out->epoch != epoch)
		return err_code(err, ERR_FATAL, "key-epoch", NULL,
		    "key file '%.200s' is of epoch %" PRId32 ", expected %" PRId32, path, out->epoch,
		    epoch);
	return 0;
}

int
keyfile_read(const char *path, const char *purpose, int32_t epoch, struct keyfile *out,
    struct err *err)
{
	char text[KEYFILE_BYTES_MAX + 1], credential[PATH_MAX];
	struct fields fields = { SPAN_NONE, SPAN_NONE, SPAN_NONE };
	struct keyfile key = { .epoch = 0 };
	const char *at = where_it_is(path, credential);
	int fd = open(at, O_RDONLY | O_CLOEXEC), result = -1;
	ssize_t n;

	if (fd < 0)
		return missing(at, err);
	if (mode_check(fd, at, at == credential, err))
		goto out;
	n = read_all(fd, text);
	if (n < 0) {
		form_bad(at, "cannot be read, or is longer than 4096 bytes", err);
		goto out;
	}
	if (fields_read(at, span_of(text, (size_t)n), &fields, err)
	    || fields_judge(at, &fields, purpose, epoch, &key, err))
		goto out;
	*out = key;
	/* a limit on locked memory is no reason to stand still: core files are off anyway */
	(void)mlock(out, sizeof(*out));
	result = 0;
out:
	crypto_cleanse(text, sizeof(text));
	crypto_cleanse(&key, sizeof(key));
	close(fd);
	return result;
}

void
keyfile_release(struct keyfile *key)
{
	crypto_cleanse(key, sizeof(*key));
	(void)munlock(key, sizeof(*key));
}

static int
secret_make(const char *path, const char *purpose, int32_t epoch, const uint8_t *secret,
    struct err *err)
{
	char text[KEYFILE_BYTES_MAX], hex[SECRET_HEX + 1];
	int result;

	hex_of(secret, KEYFILE_SECRET_BYTES, hex);
	snprintf(text, sizeof(text), "outturn-key 1\npurpose %s\nepoch %" PRId32 "\nsecret %s\n",
	    purpose, epoch, hex);
	result = file_make(path, S_IRUSR | S_IWUSR, text, err);
	crypto_cleanse(text, sizeof(text));
	crypto_cleanse(hex, sizeof(hex));
	return result;
}

int
keyfile_make(const char *path, const char *purpose, int32_t epoch, struct err *err)
{
	uint8_t secret[KEYFILE_SECRET_BYTES];
	int result;

	crypto_random(secret, sizeof(secret));
	result = secret_make(path, purpose, epoch, secret, err);
	crypto_cleanse(secret, sizeof(secret));
	return result;
}

/* --- people */

static bool
name_valid(struct span name)
{
	if (name.len == 0 || name.len >= KEYFILE_NAME_MAX || name.ptr[0] == '-')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

static int
person_paths(const char *dir, const char *name, char secret[PATH_MAX], char public[PATH_MAX],
    struct err *err)
{
	if (!name_valid(span_str(name)))
		return err_code(err, ERR_FATAL, "key-form", NULL,
		    "a person's name is up to %d lower-case letters, digits and '-'",
		    KEYFILE_NAME_MAX - 1);
	if (snprintf(secret, PATH_MAX, "%s/%s.sign", dir, name) >= PATH_MAX
	    || snprintf(public, PATH_MAX, "%s/%s.pub", dir, name) >= PATH_MAX)
		return err_set(err, ERR_FATAL, "the path of the key directory is too long");
	if (access(public, F_OK) == 0)
		return err_code(err, ERR_FATAL, "key-exists", NULL,
		    "'%.300s' is there already; nothing is ever overwritten", public);
	return 0;
}

int
keyfile_person_make(const char *dir, const char *name, struct err *err)
{
	char secret_path[PATH_MAX], public_path[PATH_MAX], text[256], hex[SECRET_HEX + 1];
	uint8_t secret[KEYFILE_SECRET_BYTES], public[KEYFILE_SECRET_BYTES];
	int result;

	if (person_paths(dir, name, secret_path, public_path, err))
		return -1;
	crypto_random(secret, sizeof(secret));
	sign_public(secret, public);
	hex_of(public, sizeof(public), hex);
	snprintf(text, sizeof(text), "outturn-public 1\nname %s\nkey %s\n", name, hex);
	result = secret_make(secret_path, "sign", 1, secret, err);
	if (result == 0) {
		result = file_make(public_path, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, text, err);
		if (result)
			unlink(secret_path); /* half a pair is none */
	}
	crypto_cleanse(secret, sizeof(secret));
	return result;
}

int
keyfile_public_read(const char *path, char name[KEYFILE_NAME_MAX],
    uint8_t key[KEYFILE_SECRET_BYTES], struct err *err)
{
	char text[KEYFILE_BYTES_MAX + 1];
	uint8_t bytes[KEYFILE_SECRET_BYTES];
	struct line head, who, what, more;
	struct span rest;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return missing(path, err);
	n = read_all(fd, text);
	close(fd);
	if (n < 0)
		return form_bad(path, "cannot be read, or is longer than 4096 bytes", err);
	rest = span_of(text, (size_t)n);
	if (!line_next(&rest, &head) || !span_is(head.word, "outturn-public")
	    || !span_is(head.value, "1"))
		return form_bad(path, "the first line is not 'outturn-public 1'", err);
	if (!line_next(&rest, &who) || !span_is(who.word, "name") || !name_valid(who.value)
	    || !line_next(&rest, &what) || !span_is(what.word, "key")
	    || !hex_parse(what.value, bytes, sizeof(bytes)) || line_next(&rest, &more))
		return form_bad(path, "expected a name and a key of 64 lower-case hex digits", err);
	memcpy(key, bytes, sizeof(bytes));
	memcpy(name, who.value.ptr, who.value.len);
	name[who.value.len] = '\0';
	return 0;
}
