#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/io/level_task.h"
#include "common/mem.h"
#include "common/topics.h"
#include "tests/integration/pipe.h"

enum { WRITTEN_MS = 60000, SETTINGS_MAX = 16, TOPICS_AT_ONCE = 32 };

struct err err;
uint64_t seed;

static char prefix[TOPIC_NAME_MAX];

void
must(int failed)
{
	if (failed)
		fail_msg("%s (%s); SEED=%" PRIu64, err.text, err.code, seed);
}

int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
pause_ms(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000L }, NULL);
}

uint32_t
draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((seed >> 33) % below);
}

void
seed_read(uint64_t otherwise)
{
	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : otherwise;
	print_message("SEED=%" PRIu64 "\n", seed);
}

/* --- topics */

void
topic_prefix(const char *p)
{
	snprintf(prefix, sizeof(prefix), "%s", p);
}

const char *
topic(const char *name)
{
	static char text[TOPICS_AT_ONCE][2 * TOPIC_NAME_MAX];
	static int at;

	at = (at + 1) % TOPICS_AT_ONCE;
	snprintf(text[at], sizeof(text[at]), "%s.%s", *prefix ? prefix : getenv("PREFIX"), name);
	return text[at];
}

void
topic_make(struct kadmin *admin, const char *name, int32_t partitions)
{
	struct kafka_property config[16];
	size_t n;
	const struct topic_setting *s = topic_settings(name, &n);

	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++)
		config[i] = (struct kafka_property){ s[i].name, s[i].value };
	must(kadmin_topics_make(admin, &(struct ktopic){ .name = topic(name),
		.partitions = partitions, .config = config, .config_n = n }, 1, ASK_MS, &err));
}

/* --- writing */

static int unanswered, failed;

static void
on_written(void *owner, uint64_t tag, int64_t offset, const struct err *e)
{
	(void)owner;
	(void)tag;
	(void)offset;
	unanswered--;
	failed += e != NULL;
}

struct kwriter *
writer_new(const struct kafka_conf *conf)
{
	struct kwriter *w = kwriter_new(conf, on_written, &err);

	must(w == NULL);
	return w;
}

void
put(struct kwriter *w, const char *name, int32_t partition, struct span key, struct span value,
    const struct id *as)
{
	while (kwriter_send(w, topic(name), partition, key, value, as, as ? 0 : KAFKA_NO_TERMS, NULL,
		   0, &err)) {
		assert_string_equal(err.code, "kafka-queue-full");
		must(kwriter_poll(w, 100, &err));
	}
	unanswered++;
}

void
written(struct kwriter *w)
{
	must(kwriter_flush(w, WRITTEN_MS, &err));
	assert_int_equal(unanswered, 0);
	assert_int_equal(failed, 0);
}

/* --- daemons */

pid_t
daemon_spawn(const char *name, const char *log_path, const char *const *settings)
{
	const char *bin = getenv("OUTTURN_BIN") ? getenv("OUTTURN_BIN") : "build";
	char program[512], kafka[256], *argv[2 * SETTINGS_MAX + 4];
	int n = 0;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/outturn-%s", bin, name);
	snprintf(kafka, sizeof(kafka), "kafka=%s", getenv("KAFKA"));
	argv[n++] = program;
	argv[n++] = (char *)(uintptr_t)"-o";
	argv[n++] = kafka;
	for (int i = 0; settings[i]; i++) {
		assert_true(i < SETTINGS_MAX);
		argv[n++] = (char *)(uintptr_t)"-o";
		argv[n++] = (char *)(uintptr_t)settings[i];
	}
	argv[n] = NULL;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
		execv(program, argv);
		_exit(127);
	}
	return pid;
}

int
daemon_end(pid_t *pid, int sig)
{
	int status = -1;

	if (!*pid)
		return 0;
	kill(*pid, sig);
	waitpid(*pid, &status, 0);
	*pid = 0;
	return status;
}

bool
log_says(const char *log_path, const char *what)
{
	FILE *f = fopen(log_path, "r");
	char line[4000];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return found;
}

bool
log_comes_to_say(const char *log_path, const char *what, int wait_ms)
{
	int64_t until = now_ms() + wait_ms;

	while (!log_says(log_path, what)) {
		if (now_ms() >= until)
			return false;
		pause_ms(20);
	}
	return true;
}

void
all_are_ready(int n, pid_t (*spawn)(int i), int wait_ms)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), ready = 0, starting = 0, bad = 0;
	pid_t *children = mem_zalloc((size_t)n, sizeof(*children));
	int64_t until = now_ms() + wait_ms;

	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/it-notify.%d", (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ .tv_sec = 1 },
	    sizeof(struct timeval));
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	for (int i = 0; i < n; i++)
		children[i] = spawn(i);
	unsetenv("NOTIFY_SOCKET");
	while (ready < n && now_ms() < until) {
		char word[100] = "";

		if (recv(fd, word, sizeof(word) - 1, 0) <= 0)
			continue;
		ready += strcmp(word, "READY=1") == 0;
		starting += strncmp(word, "EXTEND_TIMEOUT_USEC=", 20) == 0;
	}
	for (int i = 0; i < n; i++)
		bad += daemon_end(&children[i], SIGTERM) != 0;
	mem_free(children);
	close(fd);
	unlink(at.sun_path);
	assert_int_equal(ready, n);
	assert_true(starting >= n);
	assert_int_equal(bad, 0);
}

/* --- logs */

static struct entry
entry_of(const struct krecord *k)
{
	uint8_t *own = mem_alloc(k->key.len + k->value.len + 1);
	struct entry e = { carry_rec(k), span_of(own, k->key.len + k->value.len) };

	memcpy(own, k->key.ptr ? k->key.ptr : own, k->key.len);
	memcpy(own + k->key.len, k->value.ptr ? k->value.ptr : own, k->value.len);
	e.rec.key = span_of(own, k->key.len);
	if (k->value.ptr)
		e.rec.value = span_of(own + k->key.len, k->value.len);
	return e;
}

struct entries
log_read(const struct kafka_conf *conf, const char *name, int32_t partition, int wait_ms)
{
	struct entries e = { NULL, 0 };
	struct kreader *r = kreader_new(conf, &err);
	int64_t low, high, until = now_ms() + wait_ms;
	struct krecord k;
	int got;

	must(r == NULL);
	must(kreader_watermarks(r, topic(name), partition, &low, &high, ASK_MS, &err));
	must(kreader_add(r, topic(name), partition, low, NULL, &err));
	while (kreader_position(r, topic(name), partition) < high && now_ms() < until) {
		got = kreader_poll(r, 200, &k, &err);
		must(got < 0 && err.class != ERR_RETRY);
		if (got <= 0)
			continue;
		if (e.n % 4096 == 0)
			e.at = mem_realloc(e.at, e.n + 4096, sizeof(*e.at));
		e.at[e.n++] = entry_of(&k);
	}
	kreader_free(r);
	return e;
}

void
entries_free(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		mem_free((void *)(uintptr_t)e->at[i].own.ptr);
	mem_free(e->at);
	*e = (struct entries){ NULL, 0 };
}

void
entries_fold(const struct entries *log, struct av_catalogue *cat, bool claimed, bool by_topic,
    struct strmap *out)
{
	struct claims claims;
	struct claim claim;
	bool fresh;

	claims_init(&claims, by_topic);
	strmap_init(out, 1);
	for (size_t i = 0; i < log->n; i++) {
		const struct rec *rec = &log->at[i].rec;
		struct key key = key_parse(rec->key);

		if (claimed && key.type == KEY_CLAIM) {
			assert_true(carry_decode_claim(cat, rec->value, &claim));
			claims_apply(&claims, &key, rec, claim.epoch);
			continue;
		}
		if (claimed && claims_apply(&claims, &key, rec, 0) != CLAIM_COUNTS)
			continue;
		*strmap_put(out, rec->key, &fresh) = rec->value.ptr ? i + 1 : 0;
	}
	claims_release(&claims);
}
