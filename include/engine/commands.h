/* Requests to the engine from other threads: a bounded queue with a rate limit. */
#ifndef ENGINE_COMMANDS_H
#define ENGINE_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

struct commands;

enum {
    COMMANDS_MAX = 16,   /* waiting at once */
    COMMANDS_BURST = 10, /* accepted at once after a pause */
    COMMANDS_PER_S = 2,  /* accepted per second in the long run */
};

struct commands *commands_new(void);
void commands_free(struct commands *commands);

/* Any thread: queue a check's name (copied). False when the queue is full or the rate is
 * exceeded; the refusal is counted. */
bool commands_add(struct commands *commands, const char *check, int64_t now_ms);

/* Loop thread: the oldest name, for the caller to free(), or NULL. */
char *commands_take(struct commands *commands);

/* Refusals since start. Any thread. */
uint64_t commands_refused(struct commands *commands);

#endif
