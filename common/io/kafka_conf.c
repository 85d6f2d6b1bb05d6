#include "common/io/kafka.h"
#include "common/params.h"

void
kafka_conf_of(const struct params *params, struct kafka_property *properties,
    struct kafka_conf *conf)
{
	_Static_assert((int)KAFKA_PROPERTIES_MAX == (int)PARAMS_KAFKA_PROPERTIES_MAX,
	    "every property of the settings has room");
	for (uint32_t i = 0; i < params->kafka_properties_n; i++)
		properties[i] = (struct kafka_property){ params->kafka_properties[i].name,
			params->kafka_properties[i].value };
	*conf = (struct kafka_conf){ .brokers = params->kafka, .properties = properties,
		.properties_n = params->kafka_properties_n,
		.fetch_kbytes = params->fetch_kbytes,
		.session_ms = params->session,
		.poll_interval_max_ms = params->poll_interval_max };
}
