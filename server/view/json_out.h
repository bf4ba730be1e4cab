/* JSON documents, written member by member: a status of thousands of checks never stands
 * in memory as a tree. Values are built with jansson. Bytes that are not UTF-8 are
 * replaced, never an error. */
#ifndef VIEW_JSON_OUT_H
#define VIEW_JSON_OUT_H

#include <jansson.h>
#include <stdint.h>

#include "model/snapshot.h"

struct buf;

/* The outer object. Each member is one line. */
void json_out_open(struct buf *out);
void json_out_member(struct buf *out, const char *key, json_t *value); /* takes value */
void json_out_raw(struct buf *out, const char *key,
                  const char *json); /* is JSON already */
void json_out_close(struct buf *out);

/* Every member of an object as a member of the outer one; takes the object. */
void json_out_members(struct buf *out, json_t *object);

/* A member that is a list ('[') or an object ('{') of many values, one per line. Items of
 * a list have no key. */
void json_out_open_member(struct buf *out, const char *key, char bracket);
void json_out_item(struct buf *out, const char *key, json_t *value); /* takes value */
void json_out_close_member(struct buf *out, char bracket);

/* New values. NULL text and the time 0 are null. */
json_t *json_out_text(const char *text);
json_t *json_out_time(int64_t wall_ms); /* RFC 3339 */

/* Members of a value under construction. */
void json_out_set(json_t *object, const char *key, const char *text);
void json_out_set_int(json_t *object, const char *key, int64_t number);
void json_out_set_time(json_t *object, const char *key, int64_t wall_ms);

/* The members that every document of our schema starts with: an override is shown in all
 * of them. */
void json_out_head(struct buf *out, const struct snapshot *snapshot);

#endif
