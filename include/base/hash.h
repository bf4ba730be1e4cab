/* FNV-1a (draft-eastlake-fnv), for tables whose keys nobody chooses to collide: names and
 * addresses of our own configuration. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Any thread. */
uint32_t hash_bytes(const void *bytes, size_t len);

#endif
