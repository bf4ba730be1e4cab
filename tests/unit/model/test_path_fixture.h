/* Snapshots from one line of text, for the tests of path diagnosis. */
#ifndef TESTS_UNIT_MODEL_TEST_PATH_FIXTURE_H
#define TESTS_UNIT_MODEL_TEST_PATH_FIXTURE_H

#include "model/path.h"

enum {
    SCENE_TENANTS_MAX = 4,
    SCENE_NOW_WALL_MS = 1700000000,
    SCENE_NOW_MONO_MS = 900000,
};

/* Checks of a scene. Of each tenant there is a direct, a routed and an own one; their
 * names get a digit from the second tenant on: "routed2". */
enum scene_check {
    SCENE_STATUS,
    SCENE_STATS,
    SCENE_ADMIN,
    SCENE_TLS,
    SCENE_LOOP,
    SCENE_SELF,
    SCENE_SHARED,
    SCENE_DIRECT,
    SCENE_ROUTED,
    SCENE_OWN,
    SCENE_CHECKS = SCENE_OWN + 1 + 3 * (SCENE_TENANTS_MAX - 1),
};

/* A snapshot and what is known beside it. */
struct scene {
    struct snapshot *snapshot;
    struct config *config;
    bool is_stuck;
    struct tenant_config *tenants; /* config's own, to be changed by hand */
    struct check_config *configs;  /* the same */
    uint32_t checks[SCENE_CHECKS]; /* index in config->checks; UINT32_MAX: left out */
};

/* Everything passes but what `text` says, words apart by spaces:
 *   plain         the gateway is asked without TLS
 *   nogw          there is no gateway
 *   tenants=N     1 unless said
 *   identity      tenants have a mark
 *   CHECK=WHAT    what a check says: pass, none (no outcome yet), na (not available),
 *                 absent, stale, suspect, a reason code (it fails), ~CODE (it warns),
 *                 ?CODE (not available, and why); CHECK is in the list above
 *     +early      before the TLS handshake        +late     behind it
 *     +head       a status had arrived            +404      and this was it
 *     +part       one of two addresses            +warning  of that severity
 *     +once       the newest failure is not counted
 *     +blocked    the state is blocked, by the gateway's status unless
 *     +by:CHECK   says otherwise
 *   appgw=SECONDS its newest probe; silence is overdue after 60; +node, +stranger: from
 *                 another address, with and without subnets configured; +retry
 *   starved, stuck, starting */
void scene_make(struct scene *scene, const char *text);
void scene_free(struct scene *scene);

/* Set one check after scene_make, as CHECK=WHAT does. */
void scene_set(struct scene *scene, enum scene_check check, const char *what);
/* The record of a check, to be changed by hand. */
struct check_record *scene_record(struct scene *scene, enum scene_check check);
/* Tenant states from check states, as the engine would. */
void scene_judge(struct scene *scene);

/* Judge, look, diagnose. */
void scene_diagnose(struct scene *scene, uint32_t tenant, struct path_report *report);

#endif
