/* Tables that describe JSON objects. One table per object drives reading, defaults,
 * validation, comparison on reload, the effective configuration, the JSON Schema for
 * editors and the tables of the man page, so none of them can disagree. */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct json_t; /* jansson's value */
struct schema;

/* What a row reads, and the C type at its offset. */
enum schema_kind {
    SCHEMA_TEXT,     /* const char *; min and max are lengths */
    SCHEMA_NAME,     /* const char *; a check or tenant name, see SCHEMA_SEGMENT */
    SCHEMA_BOOL,     /* bool */
    SCHEMA_INT,      /* int, min..max */
    SCHEMA_DURATION, /* int64_t ms, min..max; "5s" */
    SCHEMA_SIZE,     /* int64_t bytes, min..max; 4096 or "4KiB", "1MiB" */
    SCHEMA_PERCENT,  /* int, min..max; "50%" */
    SCHEMA_ENUM,     /* int; index into words */
    SCHEMA_URL,      /* const char *; http or https */
    SCHEMA_TARGET,   /* const char *; "host:port" or "unix:/path" */
    SCHEMA_HOST,     /* const char *; a DNS name or a numeric address, no port */
    SCHEMA_LISTEN,   /* const char *; addr_parse_listen form; SCHEMA_NONE_OK: or "none" */
    SCHEMA_ROUTE,    /* const char *; an absolute path without a fragment */
    SCHEMA_TIME,     /* int64_t wall ms; RFC 3339 */
    SCHEMA_RANGES,   /* struct ranges; "200-299" or ["200", "301-302"] */
    SCHEMA_TEXTS,    /* struct text_list */
    SCHEMA_CIDRS,    /* struct cidr_list */
    SCHEMA_HEADERS,  /* struct header_list; {"X-A": "b"}; values are secrets */
    SCHEMA_OBJECT,   /* the struct of `object`, embedded */
    SCHEMA_OBJECTS,  /* nothing; an array of `object`s, whose items the caller reads */
};

enum schema_flag {
    SCHEMA_REQUIRED = 1,
    SCHEMA_SECRET = 2,  /* shown as "(removed)" in the effective configuration */
    SCHEMA_SEGMENT = 4, /* SCHEMA_NAME: one segment, no "/" */
    SCHEMA_NONE_OK = 8,
};

struct header {
    const char *name;
    const char *value;
};
struct header_list {
    const struct header *items;
    size_t count;
};

struct schema_row {
    const char *name;
    enum schema_kind kind;
    size_t offset;
    int64_t min;
    int64_t max;          /* SCHEMA_TEXTS, _CIDRS, _HEADERS: how many; 0: no limit */
    const char *fallback; /* default as JSON text ("\"5s\"", "2"), a string without
                             escapes, an integer or a boolean; NULL: stays as it is */
    unsigned flags;
    const char *const *words;    /* SCHEMA_ENUM: NULL-terminated */
    const struct schema *object; /* SCHEMA_OBJECT, SCHEMA_OBJECTS */
    size_t set_offset; /* a bool that tells whether the key is in the file; 0: none */
    const char *help;  /* one sentence, for the man page and the editor */
};

struct schema {
    const char *name; /* heading in the man page: "gateway" */
    size_t size;      /* of the struct */
    const struct schema_row *rows;
    size_t row_count;
    /* Rules between keys; may be NULL. Called after an object was read without an error.
     * `where` of its error is a key, a path below the object, or empty. */
    bool (*check)(const void *object, struct err *err);
};

/* What is read into, and from where. */
struct schema_reader {
    struct arena *arena;     /* owns all that the objects point to */
    struct err_list *errors; /* each with its path */
    const char *text; /* what `json` was read from, for lines and columns; or NULL */
    size_t len;
    bool ignore_unknown; /* accept keys that no target knows */
};

/* One object may be read through several tables (a check: the common keys and its
 * type's). */
struct schema_target {
    const struct schema *schema;
    void *object;
};

/* Fill a zeroed or partly filled object with the defaults of every row. */
void schema_set_defaults(const struct schema *schema, void *object, struct arena *arena);

/* Read `json`, which stands at `path`, into the targets' objects, which already hold
 * their defaults. Every unknown key (with the nearest known one), wrong type and value
 * out of range is added to reader->errors. Returns true if nothing was. */
bool schema_read(struct schema_reader *reader, const struct schema_target *targets,
                 size_t count, struct json_t *json, const char *path);

/* Add an error about the value at `path` (with `at_key`: about the key that names it):
 * "expected ..., found ...". */
void schema_report(struct schema_reader *reader, const char *path, bool at_key,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Both objects say the same. */
bool schema_equal(const struct schema *schema, const void *a, const void *b);

/* The object as JSON, defaults written out, secrets removed, unset keys left out; an
 * empty array for SCHEMA_OBJECTS. A new reference; NULL: out of memory. */
struct json_t *schema_to_json(const struct schema *schema, const void *object);

/* The rows as properties of a JSON Schema (draft 2020-12) object. A new reference; NULL:
 * out of memory. */
struct json_t *schema_to_json_schema(const struct schema *schema);

/* The rows as an mdoc(7) list, objects in objects as lists in lists. */
void schema_to_mdoc(const struct schema *schema, struct buf *out);

#endif
