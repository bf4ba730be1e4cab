/* HTTP/1.1 requests on the loop, for checks, plain or over TLS (RFC 9110, 9112).
 *
 * Never resolves a name (the caller hands in a numeric or unix address), never follows a
 * redirect, never decompresses, ignores proxies from the environment, sends no cookies
 * and no credentials of its own. Host, SNI and certificate name come from the URL. Loop
 * thread only. */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct tls_facts; /* net/tls_facts.h */
struct http_client;
struct http_transfer;

enum {
    HTTP_HEAD_MAX = 16 * 1024
}; /* bytes of an answer's head; beyond: HTTP_TOO_LARGE */

enum http_failure {
    HTTP_OK, /* a complete answer, or one cut by max_body */
    HTTP_CONNECT_REFUSED,
    HTTP_CONNECT_TIMEOUT,
    HTTP_CONNECT_FAILED, /* unreachable, no such socket file, ... */
    HTTP_CLOSED,         /* closed or reset before the first byte of an answer */
    HTTP_CUT,            /* closed or reset inside an answer */
    HTTP_TIMEOUT,        /* connected, then too slow; phases say where */
    HTTP_PROTOCOL,       /* not HTTP */
    HTTP_TOO_LARGE,
    HTTP_TLS_NAME, /* the certificate is for another name */
    HTTP_TLS_EXPIRED,
    HTTP_TLS_UNKNOWN_CA,
    HTTP_TLS_CHAIN,
    HTTP_TLS_OTHER, /* handshake failure, alert, not TLS at all */
    HTTP_LOCAL_FDS,
    HTTP_LOCAL_MEMORY,
    HTTP_LOCAL_CONFIG, /* the CA file cannot be read, or the URL or a header is none */
};

struct http_header {
    const char *name;
    const char *value; /* NULL: do not send the one we would send by ourselves */
};

struct http_request {
    const char *url;            /* url_request_text form */
    const struct addr *connect; /* numeric address with its port, or unix */
    const char *method;         /* "GET" or "HEAD" */
    const struct http_header *headers;
    size_t header_count;
    const char *ca_file; /* NULL: the system's bundle */
    int64_t timeout_ms;
    int64_t connect_timeout_ms; /* TCP only; TLS belongs to timeout_ms */
    bool reuse;                 /* keep and use connections of earlier requests */
    bool take_any_certificate;  /* refuse none: the caller judges those of the result */
    size_t max_body; /* read so much of the body, then stop: HTTP_OK, body_cut */
};

/* Valid only inside the callback. */
struct http_result {
    enum http_failure failure;
    int status; /* of the final answer; 0 if there was none */
    const char
        *head; /* its header lines, a NUL behind each; read by http_result_header */
    size_t head_len;
    const char *body;
    size_t body_len;
    bool body_cut;
    bool got_bytes;     /* at least one byte came back: of HTTP, or of a TLS handshake */
    int64_t connect_us; /* from the start; -1: not reached */
    int64_t tls_us;     /* -1 also for plain HTTP */
    int64_t first_byte_us;
    int64_t total_us;
    bool reused;      /* went over a connection that was already open */
    char remote[120]; /* address that was connected */
    /* With take_any_certificate, once the server has shown some; else NULL. What is
     * trusted is what ca_file holds. */
    const struct tls_facts *certificates;
    const char *error; /* ours, the system's or OpenSSL's words, "" if none */
};

struct http_client *http_client_new(struct loop *loop);
/* Transfers still running are cancelled: their callbacks do not run. */
void http_client_free(struct http_client *client);

/* Start. Everything in `request` is copied. The callback runs once, later, never before
 * this returns; the transfer is gone when it does. */
struct http_transfer *
http_client_start(struct http_client *client, const struct http_request *request,
                  void (*callback)(void *user, const struct http_result *result),
                  void *user);
/* The callback will not run. NULL is fine. */
void http_transfer_cancel(struct http_transfer *transfer);

/* The value of a header of the final answer (name compared without case), or NULL. Valid
 * inside the callback. */
const char *http_result_header(const struct http_result *result, const char *name);

const char *http_failure_name(enum http_failure failure);

#endif
