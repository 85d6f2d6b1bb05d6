/*
 * params - every setting once: its place in the struct, its name in the file,
 * the environment and on the command line, its limits and its prose.
 *
 *	config/outturn.yaml   kafka: 127.0.0.1:9092
 *	environment           KAFKA=...  PGURI=...  OUTTURN_<NAME>=...
 *	command line          -o kafka=...
 *
 * The later line wins.  `kafka_properties:` in the file (a mapping) is handed
 * to librdkafka as it is: TLS and SASL.  A mistake names its place and is
 * final: a daemon refuses to start.
 *
 * Pure: file and environment are handed in as text (common/io/daemon.h reads).
 */
#ifndef OUTTURN_PARAMS_H
#define OUTTURN_PARAMS_H

#include "common/err.h"
#include "common/yaml.h"

/* P(name, TEXT | INT, min, max, preset, unit, what it is); a path in the file
 * is relative to the directory the program was started in. */
#define PARAMS(P)                                                                                  \
	P(kafka, TEXT, 0, 0, "127.0.0.1:9092", "host:port,...", "Kafka brokers. Environment: KAFKA.") \
	P(pguri, TEXT, 0, 0, "postgresql:///outturn", "", "PostgreSQL. Environment: PGURI.")       \
	P(prefix, TEXT, 0, 0, "outturn", "", "First part of every topic's name.")                  \
	P(instance, TEXT, 0, 0, "1", "", "Tells instances of one daemon apart: a static group member's name.") \
	P(config_dir, TEXT, 0, 0, "config", "path", "Where code lists, contracts, agencies and schemas are read by the command.") \
	P(keys_dir, TEXT, 0, 0, "keys", "path", "Where key files are; see outturn keys init.")     \
	P(trust, TEXT, 0, 0, "keys/trust", "path", "Public keys of who may publish terms.")        \
	P(postcodes, TEXT, 0, 0, "config/postcodes-sample.csv", "path", "Ward and deprivation decile by postcode; ingestd.") \
	P(frequency, TEXT, 0, 0, "config/frequency.tsv", "path", "How common names are; ingestd.") \
	P(schemas, TEXT, 0, 0, "", "path", "Directory of further writers' Avro schemas and confluent-ids.txt; empty: none.") \
	P(linked_partitions, INT, 1, 64, "4", "", "Partitions of linked and outcomes when outturn migrate makes them.") \
	P(replication, INT, 0, 16, "0", "", "Replicas of topics when outturn migrate makes them; 0: the broker's default.") \
	P(flush_after, INT, 1, 60000, "100", "ms", "sinkd writes a partial batch after this long.")  \
	P(fetch_kbytes, INT, 64, 1048576, "8192", "KiB", "Read ahead of each daemon's reader, for each partition.") \
	P(session, INT, 1000, 600000, "6000", "ms", "A group member unheard of for so long loses its partitions.") \
	P(poll_interval_max, INT, 1000, 3600000, "60000", "ms", "The same when its loop stands still.") \
	P(commit_every, INT, 100, 600000, "2000", "ms", "Group offsets are told this often, for people to look at.") \
	P(state_limit, INT, 0, 1048576, "0", "MiB", "A daemon whose resident memory passes this stops with a clear message; 0: no limit.") \
	P(http, TEXT, 0, 0, "", "host:port", "Metrics and health of a daemon: /metrics, /health; empty: none.") \
	P(log_level, TEXT, 0, 0, "info", "", "error, warn, info or debug.")                        \
	P(tokens, TEXT, 0, 0, "all", "", "all, or core: the nine core tokens only.")               \
	P(clk, TEXT, 0, 0, "none", "", "Bloom encoding of names and address: none; record, one hardened encoding for all of them; trusted-matcher, one for each name.") \
	P(purpose, TEXT, 0, 0, "outcomes", "", "What the records are linked for: keys of two purposes share nothing, so that nothing made for one can be matched with the other.") \
	P(key_epochs, TEXT, 0, 0, "", "", "Epochs of the pseudonymisation keys that evidence is written under: one, or while they are changed both, as in 1 2; empty: that of ingest.key.") \
	P(match_epoch, INT, 0, 1000000, "0", "", "Epoch of the keys that people are matched under; 0: the first that evidence has.") \
	P(reviewers, INT, 1, 2, "1", "", "How many reviewers must say the same of a pair of events before it counts; 2: who says it first is checked by somebody else. matchd and recompute must have the same.") \
	P(drain, INT, 0, 600000, "10000", "ms", "After SIGTERM a daemon finishes what is in hand for at most this long.")

enum { PARAMS_KAFKA_PROPERTIES_MAX = 16 };

struct params {
#define PARAM_TEXT(name) const char *name;
#define PARAM_INT(name) int32_t name;
#define PARAM_FIELD(name, type, min, max, preset, unit, doc) PARAM_##type(name)
	PARAMS(PARAM_FIELD)
#undef PARAM_FIELD
#undef PARAM_TEXT
#undef PARAM_INT
	struct {
		const char *name, *value;
	} kafka_properties[PARAMS_KAFKA_PROPERTIES_MAX];
	uint32_t kafka_properties_n;
	struct arena arena; /* owns the texts */
};

void params_init(struct params *p); /* presets */
void params_release(struct params *p);

/* A parsed file; mistakes go to the report, false if there were any. */
bool params_file(struct params *p, const struct yaml *root, struct yaml_report *report);
/* KAFKA, PGURI, OUTTURN_*; what is not ours is passed over.  -1: ERR_FATAL names the variable. */
int params_environment(struct params *p, const char *const *environment, struct err *err);
/* "name=value"; -1: ERR_FATAL, with a suggestion for a name that is near. */
int params_set(struct params *p, const char *assignment, struct err *err);

/* All settings as a commented YAML file: config/outturn.yaml is this, byte for byte. */
void params_sample(struct buf *out);

#endif
