/* A name server on loopback, in a thread of its own, that answers from a table. */
#ifndef TESTS_UNIT_CHECK_NAME_SERVER_H
#define TESTS_UNIT_CHECK_NAME_SERVER_H

#include <stdint.h>

struct dns;

enum dns_answer {
    ANSWER_ADDRESSES,
    ANSWER_EMPTY, /* the name is there, without an address */
    ANSWER_NXDOMAIN,
    ANSWER_SERVFAIL,
    ANSWER_SILENCE,
};

enum { DNS_ADDRESSES_MAX = 4, DNS_RECORDS_MAX = 32 };

struct dns_record {
    const char *name; /* without a trailing dot; NULL ends a table */
    enum dns_answer answer;
    const char *ips[DNS_ADDRESSES_MAX]; /* IPv4 */
    int times; /* answers only so many questions for addresses, then the next record of
                  that name does; 0: all */
};

/* Names that are not in the table do not exist. The table is borrowed. */
struct dns *dns_start(const struct dns_record *records);
void dns_stop(struct dns *dns);
uint16_t dns_port(const struct dns *dns);
/* Questions that came so far. */
int dns_questions(const struct dns *dns);

#endif
