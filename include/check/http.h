/* Check type `http`: one request, judged by status and body. Through the gateway, Envoy's
 * own answers are told apart from the application's. */
#ifndef CHECK_HTTP_H
#define CHECK_HTTP_H

#include "base/ranges.h"
#include "config/schema.h"

#include <stdbool.h>

struct check_type;

enum http_method { HTTP_METHOD_GET, HTTP_METHOD_HEAD };

struct http_options {
    const char *url; /* what is requested; its host is Host and SNI */
    const char
        *connect; /* "host:port" or "unix:PATH" to connect to instead; NULL: the URL's */
    enum http_method method;
    struct header_list headers;
    struct ranges expect;
    const char *contains; /* text the body must hold within max_body; NULL: anything */
    const char *ca_file;
    bool through_gateway; /* the answer may be Envoy's own */
    bool every_address;   /* ask every address of the name, fail if one fails */
};

extern const struct schema http_options_schema; /* of struct http_options */

extern const struct check_type check_http;

#endif
