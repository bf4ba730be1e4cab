/* What a transfer shows of itself, and the names of failures. */
#include "http_internal.h"

#include "base/clock.h"

#include <string.h>
#include <strings.h>

void http_result_fill(struct http_result *result, const struct http_transfer *transfer) {
    const struct tls_wire *wire = transfer->connection.tls;
    bool got_handshake = wire && !transfer->is_kept && wire->received > 0;
    *result = (struct http_result){
        .failure = transfer->failure,
        .status = transfer->answer.head_done ? transfer->answer.status : 0,
        .head = transfer->head.data ? transfer->head.data : "",
        .head_len = transfer->head.len,
        .body = transfer->body.data ? transfer->body.data : "",
        .body_len = transfer->body.len,
        .body_cut = transfer->is_cut,
        .got_bytes = transfer->got_answer || got_handshake,
        .connect_us = transfer->connect_us,
        .tls_us = transfer->tls_us,
        .first_byte_us = transfer->first_byte_us,
        .total_us = clock_mono_us() - transfer->start_us,
        .reused = transfer->is_kept,
        .certificates = transfer->arena ? &transfer->certificates : NULL,
        .error = transfer->error,
    };
    addr_format(&transfer->peer.addr, result->remote);
}

const char *http_result_header(const struct http_result *result, const char *name) {
    size_t name_len = strlen(name);
    const char *end = result->head + result->head_len;
    for (const char *line = result->head; line < end; line += strlen(line) + 1) {
        if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
            continue;
        const char *value = line + name_len + 1;
        return value + strspn(value, " \t");
    }
    return NULL;
}

const char *http_failure_name(enum http_failure failure) {
    switch (failure) {
        case HTTP_OK:
            return "ok";
        case HTTP_CONNECT_REFUSED:
            return "connect_refused";
        case HTTP_CONNECT_TIMEOUT:
            return "connect_timeout";
        case HTTP_CONNECT_FAILED:
            return "connect_failed";
        case HTTP_CLOSED:
            return "closed";
        case HTTP_CUT:
            return "cut";
        case HTTP_TIMEOUT:
            return "timeout";
        case HTTP_PROTOCOL:
            return "protocol";
        case HTTP_TOO_LARGE:
            return "too_large";
        case HTTP_TLS_NAME:
            return "tls_name";
        case HTTP_TLS_EXPIRED:
            return "tls_expired";
        case HTTP_TLS_UNKNOWN_CA:
            return "tls_unknown_ca";
        case HTTP_TLS_CHAIN:
            return "tls_chain";
        case HTTP_TLS_OTHER:
            return "tls_other";
        case HTTP_LOCAL_FDS:
            return "local_fds";
        case HTTP_LOCAL_MEMORY:
            return "local_memory";
        case HTTP_LOCAL_CONFIG:
            return "local_config";
    }
    return "unknown";
}
