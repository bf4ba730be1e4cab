/* What the files of the fixture share. */
#ifndef TESTS_UNIT_VIEW_FIXTURE_INTERNAL_H
#define TESTS_UNIT_VIEW_FIXTURE_INTERNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "model/snapshot.h"

/* When every snapshot was taken: 2026-03-01T12:00:00.250Z. */
#define FIXTURE_WALL_MS INT64_C(1772366400250)
#define FIXTURE_MONO_MS INT64_C(5000000)

void fixture_fail(const char *what, const char *which) __attribute__((noreturn));

/* A text as the description means it, in the configuration's memory; NULL stays NULL. */
const char *fixture_text(struct config *config, const json_t *object, const char *key,
                         const char *otherwise);
int64_t fixture_int(const json_t *object, const char *key, int64_t otherwise);
bool fixture_bool(const json_t *object, const char *key, bool otherwise);

/* The place of a word among the names of an enum. */
#define WORD(object, key, otherwise, count, name, type)                                  \
    ({                                                                                   \
        const json_t *value_ = json_object_get(object, key);                             \
        const char *word_ = value_ ? json_string_value(value_) : name(otherwise);        \
        int found_ = 0;                                                                  \
        while (found_ < (count) && strcmp(name((type)found_), word_) != 0)               \
            found_++;                                                                    \
        if (found_ == (count))                                                           \
            fixture_fail("unknown word", word_);                                         \
        (type) found_;                                                                   \
    })

void fixture_outcome(struct config *config, const json_t *json, struct outcome *outcome);

/* Nothing where `json` is NULL. */
void fixture_timeline(struct snapshot *snapshot, const json_t *json);
void fixture_census(struct snapshot *snapshot, const json_t *json);

#endif
