/*
 * avro - the two framings in which a record names its writer's schema.
 */
#include "common/avro.h"

void
av_single_head(uint64_t fingerprint, struct buf *out)
{
	uint8_t head[AV_SINGLE_HEAD] = { 0xc3, 0x01 };

	for (int i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)(fingerprint >> (8 * i));
	buf_add(out, head, sizeof(head));
}

bool
av_single_parse(struct span in, uint64_t *fingerprint, struct span *body)
{
	if (in.len < AV_SINGLE_HEAD || in.ptr[0] != 0xc3 || in.ptr[1] != 0x01)
		return false;
	*fingerprint = 0;
	for (int i = 0; i < 8; i++)
		*fingerprint |= (uint64_t)in.ptr[2 + i] << (8 * i);
	*body = span_of(in.ptr + AV_SINGLE_HEAD, in.len - AV_SINGLE_HEAD);
	return true;
}

void
av_confluent_head(uint32_t schema_id, struct buf *out)
{
	uint8_t head[AV_CONFLUENT_HEAD] = { 0x00 };

	for (int i = 0; i < 4; i++)
		head[1 + i] = (uint8_t)(schema_id >> (24 - 8 * i));
	buf_add(out, head, sizeof(head));
}

bool
av_confluent_parse(struct span in, uint32_t *schema_id, struct span *body)
{
	if (in.len < AV_CONFLUENT_HEAD || in.ptr[0] != 0x00)
		return false;
	*schema_id = 0;
	for (int i = 0; i < 4; i++)
		*schema_id = *schema_id << 8 | in.ptr[1 + i];
	*body = span_of(in.ptr + AV_CONFLUENT_HEAD, in.len - AV_CONFLUENT_HEAD);
	return true;
}
