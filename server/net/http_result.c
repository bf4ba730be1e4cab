/* From libcurl's codes to ours: what failed, how far it came. Pure but for reading the
 * transfer's figures. */
#include "http_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* CURLE_TOO_LARGE, libcurl 8.6; a line beyond its own limit was CURLE_OUT_OF_MEMORY
 * before. */
enum { CODE_TOO_LARGE = 100 };

static int64_t time_of(const struct http_transfer *transfer, CURLINFO info) {
    curl_off_t us = 0;
    if (transfer->plain)
        return info == CURLINFO_STARTTRANSFER_TIME_T ? transfer->first_byte_us : -1;
    curl_easy_getinfo(transfer->easy, info, &us);
    return us > 0 ? us : -1;
}

/* libcurl knows it exactly, but only tells when the TLS handshake is over as well. */
static int64_t connect_time(const struct http_transfer *transfer, bool has_connected) {
    int64_t us = time_of(transfer, CURLINFO_CONNECT_TIME_T);
    if (us < 0)
        us = transfer->connect_us;
    if (us < 0 && (has_connected || transfer->got_answer))
        us = 0; /* it never had to wait */
    return us;
}

static enum http_failure connect_failure(const struct http_transfer *transfer) {
    long sys = transfer->socket_errno;
    if (sys == 0 && !transfer->plain)
        curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &sys);
    switch (sys) {
        case ECONNREFUSED:
            return HTTP_CONNECT_REFUSED;
        case ETIMEDOUT:
            return HTTP_CONNECT_TIMEOUT;
        case ECONNRESET: /* it was there; a refusal is another errno */
        case EPIPE:
            return HTTP_CLOSED;
        case EMFILE:
        case ENFILE:
            return HTTP_LOCAL_FDS;
        case ENOMEM:
        case ENOBUFS:
            return HTTP_LOCAL_MEMORY;
        default:
            return HTTP_CONNECT_FAILED;
    }
}

static enum http_failure closed_failure(const struct http_result *result,
                                        const struct http_transfer *transfer) {
    /* The same code as for a reset; only the words tell ("... in chunked-encoding"
     * in 7.88, "chunk hex-length ..." in 8.14). */
    if (transfer->code == CURLE_RECV_ERROR && strstr(transfer->error, "chunk"))
        return HTTP_PROTOCOL;
    if (transfer->is_tls && result->tls_us < 0 && !result->reused)
        return result->got_bytes ? HTTP_TLS_OTHER : HTTP_CLOSED;
    return transfer->got_answer ? HTTP_CUT : HTTP_CLOSED;
}

static enum http_failure failure_of_code(const struct http_result *result,
                                         const struct http_transfer *transfer) {
    switch ((int)transfer->code) {
        case CURLE_OK: /* also when the connection closed inside the head */
            return transfer->head_done ? HTTP_OK : closed_failure(result, transfer);
        case CURLE_COULDNT_CONNECT:
            return connect_failure(transfer);
        case CURLE_OPERATION_TIMEDOUT:
            return result->connect_us < 0 ? HTTP_CONNECT_TIMEOUT : HTTP_TIMEOUT;
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_SSL_CONNECT_ERROR:
            return closed_failure(result, transfer);
        case CURLE_PEER_FAILED_VERIFICATION:
            return http_tls_failure(transfer->facts);
        case CURLE_OUT_OF_MEMORY:
            return transfer->got_answer && !transfer->head_done ? HTTP_TOO_LARGE
                                                                : HTTP_LOCAL_MEMORY;
        case CODE_TOO_LARGE:
        case CURLE_FILESIZE_EXCEEDED:
            return HTTP_TOO_LARGE;
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ENGINE_INITFAILED:
            return HTTP_LOCAL_CONFIG;
        default:
            /* A URL or option that libcurl refuses comes before there is a connection,
             * garbage from the peer after. */
            return result->connect_us < 0 ? HTTP_LOCAL_CONFIG : HTTP_PROTOCOL;
    }
}

static enum http_failure failure_of(const struct http_result *result,
                                    const struct http_transfer *transfer) {
    switch (transfer->stop) {
        case HTTP_STOP_HEAD:
            return HTTP_TOO_LARGE;
        case HTTP_STOP_BODY:
            return HTTP_OK;
        case HTTP_STOP_DEADLINE:
            return result->connect_us < 0 ? HTTP_CONNECT_TIMEOUT : HTTP_TIMEOUT;
        case HTTP_STOP_NONE:
            break;
    }
    return failure_of_code(result, transfer);
}

static const char *error_text(const struct http_result *result,
                              const struct http_transfer *transfer) {
    bool in_head = transfer->got_answer && !transfer->head_done;
    if (result->failure == HTTP_OK)
        return "";
    if (result->failure == HTTP_TOO_LARGE)
        return "the head of the answer is too large";
    if (transfer->stop == HTTP_STOP_DEADLINE)
        return result->connect_us < 0 ? "no connection in time"
                                      : "no whole answer in time";
    if (result->failure == HTTP_CUT && in_head)
        return "the connection ended inside the head of the answer";
    return transfer->error[0] ? transfer->error : curl_easy_strerror(transfer->code);
}

void http_result_fill(struct http_result *result, const struct http_transfer *transfer) {
    const struct http_tls_facts *facts = transfer->facts;
    long status = 0;
    long connections = 0;
    if (transfer->plain) {
        status = transfer->status;
        connections = transfer->connect_us >= 0 && !transfer->is_kept;
    } else {
        if (transfer->head_done)
            curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connections);
    }

    result->status = (int)status;
    result->head = transfer->head.data ? transfer->head.data : "";
    result->head_len = transfer->head.len;
    result->body = transfer->body.data ? transfer->body.data : "";
    result->body_len = transfer->body.len;
    result->body_cut = transfer->stop == HTTP_STOP_BODY;
    result->got_bytes = transfer->got_answer || (facts && facts->got_bytes);
    result->total_us = clock_mono_us() - transfer->start_us;
    result->connect_us = connect_time(transfer, connections > 0);
    result->reused = result->connect_us >= 0 && connections == 0;
    result->tls_us =
        transfer->is_tls ? time_of(transfer, CURLINFO_APPCONNECT_TIME_T) : -1;
    result->first_byte_us =
        transfer->got_answer ? time_of(transfer, CURLINFO_STARTTRANSFER_TIME_T) : -1;
    addr_format(&transfer->connect, result->remote);
    result->certificates = transfer->arena ? &transfer->certificates : NULL;
    result->failure = failure_of(result, transfer);
    if (result->failure == HTTP_PROTOCOL) /* bytes that libcurl took before we saw them */
        result->got_bytes = true;
    result->error = error_text(result, transfer);
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
