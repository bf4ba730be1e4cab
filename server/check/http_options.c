/* The keys of a check of type http: their table and the rules between them. Never runs a
 * check. */
#include "check/http.h"

#include "base/err.h"

#include <stddef.h>
#include <strings.h>

static const char *const method_words[] = {"GET", "HEAD", NULL};

static const struct schema_row rows[] = {
    {.name = "url",
     .kind = SCHEMA_URL,
     .offset = offsetof(struct http_options, url),
     .flags = SCHEMA_REQUIRED,
     .help = "What is requested. Its host is sent in Host and SNI."},
    {.name = "connect",
     .kind = SCHEMA_TARGET,
     .offset = offsetof(struct http_options, connect),
     .help = "Where to connect instead of the host and port of the URL."},
    {.name = "method",
     .kind = SCHEMA_ENUM,
     .offset = offsetof(struct http_options, method),
     .fallback = "\"GET\"",
     .words = method_words,
     .help = "The request method."},
    {.name = "headers",
     .kind = SCHEMA_HEADERS,
     .offset = offsetof(struct http_options, headers),
     .max = 32,
     .help = "Headers that are sent as well. Their values are never shown."},
    {.name = "expect",
     .kind = SCHEMA_RANGES,
     .offset = offsetof(struct http_options, expect),
     .fallback = "\"200-299\"",
     .help = "The statuses that pass."},
    {.name = "contains",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct http_options, contains),
     .min = 1,
     .max = 1024,
     .help = "Text that the first max_body bytes of the answer must hold."},
    {.name = "ca_file",
     .kind = SCHEMA_TEXT,
     .offset = offsetof(struct http_options, ca_file),
     .min = 1,
     .max = 4095,
     .help = "A PEM file of the certificates to trust instead of the system's."},
    {.name = "through_gateway",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct http_options, through_gateway),
     .fallback = "false",
     .help = "The request passes an Istio gateway, whose own answers are told apart."},
    {.name = "every_address",
     .kind = SCHEMA_BOOL,
     .offset = offsetof(struct http_options, every_address),
     .fallback = "false",
     .help = "Ask every address of the name and fail if one of them fails."},
};

/* Headers that frame the message or choose the route belong to the request itself. */
static bool check_headers(const struct header_list *headers, struct err *err) {
    static const char *const ours[] = {"Host", "Content-Length", "Transfer-Encoding",
                                       "Connection"};

    for (size_t i = 0; i < headers->count; i++) {
        for (size_t j = 0; j < sizeof(ours) / sizeof(ours[0]); j++) {
            if (strcasecmp(headers->items[i].name, ours[j]) != 0)
                continue;
            err_set(err, ERR_INVALID,
                    "expected another header, found \"%s\", which is the request's own",
                    headers->items[i].name);
            err_wrap(err, "headers.%s", headers->items[i].name);
            return false;
        }
    }
    return true;
}

static bool check_http_options(const void *object, struct err *err) {
    const struct http_options *options = object;

    if (options->method == HTTP_METHOD_HEAD && options->contains) {
        err_set(err, ERR_INVALID,
                "expected method \"GET\" next to it, found \"HEAD\", whose answers have "
                "no body");
        err_wrap(err, "contains");
        return false;
    }
    return check_headers(&options->headers, err);
}

const struct schema http_options_schema = {
    .name = "http",
    .size = sizeof(struct http_options),
    .rows = rows,
    .row_count = sizeof(rows) / sizeof(rows[0]),
    .check = check_http_options,
};
