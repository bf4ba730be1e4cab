/* Places in JSON text: from a path to the value or key it names. Walks down one segment
 * of the path at a time. Never parses values, never allocates. */
#include "config/locate.h"

#include "scan_internal.h"

#include <string.h>

/* One step of a path: a key as it would stand in a JSON string, or an index. */
struct segment {
    bool is_index;
    size_t index;
    struct scan_text key;
};

/* Take the next segment off the path. False at its end. */
static bool take_segment(const char **path, struct segment *segment) {
    const char *p = *path;

    if (*p == '\0')
        return false;
    segment->is_index = p[0] == '[' && p[1] != '"';
    if (segment->is_index) {
        segment->index = 0;
        for (p++; *p >= '0' && *p <= '9'; p++)
            segment->index = segment->index * 10 + (size_t)(*p - '0');
        p += *p == ']';
    } else if (*p == '[') {
        struct scan scan = {p + 1, p + strlen(p)};
        segment->key = scan_string(&scan);
        p = scan.at + (scan.at < scan.end);
    } else {
        size_t len = strcspn(p, ".[");
        segment->key = (struct scan_text){p, len};
        p += len;
    }
    *path = p + (*p == '.');
    return true;
}

/* At an object: go to the value of `wanted`. Of equal keys the last counts, as in
 * jansson. */
static bool enter_key(struct scan *scan, struct scan_text wanted, const char **key_at) {
    struct scan found = {NULL, scan->end};
    struct scan_text key;
    const char *at;

    if (!scan_take(scan, '{'))
        return false;
    while (scan_next_key(scan, &key, &at)) {
        scan_peek(scan);
        if (scan_compare(key, wanted) == 0) {
            found.at = scan->at;
            *key_at = at;
        }
        scan_value(scan);
    }
    if (!found.at)
        return false;
    *scan = found;
    return true;
}

static bool enter_index(struct scan *scan, size_t index) {
    if (!scan_take(scan, '['))
        return false;
    while (scan_next_item(scan)) {
        if (index-- == 0)
            return true;
        scan_value(scan);
    }
    return false;
}

bool locate(const char *text, size_t len, const char *path, bool key, int *line,
            int *col) {
    struct scan scan = {text, text + len};
    struct segment segment;
    const char *key_at = NULL;

    if (scan_peek(&scan) == '\0')
        return false;
    const char *place = scan.at;
    while (take_segment(&path, &segment)) {
        struct scan next = scan;
        key_at = NULL;
        if (!(segment.is_index ? enter_index(&next, segment.index)
                               : enter_key(&next, segment.key, &key_at)))
            break;
        scan = next;
        place = scan.at;
    }
    scan_place(text, key && key_at ? key_at : place, line, col);
    return true;
}
