/* That every key of a JSON document is explained in a file of docs/. Include after
 * cmocka.h. */
#ifndef TESTS_UNIT_VIEW_DOCUMENTED_JSON_H
#define TESTS_UNIT_VIEW_DOCUMENTED_JSON_H

#include <jansson.h>

#include "documented.h"

/* Of a value, and of what is below it. */
static inline void assert_keys(const struct buf *docs, json_t *value) {
    const char *key;
    json_t *item;
    size_t index;
    json_object_foreach(value, key, item) {
        if (!documented_has(docs, key, strlen(key)))
            fail_msg("the documentation lacks %s", key);
        assert_keys(docs, item);
    }
    json_array_foreach(value, index, item) assert_keys(docs, item);
}

static inline void assert_documented(const char *path, json_t *value) {
    BUF_AUTO struct buf docs = {0};
    assert_true(documented_read(path, &docs));
    assert_keys(&docs, value);
}

#endif
