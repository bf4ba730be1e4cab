/* The life of snapshots and records, and the one question that needs a whole snapshot:
 * which check is the root cause. Never fills a snapshot in: the engine does, before it
 * publishes. */
#include "model/snapshot.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What snapshot_new makes. */
struct owned_snapshot {
    struct snapshot snapshot; /* first: its address is the address of the whole */
    struct arena *errors;     /* memory of reload.errors; NULL: none */
};

static struct owned_snapshot *to_owned(struct snapshot *snapshot) {
    return (struct owned_snapshot *)snapshot;
}

/* The first dependency that fails, or UINT32_MAX. */
static uint32_t failing_parent(const struct snapshot *snapshot, uint32_t index) {
    const struct check_config *check = &snapshot->config->checks[index];

    for (uint32_t i = 0; i < check->parent_count; i++) {
        if (snapshot->checks[check->parents[i]]->state == STATE_FAILING)
            return check->parents[i];
    }
    return UINT32_MAX;
}

/* The check to blame for the state of check `index`: up the failing dependencies. Ends,
 * because dependencies are never a cycle. */
static uint32_t blamed_check(const struct snapshot *snapshot, uint32_t index) {
    const struct check_record *record = snapshot->checks[index];

    if (record->state == STATE_BLOCKED && record->blocked_by != UINT32_MAX)
        index = record->blocked_by;
    for (;;) {
        uint32_t parent = failing_parent(snapshot, index);

        if (parent == UINT32_MAX)
            return index;
        index = parent;
    }
}

/* Does check `a` explain more than check `b`? Of equals the one named first in the file.
 */
static bool explains_more(const struct snapshot *snapshot, uint32_t a, uint32_t b) {
    static const int state_order[STATE_COUNT] = {
        [STATE_FAILING] = 0, [STATE_STALE] = 1,   [STATE_SUSPECT] = 2,
        [STATE_PENDING] = 3, [STATE_BLOCKED] = 4, [STATE_PASSING] = 5,
    };
    const struct check_record *ra = snapshot->checks[a];
    const struct check_record *rb = snapshot->checks[b];
    const struct check_config *ca = &snapshot->config->checks[a];
    const struct check_config *cb = &snapshot->config->checks[b];

    if (ra->state != rb->state)
        return state_order[ra->state] < state_order[rb->state];
    if (ca->scope != cb->scope)
        return ca->scope < cb->scope;
    if (ca->severity != cb->severity)
        return ca->severity < cb->severity;
    if (ra->since_wall_ms != rb->since_wall_ms)
        return ra->since_wall_ms < rb->since_wall_ms;
    return a < b;
}

struct check_record *check_record_new(void) {
    struct check_record *record = MEM_NEW(struct check_record);

    atomic_init(&record->refs, 1);
    record->blocked_by = UINT32_MAX;
    outcome_init(&record->last);
    outcome_init(&record->failure);
    return record;
}

struct check_record *check_record_copy(const struct check_record *record) {
    struct check_record *copy = check_record_new();
    const size_t start = offsetof(struct check_record, config);

    /* Not the count before it: other threads change it meanwhile. */
    memcpy((char *)copy + start, (const char *)record + start, sizeof(*copy) - start);
    return copy;
}

struct check_record *check_record_ref(struct check_record *record) {
    atomic_fetch_add_explicit(&record->refs, 1, memory_order_relaxed);
    return record;
}

void check_record_unref(struct check_record *record) {
    if (record == NULL)
        return;
    if (atomic_fetch_sub_explicit(&record->refs, 1, memory_order_acq_rel) == 1)
        free(record);
}

struct snapshot *snapshot_new(struct config *config) {
    struct owned_snapshot *owned = MEM_NEW(struct owned_snapshot);
    struct snapshot *snapshot = &owned->snapshot;

    atomic_init(&snapshot->refs, 1);
    snapshot->config = config_ref(config);
    snapshot->checks = mem_alloc(config->check_count, sizeof(void *));
    snapshot->tenants = mem_alloc(config->tenant_count, sizeof(*snapshot->tenants));
    for (uint32_t i = 0; i < config->tenant_count; i++)
        snapshot->tenants[i].status.decided_by = UINT32_MAX;
    return snapshot;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot) {
    atomic_fetch_add_explicit(&snapshot->refs, 1, memory_order_relaxed);
    return snapshot;
}

void snapshot_unref(struct snapshot *snapshot) {
    if (snapshot == NULL)
        return;
    if (atomic_fetch_sub_explicit(&snapshot->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < snapshot->config->check_count; i++)
        check_record_unref(snapshot->checks[i]);
    free(snapshot->checks);
    free(snapshot->tenants);
    timeline_view_unref(snapshot->timeline);
    census_view_unref(snapshot->census);
    config_unref(snapshot->config);
    arena_free(to_owned(snapshot)->errors);
    free(to_owned(snapshot));
}

void snapshot_set_errors(struct snapshot *snapshot, const char *const *errors,
                         size_t count) {
    struct owned_snapshot *owned = to_owned(snapshot);

    assert(owned->errors == NULL);
    if (count == 0)
        return;
    owned->errors = arena_new();

    const char **items = arena_alloc(owned->errors, count, sizeof(*items));

    for (size_t i = 0; i < count; i++)
        items[i] = arena_copy_text(owned->errors, errors[i]);
    snapshot->reload.errors = (struct text_list){.items = items, .count = count};
}

uint32_t snapshot_root_cause(const struct snapshot *snapshot) {
    uint32_t best = UINT32_MAX;

    for (uint32_t i = 0; i < snapshot->config->check_count; i++) {
        if (snapshot->config->checks[i].severity == SEVERITY_INFO ||
            snapshot->checks[i]->state == STATE_PASSING)
            continue;

        uint32_t candidate = blamed_check(snapshot, i);

        if (best == UINT32_MAX || explains_more(snapshot, candidate, best))
            best = candidate;
    }
    return best;
}

const char *life_name(enum life life) {
    static const char *const names[LIFE_COUNT] = {
        [LIFE_STARTING] = "starting",
        [LIFE_READY] = "ready",
        [LIFE_DRAINING] = "draining",
    };

    return names[life];
}
