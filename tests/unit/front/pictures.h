/* Hand-built snapshots for the fronts: a configuration with tenants and checks, and the
 * states that a test wants to see. */
#ifndef TESTS_UNIT_FRONT_PICTURES_H
#define TESTS_UNIT_FRONT_PICTURES_H

#include "model/snapshot.h"

/* `tenant_count` tenants "t0", "t1", ..., each with a check "tenant/tN/direct", and a
 * check "gateway/status" of scope shared before them. One reference. */
struct config *picture_config(uint32_t tenant_count);

/* Everything passing, life LIFE_READY, instance "pod-1". Takes a reference to the config.
 * What a test changes before it publishes is its own business. */
struct snapshot *picture_new(struct config *config);

#endif
