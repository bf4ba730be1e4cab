/* A name server on loopback, on a thread of its own, that answers from a table: well,
 * badly, or not at all. Names that are not in the table do not exist. */
#ifndef TESTS_UNIT_NET_DNS_SERVER_H
#define TESTS_UNIT_NET_DNS_SERVER_H

#include <stddef.h>

enum dns_manner {
    DNS_ANSWERS, /* with its addresses; a family without any has no data */
    DNS_FAILS,
    DNS_REFUSES,
    DNS_SAYS_GARBAGE,
    DNS_IS_SILENT,
    DNS_IS_SILENT_FIRST, /* to as many questions as `silent` says */
};

enum { DNS_ADDRESSES_MAX = 4 };

struct dns_name {
    const char *name; /* lower case, no trailing dot; NULL ends a table */
    enum dns_manner manner;
    unsigned ttl_s;
    const char *v4[DNS_ADDRESSES_MAX];
    const char *v6[DNS_ADDRESSES_MAX];
    unsigned v4_more; /* so many further addresses 10.9.x.x */
    unsigned silent;
};

struct dns_server;

/* `names` is borrowed. */
struct dns_server *dns_server_start(const struct dns_name *names);
void dns_server_stop(struct dns_server *server);

/* "127.0.0.1:PORT" */
const char *dns_server_address(const struct dns_server *server);
/* Questions for the A records of a name, retries included; NULL counts all names. */
unsigned dns_server_asked(struct dns_server *server, const char *name);

#endif
