/* Remembers the addresses of the names that were noted last. */
#include "sightings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { NAMES_MAX = 16 };

struct sighting {
    struct addr addr;
    int64_t first_ms; /* INT64_MIN: before anybody looked */
};

static struct name {
    char *target; /* NULL: free */
    struct sighting *sightings;
    size_t count;
    int64_t noted_ms;
} names[NAMES_MAX];

static struct name *find(const char *target) {
    for (size_t i = 0; i < NAMES_MAX; i++) {
        if (names[i].target && strcmp(names[i].target, target) == 0)
            return &names[i];
    }
    return NULL;
}

/* A free place, or that of the name that was noted longest ago. */
static struct name *make(const char *target) {
    struct name *oldest = &names[0];
    for (size_t i = 0; i < NAMES_MAX && oldest->target; i++) {
        if (!names[i].target || names[i].noted_ms < oldest->noted_ms)
            oldest = &names[i];
    }
    free(oldest->target);
    free(oldest->sightings);
    *oldest = (struct name){.target = mem_copy_text(target)};
    return oldest;
}

static int64_t first_seen(const struct name *name, const struct addr *addr,
                          int64_t otherwise) {
    for (size_t i = 0; i < name->count; i++) {
        if (addr_equal_ip(&name->sightings[i].addr, addr))
            return name->sightings[i].first_ms;
    }
    return otherwise;
}

void sightings_note(const char *target, const struct addr *addrs, size_t count,
                    int64_t now_ms, bool *is_young) {
    struct name *name = find(target);
    int64_t otherwise = name ? now_ms : INT64_MIN;
    struct sighting *now = mem_alloc(count, sizeof *now);
    if (!name)
        name = make(target);
    for (size_t i = 0; i < count; i++) {
        now[i].addr = addrs[i];
        now[i].first_ms = first_seen(name, &addrs[i], otherwise);
        is_young[i] =
            now[i].first_ms != INT64_MIN && now_ms - now[i].first_ms < SIGHTING_YOUNG_MS;
    }
    free(name->sightings);
    name->sightings = now;
    name->count = count;
    name->noted_ms = now_ms;
}
