/* A binary heap of due times and one queue per fairness group.
 *
 * Owns the times; never starts anything. All arrays are indexed by check, so a schedule
 * of 10,000 checks is a handful of allocations. */
#include "engine/schedule.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROUND_MS = 5000, NOT_PLANNED = UINT32_MAX };

struct entry {
    int64_t exact_ms; /* the beat itself: jitter never adds up */
    int64_t due_ms;
    uint32_t heap_at; /* NOT_PLANNED: not in the heap */
    uint32_t group;
    uint32_t next; /* in its group's queue */
    bool queued;
};

struct queue {
    uint32_t head;
    uint32_t tail;
    uint32_t next_group; /* in the ring of groups that hold something */
};

struct schedule {
    struct entry *entries;
    uint32_t count;
    uint32_t *heap; /* checks, earliest due first */
    uint32_t heap_len;
    struct queue *queues;
    uint32_t last_group; /* of the ring: new groups go behind it; SCHEDULE_NONE: empty */
    uint32_t queued;
    uint64_t random;
};

/* splitmix64: spreads well from any seed, and quality beyond that is not needed here. */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t hash_name(const char *name) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    return mix(hash);
}

static bool is_before(const struct schedule *s, uint32_t a, uint32_t b) {
    return s->entries[s->heap[a]].due_ms < s->entries[s->heap[b]].due_ms;
}

static void swap_places(struct schedule *s, uint32_t a, uint32_t b) {
    uint32_t check = s->heap[a];
    s->heap[a] = s->heap[b];
    s->heap[b] = check;
    s->entries[s->heap[a]].heap_at = a;
    s->entries[s->heap[b]].heap_at = b;
}

static void sift_up(struct schedule *s, uint32_t at) {
    while (at > 0 && is_before(s, at, (at - 1) / 2)) {
        swap_places(s, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct schedule *s, uint32_t at) {
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < s->heap_len && is_before(s, child, least))
                least = child;
        if (least == at)
            return;
        swap_places(s, at, least);
        at = least;
    }
}

static void plan(struct schedule *s, uint32_t check, int64_t due_ms) {
    s->entries[check].due_ms = due_ms;
    s->entries[check].heap_at = s->heap_len;
    s->heap[s->heap_len++] = check;
    sift_up(s, s->entries[check].heap_at);
}

static uint32_t take_earliest(struct schedule *s) {
    uint32_t check = s->heap[0];
    swap_places(s, 0, s->heap_len - 1);
    s->heap_len--;
    sift_down(s, 0);
    s->entries[check].heap_at = NOT_PLANNED;
    return check;
}

struct schedule *schedule_new(uint32_t count, const uint32_t *group_of,
                              uint32_t group_count, uint64_t seed) {
    struct schedule *s = MEM_NEW(struct schedule);
    s->entries = mem_alloc(count, sizeof *s->entries);
    s->heap = mem_alloc(count, sizeof *s->heap);
    s->queues = mem_alloc(group_count, sizeof *s->queues);
    s->count = count;
    s->random = mix(seed);
    s->last_group = SCHEDULE_NONE;
    for (uint32_t i = 0; i < count; i++) {
        s->entries[i].heap_at = NOT_PLANNED;
        s->entries[i].group = group_of[i];
    }
    for (uint32_t i = 0; i < group_count; i++)
        s->queues[i].head = SCHEDULE_NONE;
    return s;
}

void schedule_free(struct schedule *s) {
    if (!s)
        return;
    free(s->entries);
    free(s->heap);
    free(s->queues);
    free(s);
}

void schedule_first(struct schedule *s, uint32_t check, const char *name,
                    int64_t interval_ms, int64_t now_ms) {
    int64_t span = interval_ms < FIRST_ROUND_MS ? interval_ms : FIRST_ROUND_MS;
    int64_t phase = (int64_t)(hash_name(name) % (uint64_t)(span > 0 ? span : 1));
    s->entries[check].exact_ms = now_ms + phase;
    plan(s, check, now_ms + phase);
}

uint32_t schedule_next(struct schedule *s, uint32_t check, int64_t interval_ms,
                       int jitter_percent, int64_t now_ms) {
    struct entry *entry = &s->entries[check];
    if (entry->heap_at != NOT_PLANNED)
        return 0;
    uint32_t skipped = 0;
    entry->exact_ms += interval_ms;
    if (entry->exact_ms < now_ms) {
        int64_t missed = (now_ms - entry->exact_ms + interval_ms - 1) / interval_ms;
        entry->exact_ms += missed * interval_ms;
        skipped = missed > UINT32_MAX ? UINT32_MAX : (uint32_t)missed;
    }
    int64_t width = interval_ms * jitter_percent / 100;
    int64_t offset = 0;
    if (width > 0) {
        s->random = mix(s->random);
        offset = (int64_t)(s->random % (uint64_t)(width + 1)) - width / 2;
    }
    int64_t due_ms = entry->exact_ms + offset;
    plan(s, check, due_ms > now_ms ? due_ms : now_ms);
    return skipped;
}

void schedule_soon(struct schedule *s, uint32_t check, int64_t due_ms) {
    struct entry *entry = &s->entries[check];
    if (entry->heap_at == NOT_PLANNED) {
        plan(s, check, due_ms);
    } else if (due_ms < entry->due_ms) {
        entry->due_ms = due_ms;
        sift_up(s, entry->heap_at);
    } else {
        return;
    }
    entry->exact_ms = due_ms;
}

void schedule_adopt(struct schedule *s, uint32_t check, const struct schedule *from,
                    uint32_t from_check) {
    const struct entry *old = &from->entries[from_check];
    s->entries[check].exact_ms = old->exact_ms;
    if (old->heap_at != NOT_PLANNED)
        plan(s, check, old->due_ms);
    if (old->queued)
        schedule_push(s, check);
}

int64_t schedule_due(const struct schedule *s, uint32_t check) {
    const struct entry *entry = &s->entries[check];
    return entry->heap_at == NOT_PLANNED ? -1 : entry->due_ms;
}

int64_t schedule_wait_ms(const struct schedule *s, int64_t now_ms) {
    if (s->heap_len == 0)
        return -1;
    int64_t due_ms = s->entries[s->heap[0]].due_ms;
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

void schedule_collect(struct schedule *s, int64_t now_ms) {
    while (s->heap_len > 0 && s->entries[s->heap[0]].due_ms <= now_ms)
        schedule_push(s, take_earliest(s));
}

void schedule_push(struct schedule *s, uint32_t check) {
    struct entry *entry = &s->entries[check];
    if (entry->queued)
        return;
    struct queue *queue = &s->queues[entry->group];
    entry->queued = true;
    entry->next = SCHEDULE_NONE;
    s->queued++;
    if (queue->head != SCHEDULE_NONE) {
        s->entries[queue->tail].next = check;
        queue->tail = check;
        return;
    }
    queue->head = queue->tail = check;
    if (s->last_group == SCHEDULE_NONE) {
        queue->next_group = entry->group;
    } else {
        queue->next_group = s->queues[s->last_group].next_group;
        s->queues[s->last_group].next_group = entry->group;
    }
    s->last_group = entry->group;
}

uint32_t schedule_pop(struct schedule *s) {
    if (s->last_group == SCHEDULE_NONE)
        return SCHEDULE_NONE;
    uint32_t group = s->queues[s->last_group].next_group;
    struct queue *queue = &s->queues[group];
    uint32_t check = queue->head;
    queue->head = s->entries[check].next;
    s->entries[check].queued = false;
    s->queued--;
    if (queue->head != SCHEDULE_NONE)
        s->last_group = group;
    else if (queue->next_group == group)
        s->last_group = SCHEDULE_NONE;
    else
        s->queues[s->last_group].next_group = queue->next_group;
    return check;
}

uint32_t schedule_queued(const struct schedule *s) {
    return s->queued;
}
