/* What is known at one moment: the one object that leaves the engine thread.
 *
 * A snapshot and its records never change after publication and are counted with atomics:
 * any thread may read one it holds a reference to. A record is shared by every snapshot
 * taken while its check did not change, so taking one copies pointers only. */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/census.h"
#include "model/config.h"
#include "model/health.h"
#include "model/outcome.h"
#include "model/timeline.h"
#include "model/verdict.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum life { LIFE_STARTING, LIFE_READY, LIFE_DRAINING };
enum { LIFE_COUNT = 3 };

/* One check at one moment. Owned by its references; `config` lives as long as the
 * snapshot that holds the record. */
struct check_record {
    atomic_uint refs;
    const struct check_config *config;
    enum check_state state;   /* shown */
    enum check_state counted; /* by rise and fall */
    unsigned streak;
    bool is_streak_pass;
    uint32_t blocked_by;      /* index of the failing dependency; UINT32_MAX: none */
    int64_t since_wall_ms;    /* when the shown state began */
    int64_t last_run_wall_ms; /* end of the newest run; 0: none yet */
    int64_t last_run_mono_ms;
    int64_t next_run_mono_ms;
    uint64_t runs;
    uint64_t passes;
    uint64_t failures;
    uint64_t late;    /* answers that came after their deadline, dropped */
    uint64_t skipped; /* starts given up because the run before was still going */
    struct outcome last;
    bool has_failure;
    int64_t failure_wall_ms;
    struct outcome failure; /* the newest failure: a pass never pushes it out */
};

struct tenant_record {
    struct tenant_status status;
    int64_t since_wall_ms;
};

/* How the engine itself is doing. */
struct engine_stats {
    uint64_t turns;
    int64_t longest_turn_us; /* since start */
    int64_t lag_us;          /* newest: how late its timer came */
    int64_t longest_lag_us;
    int in_flight;
    int queued; /* due, waiting for a place under the cap */
    uint64_t runs;
    uint64_t late;
    uint64_t commands_refused; /* run-now requests dropped by the rate limit */
    uint64_t transitions;
    uint64_t clock_jumps; /* wall clock against monotonic, more than 1 s */
};

/* Whether the observer itself is well (engine/guard.h). */
struct self_status {
    bool is_starved;  /* outcomes are suspect now */
    bool is_degraded; /* for so long that it counts as our own degradation */
    const char *sign; /* "fine", "loop_lag", ...: static */
    char text[128];   /* the figure behind it, for people */
};

/* Loads of the configuration since start. */
struct reload_stats {
    uint64_t loaded; /* successful, the first one included */
    uint64_t refused;
    bool last_ok;
    int64_t loaded_wall_ms;  /* when the running configuration was loaded */
    int64_t refused_wall_ms; /* when the last bad one was refused; 0: never */
    /* Errors of the refused file, formatted, oldest first; empty after a good load. */
    struct text_list errors; /* in memory owned by the snapshot */
};

struct snapshot {
    atomic_uint refs;
    struct config *config;   /* one reference */
    const char *instance;    /* this pod's name; borrowed, lives as long as the process */
    int64_t started_wall_ms; /* start of the process */
    int64_t taken_wall_ms;
    int64_t taken_mono_ms;
    enum life life;
    struct verdicts verdicts;
    int64_t verdict_since_wall_ms;
    struct self_status self;
    struct engine_stats engine;
    struct reload_stats reload;
    struct timeline_view *timeline; /* one reference; NULL: nothing happened yet */
    struct census_view *census;     /* one reference; NULL: not counted yet */
    struct check_record **checks;   /* config->check_count references */
    struct tenant_record *tenants;  /* config->tenant_count, owned */
};

/* An empty record or snapshot with one reference. snapshot_new takes a reference to
 * config and allocates both arrays; `checks` starts as NULLs. */
struct check_record *check_record_new(void);
/* A copy with one reference of its own. */
struct check_record *check_record_copy(const struct check_record *record);
struct check_record *check_record_ref(struct check_record *record);
void check_record_unref(struct check_record *record); /* NULL is fine */

struct snapshot *snapshot_new(struct config *config);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL is fine */

/* Copy `count` messages into memory of the snapshot. Call once, before publication. */
void snapshot_set_errors(struct snapshot *snapshot, const char *const *errors,
                         size_t count);

/* The check that explains best why the verdict is not healthy: a failing check that
 * depends on nothing that fails itself; scope self before shared before tenants, critical
 * before warning, the oldest first; then stale, then pending ones. UINT32_MAX: nothing is
 * wrong. */
uint32_t snapshot_root_cause(const struct snapshot *snapshot);

const char *life_name(enum life life); /* "starting", "ready", "draining" */

#endif
