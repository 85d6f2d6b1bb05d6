/*
 * yaml - YAML text to nodes, on libfyaml's event parser.
 *
 * Refused, each with its place: anchors and aliases, tags, a second document,
 * keys that are not plain names, a key twice, nesting past YAML_DEPTH_MAX,
 * more than YAML_NODES_MAX nodes, files past YAML_BYTES_MAX, bytes that are
 * not UTF-8.  The parser never sees a file that is too big, and the tree is
 * built without recursion: no input exhausts the stack.
 */
#ifndef OUTTURN_IO_YAML_H
#define OUTTURN_IO_YAML_H

#include "common/yaml.h"

/* Parses a copy of `source`; `name` is how mistakes call it.  Owned by the
 * caller (yaml_doc_free()), or NULL with mistakes in `report`. */
struct yaml_doc *yaml_parse(const char *name, struct span source, struct yaml_report *report);

/* The same from a file. */
struct yaml_doc *yaml_load(const char *path, struct yaml_report *report);
/* The same, but what has anchors, tags or keys twice, and is a tree, is returned with its
 * mistakes: whoever reports looks for the others, too. */
struct yaml_doc *yaml_load_told(const char *path, struct yaml_report *report);

#endif
