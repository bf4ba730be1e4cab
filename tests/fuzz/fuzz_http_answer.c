/* Any bytes as the answer to a plain HTTP check: what is kept stays within its bounds,
 * and how the bytes were cut on their way changes nothing. The first byte chooses the
 * request's method, the second where the bytes are cut. */
#include "fuzz.h"
#include "http_answer.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_MOST = 512, BODY_MOST = 64 };

struct reading {
    enum http_answer_state state;
    struct buf head;
    struct buf body;
    struct http_answer answer;
};

static void read_in_pieces(struct reading *reading, const uint8_t *data, size_t size,
                           size_t piece, bool is_head_only) {
    *reading = (struct reading){.state = HTTP_ANSWER_MORE};
    reading->answer = (struct http_answer){.head = &reading->head,
                                           .body = &reading->body,
                                           .max_head = HEAD_MOST,
                                           .max_body = BODY_MOST,
                                           .is_head_only = is_head_only};
    for (size_t at = 0; at < size && reading->state == HTTP_ANSWER_MORE; at += piece) {
        size_t len = size - at < piece ? size - at : piece;
        char *bytes = malloc(len); /* of exactly that size: a sanitizer sees one more */
        if (!bytes)
            abort();
        memcpy(bytes, data + at, len);
        reading->state = http_answer_read(&reading->answer, bytes, len);
        free(bytes);
    }
    if (reading->state == HTTP_ANSWER_MORE)
        reading->state = http_answer_close(&reading->answer);
    if (reading->body.len > BODY_MOST || reading->head.len > HEAD_MOST + 1)
        abort();
    if (reading->state == HTTP_ANSWER_WHOLE &&
        (reading->answer.status < 100 || !reading->answer.head_done))
        abort();
    if ((reading->state == HTTP_ANSWER_BROKEN) != (reading->answer.why != NULL))
        abort();
}

static bool is_same(const struct buf *a, const struct buf *b) {
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void end(struct reading *reading) {
    http_answer_fini(&reading->answer);
    buf_fini(&reading->head);
    buf_fini(&reading->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct reading whole;
    struct reading cut;
    if (size < 2)
        return 0;
    bool is_head_only = data[0] == 'H';
    size_t piece = data[1] % 7 + 1;
    read_in_pieces(&whole, data + 2, size - 2, size, is_head_only);
    read_in_pieces(&cut, data + 2, size - 2, piece, is_head_only);
    /* Too long may be seen at another byte; everything else is the same. */
    if (whole.state != cut.state)
        abort();
    if (whole.state == HTTP_ANSWER_WHOLE &&
        (whole.answer.status != cut.answer.status || !is_same(&whole.head, &cut.head) ||
         !is_same(&whole.body, &cut.body)))
        abort();
    end(&whole);
    end(&cut);
    return 0;
}
