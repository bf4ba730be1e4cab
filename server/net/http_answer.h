/* Reads one HTTP/1 answer from bytes as they come (RFC 9112). Never touches a socket. */
#ifndef NET_HTTP_ANSWER_H
#define NET_HTTP_ANSWER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_answer_state {
    HTTP_ANSWER_MORE, /* bytes are missing */
    HTTP_ANSWER_WHOLE,
    HTTP_ANSWER_BROKEN,    /* not HTTP: `why` */
    HTTP_ANSWER_HEAD_LONG, /* the heads and trailers are beyond max_head */
    HTTP_ANSWER_BODY_LONG, /* the body is beyond max_body, of which that much was kept */
};

/* Zeroed, then the first part filled in by the caller. */
struct http_answer {
    struct buf *head; /* gets the final answer's lines, a NUL behind each */
    struct buf *body;
    size_t max_head;
    size_t max_body;
    bool is_head_only; /* the answer to HEAD */

    const char *why; /* a constant */
    int status;      /* of the final answer, once head_done */
    bool head_done;
    size_t head_bytes; /* of all heads and trailers */
    bool persists;     /* once WHOLE: the connection may carry another exchange */

    int step; /* the reader's own from here */
    int line_status;
    bool says_close;
    bool is_chunked;
    bool has_length;
    uint64_t length; /* of the body */
    uint64_t left;   /* of the body or of the chunk */
    struct buf line;
};

enum http_answer_state http_answer_read(struct http_answer *answer, const char *bytes,
                                        size_t len);
/* The peer has closed: WHOLE where that is how the body ends, else MORE. */
enum http_answer_state http_answer_close(const struct http_answer *answer);
void http_answer_fini(struct http_answer *answer);

#endif
