/* From text to a JSON document, and errors to their places. Knows no keys. */
#include "document_internal.h"

#include "base/buf.h"
#include "duplicates_internal.h"
#include "scan_internal.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static void report_text(struct schema_reader *reader, size_t at, const char *text) {
    struct err err = {0};

    err_set(&err, ERR_SYNTAX, "%s", text);
    scan_place(reader->text, reader->text + at, &err.line, &err.col);
    err_list_add(reader->errors, &err);
}

/* Where the token starts that jansson stopped behind and quotes, if it does. */
static size_t token_start(const struct schema_reader *reader, const json_error_t *error) {
    size_t end = error->position > 0 ? (size_t)error->position : 0;
    const char *token = strstr(error->text, " near '");

    if (end > reader->len)
        end = reader->len;
    if (!token)
        return end;
    token += strlen(" near '");
    size_t len = strlen(token);
    len -= len > 0; /* the quote behind it */
    if (len > end || memcmp(reader->text + end - len, token, len) != 0)
        return end;
    return end - len;
}

static void report_syntax(struct schema_reader *reader, const json_error_t *error) {
    BUF_AUTO struct buf text = {0};

    /* jansson says nothing where its own memory ran out. */
    if (error->text[0] == '\0' || json_error_code(error) == json_error_out_of_memory) {
        document_report_memory(reader);
        return;
    }
    buf_printf(&text, "expected JSON, found a syntax error: %s", error->text);
    report_text(reader, token_start(reader, error), text.data);
}

/* By place, those of one place in the order they were found. */
static void sort_errors(struct err_list *errors) {
    for (size_t i = 1; i < errors->len; i++) {
        struct err err = errors->items[i];
        size_t j = i;
        for (; j > 0; j--) {
            const struct err *before = &errors->items[j - 1];
            if (before->line < err.line ||
                (before->line == err.line && before->col <= err.col))
                break;
            errors->items[j] = *before;
        }
        errors->items[j] = err;
    }
}

json_t *document_parse(struct schema_reader *reader) {
    struct scan scan = {reader->text, reader->text + reader->len};
    json_error_t error = {0};

    if (scan_peek(&scan) == '\0' && scan.at == scan.end) {
        report_text(reader, 0, "expected an object, found an empty file");
        return NULL;
    }
    if (reader->len >= 3 && memcmp(reader->text, "\xEF\xBB\xBF", 3) == 0) {
        report_text(reader, 0, "expected JSON, found a byte order mark before it");
        return NULL;
    }
    json_t *json = json_loadb(reader->text, reader->len,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!json && json_error_code(&error) == json_error_duplicate_key) {
        duplicates_report(reader);
        json = json_loadb(reader->text, reader->len, JSON_DECODE_ANY, &error);
    }
    if (!json)
        report_syntax(reader, &error);
    return json;
}

void document_report_memory(struct schema_reader *reader) {
    struct err err = {0};

    err_set_sys(&err, ENOMEM, "out of memory");
    err_list_add(reader->errors, &err);
}

void document_give_errors(struct err_list *found, struct err_list *errors) {
    sort_errors(found);
    for (size_t i = 0; i < found->len; i++)
        err_list_add(errors, &found->items[i]);
    errors->dropped += found->dropped;
}
