/*
 * schema - the contract language as a JSON Schema, for editors.
 *
 * Made from the tables that contracts are read by; YAML language servers
 * complete, explain and underline with it:
 *
 *	# yaml-language-server: $schema=../schemas/contract.schema.json
 *
 * config/schemas/contract.schema.json is what it printed last; `make docs`.
 */
#ifndef OUTTURN_CLI_SCHEMA_H
#define OUTTURN_CLI_SCHEMA_H

#include "common/buf.h"

void schema_contract(struct buf *out); /* appends JSON, a definition a line */

#endif
