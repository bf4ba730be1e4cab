/* What the files of the HTTP client share: client and transfer. */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "net/http_client.h"

#include "base/buf.h"
#include "deadline.h"
#include "http_answer.h"
#include "http_kept.h"
#include "list.h"
#include "net/tls_facts.h"
#include "tls_wire.h"

struct arena;
struct tls_stores;
struct url;

enum { HTTP_ERROR_MAX = 200 };

struct http_client {
    struct loop *loop;
    struct list running; /* struct http_transfer, as in the next three */
    struct list done;    /* over, to be reported */
    struct list batch;   /* being reported in this turn */
    struct list idle;    /* not in use; they keep their timer and buffers */
    size_t idle_count;
    struct tls_context *tls; /* NULL: nothing has used TLS yet */
    struct tls_stores *stores;
    struct http_kept *kept;
    struct loop_timer *later; /* for what is over before its start returned */
    bool is_reporting;
    bool is_ended; /* freed inside a callback: goes when the reporting is over */
};

struct http_transfer {
    struct list node;
    struct http_client *client;
    struct deadline deadline;
    int64_t start_us;
    int64_t end_us;
    struct http_peer peer;             /* owned */
    struct http_connection connection; /* owned; without a poll: none was begun */
    struct buf request;
    size_t sent; /* bytes of the request; with TLS all at once */
    struct http_answer answer;
    struct buf head;
    struct buf body;
    bool wants_reuse;
    bool is_kept;       /* goes over a connection of an earlier one */
    bool got_answer;    /* a byte of an answer came */
    bool is_whole;      /* the answer */
    bool is_cut;        /* the body, at max_body */
    int64_t connect_us; /* from the start, as the next two; -1: not reached */
    int64_t tls_us;
    int64_t first_byte_us;
    struct arena *arena; /* owns `certificates`; NULL: there are none */
    struct tls_facts certificates;
    enum http_failure failure; /* once it is over, with its words */
    char error[HTTP_ERROR_MAX];
    void (*callback)(void *user, const struct http_result *result);
    void *user;
};

/* http_client.c */
/* It is over; told to its owner by the next http_client_report. */
void http_client_end(struct http_transfer *transfer, enum http_failure failure,
                     const char *error);
void http_client_report(struct http_client *client); /* may free the client */

/* http_request.c */
/* The bytes that ask for it. False: it is over, because a header is none. */
bool http_request_write(struct http_transfer *transfer,
                        const struct http_request *request, const struct url *url);

/* http_exchange.c */
/* Begin; it may be over when this returns. */
void http_exchange_start(struct http_transfer *transfer,
                         const struct http_request *request);
/* Close the connection, or keep it where request and answer allow. */
void http_exchange_end(struct http_transfer *transfer);

/* http_result.c */
/* `result` borrows from the transfer. */
void http_result_fill(struct http_result *result, const struct http_transfer *transfer);

/* http_tls.c */
/* A session for the connection, which is there. False: it is over. */
bool http_tls_open(struct http_transfer *transfer);
/* What a step that failed in or before the handshake means. */
enum http_failure http_tls_failure(const struct tls_wire *wire, enum tls_step step);
/* What a transfer that takes any certificate was shown, if it was. */
void http_tls_show(struct http_transfer *transfer);

#endif
