/* Open connections between two plain exchanges, by the address they lead to. One that the
 * peer closes, or speaks on, is dropped at once. */
#ifndef NET_HTTP_KEPT_H
#define NET_HTTP_KEPT_H

#include <stddef.h>

struct addr;
struct http_kept;
struct loop;
struct loop_poll;

/* Holds at most `max`; the one that has waited longest goes first. */
struct http_kept *http_kept_new(struct loop *loop, size_t max);
/* `poll` waits for LOOP_READABLE; it and its descriptor belong to `kept` from here. */
void http_kept_put(struct http_kept *kept, const struct addr *peer,
                   struct loop_poll *poll);
/* The one that waited last, the caller's from here, to be directed; NULL: there is none.
 */
struct loop_poll *http_kept_take(struct http_kept *kept, const struct addr *peer);
void http_kept_free(struct http_kept *kept); /* NULL is fine */

#endif
