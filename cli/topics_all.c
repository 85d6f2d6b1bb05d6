#include "cli/topics_all.h"

#include <string.h>

#include "cli/pages.h"
#include "common/mem.h"
#include "common/topics.h"

enum { TOPICS_MS = 15000, PING_MS = 5000, SETTING_MAX = 128, SETTINGS_MAX = 8 };

static void
put(struct cli *cli, struct topics_all *all, const char *name, int32_t partitions)
{
	struct topic_wanted *t;

	all->items = mem_realloc(all->items, all->n + 1, sizeof(*all->items));
	t = &all->items[all->n++];
	topic_full(cli->params->prefix, name, t->full);
	t->partitions = partitions;
}

int
topics_all_of(struct cli *cli, struct topics_all *all, struct err *err)
{
	size_t prefix = strlen(cli->params->prefix) + 1;
	char name[TOPIC_NAME_MAX + 1];
	struct pages pages;
	int result;

	*all = (struct topics_all){ NULL, 0 };
	for (int i = 0; i < TOPIC_COUNT; i++)
		put(cli, all, topic_name((enum topic_number)i),
		    topic_partitions((enum topic_number)i, cli->params->linked_partitions));
	pages_init(&pages);
	result = pages_config(cli, &pages, err);
	for (size_t i = 0; result == 0 && i < pages.agencies->n; i++) {
		snprintf(name, sizeof(name), SPAN_FMT, SPAN_ARG(pages.agencies->items[i].topic));
		put(cli, all, name, 1);
	}
	pages_release(&pages);
	for (size_t i = 0; i < all->n; i++)
		all->items[i].name = all->items[i].full + prefix;
	if (result)
		topics_all_release(all);
	return result;
}

void
topics_all_release(struct topics_all *all)
{
	mem_free(all->items);
	*all = (struct topics_all){ NULL, 0 };
}

int
topics_all_ping(struct kadmin *admin, struct err *err)
{
	return kadmin_ping(admin, PING_MS, err);
}

int
topics_all_there(struct kadmin *admin, const struct topic_wanted *t, struct err *err)
{
	int n = kadmin_partitions(admin, t->full, TOPICS_MS, err);

	return n > 0 ? 1 : n;
}

int
topics_all_make(struct kadmin *admin, const struct topic_wanted *t, int32_t replication,
    struct err *err)
{
	struct kafka_property config[SETTINGS_MAX];
	struct ktopic topic = { .name = t->full, .partitions = t->partitions,
		.replication = replication, .config = config };
	size_t n;
	const struct topic_setting *settings = topic_settings(t->name, &n);

	for (topic.config_n = 0; topic.config_n < n && topic.config_n < SETTINGS_MAX; topic.config_n++)
		config[topic.config_n] = (struct kafka_property){ settings[topic.config_n].name,
			settings[topic.config_n].value };
	return kadmin_topics_make(admin, &topic, 1, TOPICS_MS, err);
}

int
topics_all_compare(struct kadmin *admin, const struct topic_wanted *t, topics_differ_fn *differs,
    void *arg, struct err *err)
{
	char found[SETTING_MAX], wanted[SETTING_MAX];
	int partitions = kadmin_partitions(admin, t->full, TOPICS_MS, err);
	size_t n;
	const struct topic_setting *settings = topic_settings(t->name, &n);

	if (partitions < 0)
		return -1;
	if (partitions != t->partitions) {
		snprintf(found, sizeof(found), "%d", partitions);
		snprintf(wanted, sizeof(wanted), "%d", (int)t->partitions);
		differs(arg, t->full, "partitions", found, wanted);
	}
	for (size_t i = 0; i < n; i++) {
		if (kadmin_config(admin, t->full, settings[i].name, found, sizeof(found), TOPICS_MS, err))
			return -1;
		if (strcmp(found, settings[i].value) != 0)
			differs(arg, t->full, settings[i].name, found, settings[i].value);
	}
	return 0;
}
