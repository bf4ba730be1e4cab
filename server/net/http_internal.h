/* What the files of the HTTP client share: client, lane, transfer. */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "net/http_client.h"

#include <curl/curl.h>

#include "base/buf.h"
#include "deadline.h"
#include "list.h"
#include "net/tls_facts.h"

struct arena;
struct http_kept;
struct http_plain;
struct stack_st_X509;
struct tls_stores;

struct http_client {
    struct loop *loop;
    struct list lanes;
    struct list running; /* struct http_transfer, as in the next three */
    struct list done;    /* over, to be reported */
    struct list batch;   /* being reported in this turn */
    struct list idle;    /* not in use; they keep their handle and buffers */
    size_t idle_count;
    struct tls_stores *stores; /* NULL: none was needed yet */
    struct http_kept *kept;    /* of plain exchanges */
    struct loop_timer *later;  /* for what is over before its start returned */
    bool is_reporting;
    bool is_ended; /* freed inside a callback: goes when the reporting is over */
};

/* One multi handle. libcurl keeps one parsed CA bundle in each, and parsing the system's
 * takes 28 ms: so one for every CA file. */
struct http_lane {
    struct list node;
    struct http_client *client;
    CURLM *multi;
    struct loop_timer *timer;
    char *ca_file; /* NULL: the system's */
};

/* What a TLS handshake showed. Belongs to the connection, which may outlive the transfer.
 */
struct http_tls_facts {
    unsigned refs;
    bool got_bytes;               /* a record came */
    bool got_answer;              /* a record with application data came */
    int verify_error;             /* X509_V_ERR_*; 0: none */
    bool is_chain_missing;        /* see http_tls.c */
    const char *version;          /* with `served` */
    struct stack_st_X509 *served; /* owned; NULL: refused by libcurl, or not shown */
};

enum http_stop { HTTP_STOP_NONE, HTTP_STOP_HEAD, HTTP_STOP_BODY, HTTP_STOP_DEADLINE };

struct http_transfer {
    struct list node;
    struct http_client *client;
    struct http_lane *lane;
    struct http_socket *socket; /* the one it waits on, or NULL */
    CURL *easy;
    struct http_plain *plain; /* owned; NULL: libcurl makes this one */
    struct deadline deadline;
    int64_t start_us;
    int64_t end_us;
    struct addr connect;
    char connect_text[ADDR_TEXT_MAX + 4];
    struct curl_slist connect_to; /* its text is connect_text */
    struct curl_slist *headers;   /* owned */
    bool is_tls;
    bool takes_any;
    struct http_tls_facts *facts; /* one reference; NULL before a handshake */
    struct arena *arena;          /* owns `certificates`; NULL: there are none */
    struct tls_facts certificates;
    int64_t connect_us;    /* -1: not connected */
    int64_t first_byte_us; /* of a plain exchange; -1: none came */
    int status;            /* of a plain exchange, with head_done */
    bool is_kept;          /* a plain exchange over a connection of an earlier one */
    bool got_answer;       /* a byte of an answer came */
    bool head_done;        /* of the final answer */
    size_t head_bytes;     /* of all heads and trailers */
    struct buf head;
    struct buf body;
    size_t max_body;
    int socket_errno; /* why no socket could be made, or 0 */
    enum http_stop stop;
    CURLcode code;
    char error[CURL_ERROR_SIZE];
    void (*callback)(void *user, const struct http_result *result);
    void *user;
};

/* http_client.c */
/* It is over; told to its owner by the next http_client_report. */
void http_client_end(struct http_transfer *transfer, CURLcode code);
void http_client_report(struct http_client *client); /* may free the client */

/* http_request.c: the easy handle and its options. */
/* NULL where libcurl lacks an option, or memory. */
struct http_transfer *http_transfer_new(struct http_client *client, struct err *err);
/* Everything `request` says. CURLE_OK, or why libcurl refuses it. */
CURLcode http_transfer_prepare(struct http_transfer *transfer,
                               const struct http_request *request);
/* CURLE_OK, or the transfer's error says why this is not a header. */
CURLcode http_transfer_judge_header(struct http_transfer *transfer,
                                    const struct http_header *header);
/* Forget the last request, to be used again. */
void http_transfer_reset(struct http_transfer *transfer);
void http_transfer_free(struct http_transfer *transfer);

/* http_result.c */
/* `result` borrows from the transfer. */
void http_result_fill(struct http_result *result, const struct http_transfer *transfer);

/* http_tls.c */
/* False where libcurl does not use OpenSSL. */
bool http_tls_init(void);
/* CURLOPT_SSL_CTX_FUNCTION; `user` is the transfer. */
CURLcode http_tls_watch(CURL *easy, void *ssl_ctx, void *user);
void http_tls_unref(struct http_tls_facts *facts); /* NULL is fine */
/* What a transfer that takes any certificate was shown, if it was. */
void http_tls_show(struct http_transfer *transfer);
/* For a certificate that was refused. */
enum http_failure http_tls_failure(const struct http_tls_facts *facts);

#endif
