#include "base/hash.h"

uint32_t hash_bytes(const void *bytes, size_t len) {
    const unsigned char *at = bytes;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 16777619u;
    return hash;
}
