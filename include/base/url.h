/* http and https URLs (RFC 3986, the part a health check needs). */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <stdbool.h>
#include <stdint.h>

struct err;

enum { URL_MAX = 2048, URL_HOST_MAX = 256 };

struct url {
    bool tls;                /* https */
    bool has_port;           /* written out */
    bool is_literal;         /* the host is a numeric address */
    uint16_t port;           /* 80 or 443 where none is written */
    char host[URL_HOST_MAX]; /* no brackets; a trailing dot is kept (it stops DNS search)
                              */
    const char *target;      /* path and query inside the text given; "/" where empty */
};

/* Refused: another scheme, no host, user information, a fragment, spaces and control
 * bytes, a port outside 1..65535, more than URL_MAX bytes. */
bool url_parse(const char *text, struct url *url, struct err *err);

/* What goes into Host and SNI: the host without a trailing dot; brackets around IPv6 and
 * ":port" where it is not the scheme's own. Returns out. */
char *url_authority(const struct url *url, char out[URL_HOST_MAX + 16]);

/* "scheme://host:port/target" written to be requested: trailing dot removed. Heap,
 * free(). */
char *url_request_text(const struct url *url);

#endif
