/* The states of an answer: lines (status, fields, chunk sizes, trailers) and counted
 * bytes. Strict where two readers could cut the same bytes differently:
 * lengths that disagree and codings other than chunked are not HTTP here. */
#include "http_answer.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

enum step {
    STEP_STATUS,
    STEP_FIELD,
    STEP_BODY,
    STEP_CHUNK,
    STEP_DATA,
    STEP_DATA_END,
    STEP_TRAILER,
    STEP_TO_CLOSE,
    STEP_END
};

static enum http_answer_state broken(struct http_answer *answer, const char *why) {
    answer->why = why;
    return HTTP_ANSWER_BROKEN;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static bool parse_status(const char *line, size_t len, int *status) {
    if (len < 12 ||
        (memcmp(line, "HTTP/1.1 ", 9) != 0 && memcmp(line, "HTTP/1.0 ", 9) != 0))
        return false;
    if (line[9] < '1' || line[9] > '9' || !is_digit(line[10]) || !is_digit(line[11]) ||
        (len > 12 && line[12] != ' '))
        return false;
    *status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    return true;
}

/* Of the field `name`, or NULL where the line is another field. */
static const char *value_of(const char *line, const char *name) {
    size_t len = strlen(name);
    if (strncasecmp(line, name, len) != 0 || line[len] != ':')
        return NULL;
    return line + len + 1 + strspn(line + len + 1, " \t");
}

static size_t trimmed(const char *value) {
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
        len--;
    return len;
}

static enum http_answer_state take_length(struct http_answer *answer, const char *value) {
    uint64_t length = 0;
    size_t len = trimmed(value);
    if (len == 0 || len > 18)
        return broken(answer, "not a Content-Length");
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(value[i]))
            return broken(answer, "not a Content-Length");
        length = length * 10 + (uint64_t)(value[i] - '0');
    }
    if (answer->has_length && length != answer->length)
        return broken(answer, "two Content-Lengths that differ");
    answer->has_length = true;
    answer->length = length;
    return HTTP_ANSWER_MORE;
}

/* RFC 9112, 9.3: "close" wins over "keep-alive". */
static void take_connection(struct http_answer *answer, const char *value) {
    static const char between[] = ", \t";
    for (value += strspn(value, between); *value; value += strspn(value, between)) {
        size_t len = strcspn(value, between);
        if (len == 5 && strncasecmp(value, "close", len) == 0)
            answer->says_close = true;
        else if (len == 10 && strncasecmp(value, "keep-alive", len) == 0)
            answer->persists = true;
        value += len;
    }
}

/* `line` ends in a NUL, which is not counted. */
static enum http_answer_state take_field(struct http_answer *answer, const char *line,
                                         size_t len) {
    if (memchr(line, '\0', len))
        return broken(answer, "a NUL in a header field");
    bool is_folded = line[0] == ' ' || line[0] == '\t';
    if (!is_folded && !strchr(line, ':'))
        return broken(answer, "a header line without a colon");
    buf_append(answer->head, line, len + 1);
    const char *value;
    if ((line[0] | 0x20) == 'c' && (value = value_of(line, "Content-Length")))
        return take_length(answer, value);
    if ((line[0] | 0x20) == 'c' && (value = value_of(line, "Connection")))
        take_connection(answer, value);
    if ((line[0] | 0x20) == 't' && (value = value_of(line, "Transfer-Encoding"))) {
        size_t value_len = trimmed(value);
        if (value_len != 7 || strncasecmp(value, "chunked", 7) != 0)
            return broken(answer, "a transfer coding other than chunked");
        answer->is_chunked = true;
    }
    return HTTP_ANSWER_MORE;
}

static enum http_answer_state end_head(struct http_answer *answer) {
    int status = answer->line_status;
    bool is_interim = status < 200 && status != 101;
    if (is_interim) {
        buf_clear(answer->head);
        answer->is_chunked = answer->has_length = answer->says_close = false;
        answer->step = STEP_STATUS;
        return HTTP_ANSWER_MORE;
    }
    answer->status = status;
    answer->head_done = true;
    answer->step = STEP_END;
    if (answer->says_close || status == 101)
        answer->persists = false;
    if (answer->is_head_only || status == 204 || status == 304 || status == 101)
        return HTTP_ANSWER_WHOLE;
    if (answer->is_chunked) {
        answer->step = STEP_CHUNK;
    } else if (!answer->has_length) {
        answer->step = STEP_TO_CLOSE;
        answer->persists = false;
    } else if (answer->length > 0) {
        answer->step = STEP_BODY;
        answer->left = answer->length;
    } else {
        return HTTP_ANSWER_WHOLE;
    }
    return HTTP_ANSWER_MORE;
}

/* "1a;extension" */
static enum http_answer_state take_chunk_size(struct http_answer *answer,
                                              const char *line) {
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t len = strspn(line, digits);
    uint64_t size = 0;
    if (len == 0 || len > 15 || (line[len] && !strchr("; \t", line[len])))
        return broken(answer, "not the size of a chunk");
    for (size_t i = 0; i < len; i++) {
        size_t digit = (size_t)(strchr(digits, line[i]) - digits);
        size = size * 16 + (digit < 16 ? digit : digit - 6);
    }
    answer->left = size;
    answer->step = size > 0 ? STEP_DATA : STEP_TRAILER;
    return HTTP_ANSWER_MORE;
}

/* One whole line, without its end and with a NUL behind it. */
static enum http_answer_state take_line(struct http_answer *answer, const char *line,
                                        size_t len) {
    switch ((enum step)answer->step) {
        case STEP_STATUS:
            if (!parse_status(line, len, &answer->line_status) || memchr(line, '\0', len))
                return broken(answer, "not a status line of HTTP/1");
            buf_append(answer->head, line, len + 1);
            answer->persists = line[7] == '1';
            answer->step = STEP_FIELD;
            return HTTP_ANSWER_MORE;
        case STEP_FIELD:
            return len == 0 ? end_head(answer) : take_field(answer, line, len);
        case STEP_CHUNK:
            return take_chunk_size(answer, line);
        case STEP_DATA_END:
            answer->step = STEP_CHUNK;
            return len == 0 ? HTTP_ANSWER_MORE
                            : broken(answer, "a chunk that is longer than it says");
        case STEP_TRAILER:
            if (len > 0)
                return HTTP_ANSWER_MORE;
            answer->step = STEP_END;
            return HTTP_ANSWER_WHOLE;
        case STEP_BODY:
        case STEP_DATA:
        case STEP_TO_CLOSE:
        case STEP_END:
            break;
    }
    return HTTP_ANSWER_WHOLE;
}

/* What is no status line shows in its first bytes; a line that never ends must not be
 * waited for. */
static bool may_be_status(const struct http_answer *answer) {
    static const char start[] = "HTTP/1.";
    size_t len =
        answer->line.len < sizeof start - 1 ? answer->line.len : sizeof start - 1;
    return memcmp(answer->line.data, start, len) == 0;
}

static enum http_answer_state read_line(struct http_answer *answer, const char **bytes,
                                        size_t *len) {
    const char *end = memchr(*bytes, '\n', *len);
    size_t used = end ? (size_t)(end - *bytes) + 1 : *len;
    bool counts = answer->step != STEP_CHUNK && answer->step != STEP_DATA_END;
    size_t longest = counts ? answer->max_head - answer->head_bytes : answer->max_head;
    struct buf *line = &answer->line;
    size_t room = longest - line->len;
    buf_append(line, *bytes, used < room ? used : room);
    if (answer->step == STEP_STATUS && !may_be_status(answer))
        return broken(answer, "not a status line of HTTP/1");
    if (used > room)
        return HTTP_ANSWER_HEAD_LONG;
    *bytes += used;
    *len -= used;
    if (!end)
        return HTTP_ANSWER_MORE;
    if (counts)
        answer->head_bytes += line->len;
    size_t line_len = line->len - 1;
    if (line_len > 0 && line->data[line_len - 1] == '\r')
        line_len--;
    line->data[line_len] = '\0';
    enum http_answer_state state = take_line(answer, line->data, line_len);
    buf_clear(line);
    return state;
}

static enum http_answer_state read_body(struct http_answer *answer, const char **bytes,
                                        size_t *len) {
    size_t used = *len;
    if (answer->step != STEP_TO_CLOSE && answer->left < used)
        used = (size_t)answer->left;
    size_t room = answer->max_body - answer->body->len;
    buf_append(answer->body, *bytes, used < room ? used : room);
    if (used > room)
        return HTTP_ANSWER_BODY_LONG;
    *bytes += used;
    *len -= used;
    if (answer->step == STEP_TO_CLOSE || (answer->left -= used) > 0)
        return HTTP_ANSWER_MORE;
    if (answer->step == STEP_BODY) {
        answer->step = STEP_END;
        return HTTP_ANSWER_WHOLE;
    }
    answer->step = STEP_DATA_END;
    return HTTP_ANSWER_MORE;
}

enum http_answer_state http_answer_read(struct http_answer *answer, const char *bytes,
                                        size_t len) {
    enum http_answer_state state =
        answer->step == STEP_END ? HTTP_ANSWER_WHOLE : HTTP_ANSWER_MORE;
    while (state == HTTP_ANSWER_MORE && len > 0) {
        bool is_body = answer->step == STEP_BODY || answer->step == STEP_DATA ||
                       answer->step == STEP_TO_CLOSE;
        state =
            is_body ? read_body(answer, &bytes, &len) : read_line(answer, &bytes, &len);
    }
    if (len > 0) /* more than was asked for */
        answer->persists = false;
    return state;
}

enum http_answer_state http_answer_close(const struct http_answer *answer) {
    bool ends = answer->step == STEP_TO_CLOSE || answer->step == STEP_END;
    return ends ? HTTP_ANSWER_WHOLE : HTTP_ANSWER_MORE;
}

void http_answer_fini(struct http_answer *answer) {
    buf_fini(&answer->line);
}
