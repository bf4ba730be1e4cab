/* What check types that ask by HTTP say about a request alike. Inside this layer. */
#ifndef CHECK_HTTP_OUTCOME_H
#define CHECK_HTTP_OUTCOME_H

#include "model/outcome.h"
#include "net/http_client.h"

#include <stdbool.h>

enum { HTTP_EXCERPT_MAX = 240 };

/* Phases, status, and whether a byte came back; kind and reason are still to be set. */
void http_outcome_init(struct outcome *outcome, const struct http_result *result);

/* Why there was no answer: for any result->failure but HTTP_OK. */
void http_outcome_fail(struct outcome *outcome, const struct http_result *result,
                       bool is_tls, const char *ca_file);

/* The start of a body as one line, without white space around it; "empty body" for none.
 * Returns out. */
char *http_excerpt(const struct http_result *result, char out[HTTP_EXCERPT_MAX]);

#endif
