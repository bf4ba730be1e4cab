/* What the probe port accepts as a request, and which question it is. Pure. */
#ifndef FRONT_REQUEST_H
#define FRONT_REQUEST_H

#include "base/addr.h"
#include "model/arrival.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No question has a body. One that comes is read and ignored, up to this many bytes. */
enum { REQUEST_BODY_MAX = 64 * 1024 };

/* What one pass over the headers collects. Zero-initialise. Text is borrowed from the
 * request. */
struct request_facts {
    unsigned host_count;
    bool name_is_bad;      /* a field name with a blank before or after it */
    unsigned length_count; /* Content-Length fields */
    bool length_is_bad;    /* not a number, or two in one field */
    int64_t length;        /* the newest Content-Length */
    bool has_coding;       /* Transfer-Encoding is there */
    bool coding_is_bad;    /* anything but one "chunked" */
    const char *host;
    const char *agent;
    const char *forwarded_for; /* the last field */
    const char *attempt;
    const char *authorization;
    const char *accept;
};

/* Note one header field. Names are compared without case. */
void request_note_header(struct request_facts *facts, const char *name,
                         const char *value);

/* The request must be refused with 400 and a close (RFC 9112
 * sections 3.2, 5.1, 6.1, 6.3): HTTP/1.1 without Host, more than one Host, Content-Length
 * with Transfer-Encoding, two Content-Lengths or a bad one, a transfer coding other than
 * chunked or in HTTP/1.0, a field name with a blank, a body above REQUEST_BODY_MAX. The
 * reason, static; NULL: acceptable. */
const char *request_refusal(const struct request_facts *facts, const char *version);

/* The question `path` asks; bytes are compared as they were sent. PROBE_TENANT and
 * PROBE_LOOP set `rest` to what follows (the name, the nonce; never empty). */
enum probe_path request_path(const char *path, const char **rest);

/* The last hop of an X-Forwarded-For field, unmapped: "10.0.0.4", "10.0.0.4:12345",
 * "[2001:db8::1]:4711". False if it is not an address. */
bool request_forwarded(const char *field, struct addr *hop);

#endif
