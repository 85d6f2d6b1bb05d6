/*
 * outturn keys - secrets made once, each for the program that may hold it.
 *
 *	keys/ingest.key      ingestd; feed's erase and trace    nobody else
 *	keys/match.key       matchd
 *	keys/publisher.sign  who publishes terms                never on a server
 *	keys/publisher.pub   everybody
 *	keys/publisher.yaml  goes to the terms topic: what the person may do
 *	keys/trust           every daemon: whose terms count
 *
 * Nothing is ever overwritten: an id key that is lost makes every event another
 * event.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/pages.h"
#include "common/io/keyfile.h"
#include "common/mem.h"

static const char default_publisher[] = "publisher";
/* Who publishes terms also says which day has come. */
static const char *const publisher_roles[] = { "publisher", "commissioner" };

/* What was made, for people and for --json. */
struct made {
	struct cli *cli;
	struct jw json;
	struct buf text, out;
};

static void
made_note(struct made *m, const char *path, const char *who)
{
	buf_printf(&m->text, "made %s\n     %s\n", path, who);
	jw_object(&m->json);
	jw_put_text(&m->json, "path", path);
	jw_put_text(&m->json, "holder", who);
	jw_end(&m->json);
}

static void
made_begin(struct made *m, struct cli *cli)
{
	*m = (struct made){ .cli = cli, .text = BUF_INIT, .out = BUF_INIT };
	jw_begin(&m->json, &m->out);
	jw_object(&m->json);
	jw_put_int(&m->json, "version", 1);
	jw_key(&m->json, "made");
	jw_array(&m->json);
}

static void
made_end(struct made *m)
{
	jw_end(&m->json);
	jw_end(&m->json);
	buf_byte(&m->out, '\n');
	if (m->cli->json)
		cli_print(&m->out);
	else if (!m->cli->quiet)
		cli_print(&m->text);
	buf_release(&m->out);
	buf_release(&m->text);
}

/* --- files */

static int
dir_make(const char *path, struct err *err)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return err_set(err, ERR_FATAL, "cannot make the key directory '%.300s': %s", path,
		    strerror(errno));
	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_FATAL, "'%.300s' is not a directory", path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_code(err, ERR_FATAL, "key-mode", NULL,
		    "others can write to '%.200s': chmod 700 '%.200s'", path, path);
	return 0;
}

/* Appends, or makes; synced. */
static int
text_write(const char *path, int flags, struct span text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, 0644);

	if (fd < 0)
		return err_code(err, ERR_FATAL, errno == EEXIST ? "key-exists" : "", NULL,
		    "cannot make '%.300s': %s", path,
		    errno == EEXIST ? "it is there already; nothing is ever overwritten"
				    : strerror(errno));
	if (write(fd, text.ptr, text.len) != (ssize_t)text.len || fsync(fd)) {
		err_set(err, ERR_FATAL, "cannot write '%.300s': %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int
public_hex(struct cli *cli, const char *name, char hex[2 * KEYFILE_SECRET_BYTES + 1],
    struct err *err)
{
	uint8_t key[KEYFILE_SECRET_BYTES];
	char path[PATH_MAX], said[KEYFILE_NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s.pub", cli->params->keys_dir, name);
	if (keyfile_public_read(path, said, key, err))
		return -1;
	hex_of(key, sizeof(key), hex);
	return 0;
}

/* NAME.yaml: the page that `outturn publish` puts on the terms topic. */
static int
page_make(struct cli *cli, const char *name, const char *const *may, size_t n, struct made *made,
    struct err *err)
{
	char path[PATH_MAX], hex[2 * KEYFILE_SECRET_BYTES + 1];
	struct buf text = BUF_INIT;
	int result = -1;

	if (public_hex(cli, name, hex, err))
		return -1;
	buf_printf(&text, "key: %s\nroles: [", hex);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i ? ", " : "", may[i]);
	buf_str(&text, "]\n");
	snprintf(path, sizeof(path), "%s/%s.yaml", cli->params->keys_dir, name);
	if (text_write(path, O_EXCL, buf_view(&text), err) == 0) {
		made_note(made, path, "to be published, so that what the person signs counts: outturn publish");
		result = 0;
	}
	buf_release(&text);
	return result;
}

static int
person_make(struct cli *cli, const char *name, const char *const *may, size_t n,
    struct made *made, struct err *err)
{
	char path[PATH_MAX];

	if (keyfile_person_make(cli->params->keys_dir, name, err))
		return -1;
	snprintf(path, sizeof(path), "%s/%s.sign", cli->params->keys_dir, name);
	made_note(made, path, "this person only: signs in their name");
	snprintf(path, sizeof(path), "%s/%s.pub", cli->params->keys_dir, name);
	made_note(made, path, "everybody: checks their signature");
	return page_make(cli, name, may, n, made, err);
}

static int
trust_add(struct cli *cli, const char *name, struct made *made, struct err *err)
{
	char hex[2 * KEYFILE_SECRET_BYTES + 1];
	bool fresh = access(cli->params->trust, F_OK) != 0;
	struct buf text = BUF_INIT;
	int result;

	if (public_hex(cli, name, hex, err))
		return -1;
	if (fresh)
		buf_str(&text, "# Whose terms count: NAME and public key, a line each.\n");
	buf_printf(&text, "%s %s\n", name, hex);
	result = text_write(cli->params->trust, O_APPEND, buf_view(&text), err);
	if (result == 0)
		made_note(made, cli->params->trust, "every daemon: whose terms count");
	buf_release(&text);
	return result;
}

static int
secret_make(struct cli *cli, const char *purpose, const char *who, struct made *made,
    struct err *err)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.key", cli->params->keys_dir, purpose);
	if (keyfile_make(path, purpose, 1, err))
		return -1;
	made_note(made, path, who);
	return 0;
}

/* A master for the tokens of the epoch behind the last one there is. */
static int
rotate(struct cli *cli, struct made *made, struct err *err)
{
	char path[PATH_MAX];
	struct keyfile first;
	int32_t epoch;

	snprintf(path, sizeof(path), "%s/ingest.key", cli->params->keys_dir);
	if (keyfile_read(path, "ingest", 0, &first, err))
		return -1;
	epoch = first.epoch;
	keyfile_release(&first);
	do
		snprintf(path, sizeof(path), "%s/ingest-%d.key", cli->params->keys_dir, (int)++epoch);
	while (access(path, F_OK) == 0);
	if (keyfile_make(path, "ingest", epoch, err))
		return -1;
	made_note(made, path, "ingestd only, beside ingest.key: hides names from now on");
	return 0;
}

/* Before anything is made: half a set would be worse than none. */
static int
none_there(struct cli *cli, const char *const *people, size_t n, struct err *err)
{
	static const char *const kinds[] = { "sign", "pub", "yaml" };
	char path[PATH_MAX];
	size_t i = 0, k = 0;

	snprintf(path, sizeof(path), "%s/ingest.key", cli->params->keys_dir);
	if (access(path, F_OK) == 0)
		goto there;
	snprintf(path, sizeof(path), "%s/match.key", cli->params->keys_dir);
	if (access(path, F_OK) == 0)
		goto there;
	for (i = 0; i < n; i++)
		for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			snprintf(path, sizeof(path), "%s/%s.%s", cli->params->keys_dir, people[i],
			    kinds[k]);
			if (access(path, F_OK) == 0)
				goto there;
		}
	snprintf(path, sizeof(path), "%s", cli->params->trust);
	if (access(path, F_OK))
		return 0;
there:
	return err_code(err, ERR_FATAL, "key-exists", NULL,
	    "'%.300s' is there already; nothing was made, nothing is ever overwritten", path);
}

static int
init(struct cli *cli, const char *const *people, size_t n, struct made *made, struct err *err)
{
	if (none_there(cli, people, n, err) || dir_make(cli->params->keys_dir, err)
	    || secret_make(cli, "ingest", "ingestd only, and who erases or traces: hides names", made,
		err)
	    || secret_make(cli, "match", "matchd only: makes units' ids", made, err))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (person_make(cli, people[i], publisher_roles,
			sizeof(publisher_roles) / sizeof(publisher_roles[0]), made, err)
		    || trust_add(cli, people[i], made, err))
			return -1;
	return 0;
}

/* --- the verb */

static int
run_init(struct cli *cli, const char **people, size_t n)
{
	struct err err = ERR_INIT;
	struct made made;
	int code = CLI_OK;

	made_begin(&made, cli);
	if (n ? init(cli, people, n, &made, &err)
	      : init(cli, (const char *const[]){ default_publisher }, 1, &made, &err)) {
		code = cli_fail(&err, strcmp(err.code, "key-exists") == 0
			? "another 'keys_dir' (-o keys_dir=DIR) makes another set"
			: NULL);
	}
	made_end(&made);
	if (code == CLI_OK && !cli->quiet)
		fprintf(stderr, "Keep a copy of %s where only few can reach it: without ingest.key and "
		    "match.key\nevery event and every unit would become another one.\n",
		    cli->params->keys_dir);
	return code;
}

static int
run_rotate(struct cli *cli)
{
	struct err err = ERR_INIT;
	struct made made;
	int code = CLI_OK;

	made_begin(&made, cli);
	if (dir_make(cli->params->keys_dir, &err) || rotate(cli, &made, &err))
		code = cli_fail(&err, NULL);
	made_end(&made);
	return code;
}

static int
run_person(struct cli *cli, const char *name, const char **may, size_t n)
{
	struct err err = ERR_INIT;
	struct made made;
	int code = CLI_OK;

	if (n == 0)
		return cli_usage(&verb_keys, "say what the person may do: --role ROLE");
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; page_roles[k]; k++)
			known = known || strcmp(page_roles[k], may[i]) == 0;
		if (!known)
			return cli_usage(&verb_keys, "a role is publisher, reviewer, verifier, provider, "
			    "commissioner or eraser");
	}
	made_begin(&made, cli);
	if (dir_make(cli->params->keys_dir, &err) || person_make(cli, name, may, n, &made, &err))
		code = cli_fail(&err, NULL);
	made_end(&made);
	return code;
}

static int
run(struct cli *cli, int argc, char **argv)
{
	const char **people = NULL, **may = NULL;
	size_t people_n = 0, may_n = 0;
	const struct cli_option options[] = {
		{ .name = "person", .values = &people, .values_n = &people_n },
		{ .name = "role", .values = &may, .values_n = &may_n },
	};
	int code = CLI_USAGE;

	if (cli_options(&verb_keys, &argc, argv, options, 2))
		goto out;
	if (argc == 2 && strcmp(argv[1], "init") == 0 && may_n == 0)
		code = run_init(cli, people, people_n);
	else if (argc == 3 && strcmp(argv[1], "person") == 0 && people_n == 0)
		code = run_person(cli, argv[2], may, may_n);
	else if (argc == 2 && strcmp(argv[1], "rotate") == 0 && people_n == 0 && may_n == 0)
		code = run_rotate(cli);
	else
		cli_usage(&verb_keys, "expected 'init', 'rotate', or 'person' and a name");
out:
	mem_free(people);
	mem_free(may);
	return code;
}

const struct cli_verb verb_keys = {
	.name = "keys",
	.run = run,
	.usage = "outturn keys init [--person NAME]...\n"
		 "outturn keys rotate\n"
		 "outturn keys person NAME --role ROLE...",
	.says = "make the secrets that pseudonyms and signatures stand on",
	.help =
	    "init makes 'keys_dir' (mode 0700) with ingest.key, match.key, the key pair of who\n"
	    "publishes terms, and the trust file that names them.  It says who must hold which.\n"
	    "person makes one more key pair, and NAME.yaml: publish that, so that what the person\n"
	    "signs counts.  Nothing is ever overwritten.\n\n"
	    "rotate makes the key of the next epoch, ingest-N.key; ids stay with ingest.key.  Then, in\n"
	    "this order: ingestd with 'key_epochs' \"1 N\", so that evidence is written anew under both;\n"
	    "when all is, matchd with 'match_epoch' N; then ingestd with 'key_epochs' \"N\".  Nothing\n"
	    "made under one epoch alone can be matched with what was made under another.\n\n"
	    "  --person NAME  who publishes; 'publisher' without it\n"
	    "  --role ROLE    what the person may do: publisher, reviewer, verifier, provider,\n"
	    "                 commissioner or eraser; again for more\n\n"
	    "Exit: 0 made, 1 something is there already, 2 usage, 6 others can write there.\n\n"
	    "  outturn keys init\n"
	    "  outturn keys person a-checker --role verifier && outturn publish keys/a-checker.yaml\n",
};
