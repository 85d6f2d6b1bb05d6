/*
 * What ships beside the programs names only what exists: each file, variable,
 * image and port of docker-compose.yml, what the image copies, what the units
 * of systemd start.  Read as what they are, not run: there need be no Docker.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/io/yaml.h"
#include "common/params.h"

#define SHARE "/usr/share/outturn"

static struct yaml_doc *compose, *sample;
static struct buf dockerfile, servers, pom, packages;

static struct buf
file_read(const char *path)
{
	struct buf b = BUF_INIT;
	char chunk[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	buf_cstr(&b);
	return b;
}

static bool
exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int
set_up(void **state)
{
	struct yaml_report report = YAML_REPORT_INIT;

	(void)state;
	compose = yaml_load("docker-compose.yml", &report);
	sample = yaml_load("config/outturn.yaml", &report);
	dockerfile = file_read("packaging/Dockerfile");
	servers = file_read("scripts/servers");
	pom = file_read("scripts/kafka/pom.xml");
	packages = file_read("scripts/packages");
	return compose && sample ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	yaml_doc_free(compose);
	yaml_doc_free(sample);
	buf_release(&dockerfile);
	buf_release(&servers);
	buf_release(&pom);
	buf_release(&packages);
	return 0;
}

/* --- the file */

static const struct yaml *
services(void)
{
	const struct yaml *all = yaml_get(compose->root, "services");

	assert_non_null(all);
	assert_true(all->n > 0);
	return all;
}

static const char *
text_of(const struct yaml *node, char out[512])
{
	assert_non_null(node);
	assert_int_equal(node->kind, YAML_SCALAR);
	assert_true(node->text.len < 512);
	snprintf(out, 512, "%.*s", (int)node->text.len, (const char *)node->text.ptr);
	return out;
}

static bool
is_ours(const struct yaml *service)
{
	char image[512];

	return strncmp(text_of(yaml_get(service, "image"), image), "outturn:", 8) == 0;
}

/* A service's variable; NULL: not set. */
static const char *
variable(const struct yaml *service, const char *name, char out[512])
{
	const struct yaml *env = yaml_get(service, "environment");
	const struct yaml *value = env ? yaml_get(env, name) : NULL;

	return value ? text_of(value, out) : NULL;
}

static bool
declared_volume(const char *name)
{
	const struct yaml *all = yaml_get(compose->root, "volumes");

	return all && yaml_get(all, name);
}

static void
test_every_image_is_pinned_to_what_the_tests_run(void **state)
{
	char image[512], jar[64];

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const char *tag = strchr(text_of(yaml_get(&services()->items[i], "image"), image), ':');

		assert_non_null(tag);
		assert_string_not_equal(tag, ":latest");
	}
	text_of(yaml_get(yaml_get(services(), "kafka"), "image"), image);
	assert_int_equal(strncmp(image, "apache/kafka:", 13), 0);
	snprintf(jar, sizeof(jar), "<version>%.20s</version>", image + 13);
	assert_non_null(strstr((char *)pom.ptr, jar));
	/* Debian 12 has PostgreSQL 15, and that is what setup installs. */
	assert_string_equal(text_of(yaml_get(yaml_get(services(), "postgres"), "image"), image),
	    "postgres:15");
	assert_non_null(strstr((char *)packages.ptr, "\npostgresql\n"));
	assert_non_null(strstr((char *)dockerfile.ptr, "FROM debian:12-slim"));
}

static void
test_one_service_builds_the_image_that_all_of_ours_use(void **state)
{
	const char *built = NULL;
	char image[512], path[512];
	static char first[512];

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i], *build = yaml_get(s, "build");

		if (!build)
			continue;
		assert_null(built);
		built = text_of(yaml_get(s, "image"), first);
		assert_true(exists(text_of(yaml_get(build, "dockerfile"), path)));
		assert_string_equal(text_of(yaml_get(build, "context"), path), ".");
	}
	assert_non_null(built);
	for (uint32_t i = 0; i < services()->n; i++)
		if (is_ours(&services()->items[i]))
			assert_string_equal(text_of(yaml_get(&services()->items[i], "image"), image), built);
}

/* KAFKA, PGURI, OUTTURN_<NAME> of a setting, or libpq's own. */
static bool
is_setting(const char *variable_name)
{
	static const char *const names[] = {
#define PARAM_NAME(name, type, min, max, preset, unit, doc) #name,
		PARAMS(PARAM_NAME)
#undef PARAM_NAME
	};

	if (!strcmp(variable_name, "KAFKA") || !strcmp(variable_name, "PGURI")
	    || !strcmp(variable_name, "PGPASSFILE"))
		return true;
	if (strncmp(variable_name, "OUTTURN_", 8) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(variable_name + 8, names[i]) == 0)
			return true;
	return false;
}

static void
test_every_variable_of_ours_is_a_setting(void **state)
{
	uint32_t seen = 0;

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i], *env = yaml_get(s, "environment");
		char name[512], value[512], assignment[1100];
		struct err err = ERR_INIT;
		const char *list[] = { assignment, NULL };
		struct params p;

		params_init(&p);
		for (uint32_t k = 0; is_ours(s) && env && k < env->n; k++) {
			snprintf(assignment, sizeof(assignment), "%s=%s", text_of(&env->keys[k], name),
			    text_of(&env->items[k], value));
			if (!is_setting(name) || params_environment(&p, list, &err) != 0)
				fail_msg("%s is no setting, or not its value: %s", name, err.text);
			seen++;
		}
		params_release(&p);
	}
	assert_true(seen >= 15);
}

static void
test_every_variable_of_kafka_is_a_property_that_our_servers_set(void **state)
{
	const struct yaml *env = yaml_get(yaml_get(services(), "kafka"), "environment");

	(void)state;
	assert_true(env && env->n > 5);
	for (uint32_t i = 0; i < env->n; i++) {
		char name[512], property[520];
		size_t n = 0;

		text_of(&env->keys[i], name);
		assert_int_equal(strncmp(name, "KAFKA_", 6), 0);
		property[n++] = '\t';
		for (const char *c = name + 6; *c; c++)
			property[n++] = *c == '_' ? '.' : (char)(*c | 0x20);
		property[n++] = '=';
		property[n] = '\0';
		if (!strstr((char *)servers.ptr, property))
			fail_msg("scripts/servers sets no property%s", property);
	}
}

static void
test_addresses_agree_between_services(void **state)
{
	char advertised[512], value[512], user[512], db[512], want[1200];
	const struct yaml *kafka = yaml_get(services(), "kafka");
	const struct yaml *postgres = yaml_get(services(), "postgres");
	uint32_t brokers = 0, databases = 0;

	(void)state;
	assert_non_null(variable(kafka, "KAFKA_ADVERTISED_LISTENERS", advertised));
	assert_int_equal(strncmp(advertised, "PLAINTEXT://kafka:", 18), 0);
	assert_non_null(variable(kafka, "KAFKA_LISTENERS", value));
	snprintf(want, sizeof(want), "PLAINTEXT://:%s,", advertised + 18);
	assert_int_equal(strncmp(value, want, strlen(want)), 0);
	snprintf(want, sizeof(want), "postgresql://%s@postgres:5432/%s",
	    variable(postgres, "POSTGRES_USER", user), variable(postgres, "POSTGRES_DB", db));
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i];

		if (variable(s, "KAFKA", value)) {
			assert_string_equal(value, advertised + strlen("PLAINTEXT://"));
			brokers++;
		}
		if (variable(s, "PGURI", value)) {
			assert_string_equal(value, want);
			databases++;
		}
	}
	assert_true(brokers >= 4 && databases >= 1);
}

static void
test_every_port_is_the_one_that_is_listened_on(void **state)
{
	uint32_t ports = 0;

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i], *list = yaml_get(s, "ports");
		char port[512], http[512], health[512];
		const struct yaml *test;

		for (uint32_t k = 0; list && k < list->n; k++) {
			text_of(&list->items[k], port);
			/* nothing is offered beyond this machine */
			assert_int_equal(strncmp(port, "127.0.0.1:", 10), 0);
			assert_non_null(variable(s, "OUTTURN_HTTP", http));
			assert_string_equal(strrchr(port, ':'), strrchr(http, ':'));
			test = yaml_get(yaml_get(s, "healthcheck"), "test");
			text_of(&test->items[test->n - 1], health);
			assert_string_equal(health, strrchr(http, ':') + 1);
			ports++;
		}
	}
	assert_int_equal(ports, 4);
}

/* "source:target[:ro]" */
static void
mount_check(const char *mount)
{
	char source[512], target[512];
	struct stat st;

	assert_int_equal(sscanf(mount, "%511[^:]:%511[^:]", source, target), 2);
	assert_int_equal(target[0], '/');
	if (source[0] == '.' || source[0] == '/')
		assert_int_equal(stat(source, &st), 0);
	else if (!declared_volume(source))
		fail_msg("volume '%s' is not declared", source);
}

static void
test_every_volume_and_dependency_is_declared(void **state)
{
	const struct yaml *all = yaml_get(compose->root, "volumes");
	char text[512], name[512], needle[520];
	struct buf source = file_read("docker-compose.yml");

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i];
		const struct yaml *mounts = yaml_get(s, "volumes"), *needs = yaml_get(s, "depends_on");

		for (uint32_t k = 0; mounts && k < mounts->n; k++)
			mount_check(text_of(&mounts->items[k], text));
		for (uint32_t k = 0; needs && k < needs->n; k++)
			assert_non_null(yaml_get(services(), text_of(&needs->keys[k], text)));
	}
	for (uint32_t i = 0; i < all->n; i++) {
		snprintf(needle, sizeof(needle), "%s:/", text_of(&all->keys[i], name));
		assert_non_null(strstr((char *)source.ptr, needle));
	}
	buf_release(&source);
}

/* The directory of a path that a variable names is a volume of that service. */
static void
test_every_key_path_is_on_a_volume(void **state)
{
	static const char *const paths[] = { "OUTTURN_KEYS_DIR", "OUTTURN_TRUST", "PGPASSFILE",
		"POSTGRES_PASSWORD_FILE" };
	uint32_t seen = 0;

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i], *mounts = yaml_get(s, "volumes");

		for (size_t k = 0; k < sizeof(paths) / sizeof(paths[0]); k++) {
			char path[512], mount[512], target[512];
			bool found = false;

			if (!variable(s, paths[k], path))
				continue;
			for (uint32_t m = 0; mounts && m < mounts->n; m++) {
				assert_int_equal(sscanf(text_of(&mounts->items[m], mount), "%*[^:]:%511[^:]",
				    target), 1);
				found |= strncmp(path, target, strlen(target)) == 0;
			}
			if (!found)
				fail_msg("%s is on no volume", paths[k]);
			seen++;
		}
	}
	assert_true(seen >= 7);
}

static void
test_no_daemon_sees_another_ones_key(void **state)
{
	char text[512], name[512];

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i], *mounts = yaml_get(s, "volumes");

		text_of(&services()->keys[i], name);
		for (uint32_t k = 0; mounts && k < mounts->n; k++) {
			text_of(&mounts->items[k], text);
			if (!strncmp(text, "keys:", 5))
				assert_true(!strcmp(name, "init") || !strcmp(name, "outturn"));
			if (!strncmp(text, "keys-ingest:", 12))
				assert_true(!strcmp(name, "init") || !strcmp(name, "ingestd"));
			if (!strncmp(text, "keys-match:", 11))
				assert_true(!strcmp(name, "init") || !strcmp(name, "matchd"));
		}
	}
}

static void
test_every_command_is_in_the_image(void **state)
{
	char command[512], needle[600], name[512];

	(void)state;
	for (uint32_t i = 0; i < services()->n; i++) {
		const struct yaml *s = &services()->items[i];
		const struct yaml *words = yaml_get(s, "command");

		words = words ? words : yaml_get(s, "entrypoint");
		if (!is_ours(s))
			continue;
		assert_non_null(words);
		text_of(&words->items[0], command);
		if (command[0] == '/')
			snprintf(needle, sizeof(needle), "packaging/%s", strrchr(command, '/') + 1);
		else
			snprintf(needle, sizeof(needle), "/src/build/%s ", command);
		if (!strstr((char *)dockerfile.ptr, needle))
			fail_msg("the image has no '%s'", command);
		if (command[0] == '/')
			assert_true(exists(needle));
		text_of(&services()->keys[i], name);
		if (!strncmp(command, "outturn-", 8))
			assert_string_equal(command + 8, name);
	}
}

/* The sample's paths are relative, and the image stands where they lead somewhere. */
static void
test_the_sample_settings_hold_in_the_image(void **state)
{
	static const char *const paths[] = { "config_dir", "postcodes", "frequency" };
	char path[512];

	(void)state;
	assert_non_null(strstr((char *)dockerfile.ptr, "\nWORKDIR " SHARE "\n"));
	assert_non_null(strstr((char *)dockerfile.ptr, "\nCOPY config " SHARE "/config\n"));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		text_of(yaml_get(sample->root, paths[i]), path);
		assert_int_equal(strncmp(path, "config", 6), 0);
		assert_true(exists(path));
	}
}

/* Each source of a COPY that does not come from another stage: all its words but the last. */
static void
test_every_file_that_the_image_copies_exists(void **state)
{
	char *text = strdup((char *)dockerfile.ptr), *lines, *words, *line;
	uint32_t seen = 0;

	(void)state;
	for (line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		char *source, *next;

		if (strncmp(line, "COPY ", 5) != 0 || strstr(line, "--from="))
			continue;
		source = strtok_r(line + 5, " ", &words);
		for (; (next = strtok_r(NULL, " ", &words)) != NULL; source = next) {
			if (!exists(source))
				fail_msg("the image copies '%s', which is not there", source);
			seen++;
		}
	}
	free(text);
	assert_true(seen >= 10);
}

static void
unit_has(struct buf *unit, const char *line)
{
	char needle[256];

	snprintf(needle, sizeof(needle), "\n%s\n", line);
	if (!strstr((char *)unit->ptr, needle))
		fail_msg("no line '%s'", line);
}

static void
test_each_daemon_has_a_unit_that_starts_it_and_shuts_it_in(void **state)
{
	static const char *const daemons[][3] = {
		{ "ingestd", "ingest/main.c", "ingest.key" },
		{ "matchd", "transform/match/main.c", "match.key" },
		{ "milestoned", "transform/milestone/main.c", NULL },
		{ "sinkd", "sink/main.c", "pgpass" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char path[128], line[256];
		struct buf unit;

		assert_true(exists(daemons[i][1]));
		snprintf(path, sizeof(path), "packaging/systemd/outturn-%s.service", daemons[i][0]);
		unit = file_read(path);
		unit_has(&unit, "Type=notify");
		unit_has(&unit, "NoNewPrivileges=yes");
		unit_has(&unit, "ProtectSystem=strict");
		unit_has(&unit, "LimitCORE=0");
		snprintf(line, sizeof(line), "ExecStart=/usr/bin/outturn-%s -c /etc/outturn/outturn.yaml",
		    daemons[i][0]);
		unit_has(&unit, line);
		snprintf(line, sizeof(line), "LoadCredential=%s:/etc/outturn/keys/%s", daemons[i][2],
		    daemons[i][2]);
		if (daemons[i][2])
			unit_has(&unit, line);
		else
			assert_null(strstr((char *)unit.ptr, "LoadCredential"));
		for (size_t k = 0; k < 4; k++)
			if (k != i && daemons[k][2])
				assert_null(strstr((char *)unit.ptr, daemons[k][2]));
		buf_release(&unit);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_image_is_pinned_to_what_the_tests_run),
		cmocka_unit_test(test_one_service_builds_the_image_that_all_of_ours_use),
		cmocka_unit_test(test_every_variable_of_ours_is_a_setting),
		cmocka_unit_test(test_every_variable_of_kafka_is_a_property_that_our_servers_set),
		cmocka_unit_test(test_addresses_agree_between_services),
		cmocka_unit_test(test_every_port_is_the_one_that_is_listened_on),
		cmocka_unit_test(test_every_volume_and_dependency_is_declared),
		cmocka_unit_test(test_every_key_path_is_on_a_volume),
		cmocka_unit_test(test_no_daemon_sees_another_ones_key),
		cmocka_unit_test(test_every_command_is_in_the_image),
		cmocka_unit_test(test_the_sample_settings_hold_in_the_image),
		cmocka_unit_test(test_every_file_that_the_image_copies_exists),
		cmocka_unit_test(test_each_daemon_has_a_unit_that_starts_it_and_shuts_it_in),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
