/* Finding keys that stand twice in one object: jansson stops at the first, but a file's
 * errors are told all at once. Runs only after jansson has seen one. */
#include "duplicates_internal.h"

#include "base/mem.h"
#include "config/schema.h"
#include "path_internal.h"
#include "scan_internal.h"

#include <stdlib.h>

/* The way from the document to a value, innermost first. */
struct step {
    const struct step *parent; /* NULL: the document */
    const struct scan_text *key;
    size_t index; /* without a key */
};

struct member {
    struct scan_text key;
    const char *at;
};

struct search {
    struct schema_reader *reader;
    struct scan scan;
};

static const char *step_path(struct arena *arena, const struct step *step) {
    if (!step->parent)
        return "";
    const char *path = step_path(arena, step->parent);
    return step->key ? path_add_raw_key(arena, path, step->key->at, step->key->len)
                     : path_add_index(arena, path, step->index);
}

/* By key, equal ones in the order of the text. */
static int compare_members(const void *left, const void *right) {
    const struct member *a = left;
    const struct member *b = right;
    int order = scan_compare(a->key, b->key);

    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

static void report(struct search *search, const struct step *step,
                   const struct member *first, const struct member *again) {
    struct schema_reader *reader = search->reader;
    struct step child = {step, &again->key, 0};
    struct err err = {0};
    int line, col;

    if (reader->errors->len == ERR_LIST_MAX) {
        reader->errors->dropped++; /* nobody will read its place */
        return;
    }
    scan_place(reader->text, first->at, &line, &col);
    err_set(&err, ERR_INVALID,
            "expected each key once, found it again (first at line %d, column %d)", line,
            col);
    err_wrap(&err, "%s", step_path(reader->arena, &child));
    scan_place(reader->text, again->at, &err.line, &err.col);
    err_list_add(reader->errors, &err);
}

static void report_repeated(struct search *search, const struct step *step,
                            struct member *members, size_t count) {
    size_t first = 0;

    if (count < 2)
        return;
    qsort(members, count, sizeof(*members), compare_members);
    for (size_t i = 1; i < count; i++) {
        if (scan_compare(members[first].key, members[i].key) == 0)
            report(search, step, &members[first], &members[i]);
        else
            first = i;
    }
}

/* Recursion is as deep as the text, at most jansson's 2048 levels. */
static void search_value(struct search *search, const struct step *step) {
    struct scan *scan = &search->scan;

    if (scan_take(scan, '[')) {
        struct step child = {step, NULL, 0};
        for (; scan_next_item(scan); child.index++)
            search_value(search, &child);
    } else if (scan_take(scan, '{')) {
        struct member *members = NULL;
        size_t count = 0;
        size_t room = 0;
        struct member member;
        while (scan_next_key(scan, &member.key, &member.at)) {
            if (count == room) {
                room = room ? room * 2 : 16;
                members = mem_resize(members, room, sizeof(*members));
            }
            members[count++] = member;
            struct step child = {step, &member.key, 0};
            search_value(search, &child);
        }
        report_repeated(search, step, members, count);
        free(members);
    } else {
        scan_value(scan);
    }
}

void duplicates_report(struct schema_reader *reader) {
    struct search search = {reader, {reader->text, reader->text + reader->len}};

    search_value(&search, &(struct step){0});
}
