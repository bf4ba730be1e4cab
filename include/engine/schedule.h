/* When each check runs next: a fixed rate per check with a hashed phase and jitter, and
 * queues of due checks that are served fairly between tenants. Knows nothing about
 * outcomes. Time comes in as a parameter, monotonic milliseconds. Loop thread only.
 *
 * A check is planned (it has a due time in the heap), queued (due, waiting to be
 * started), or neither (running, or just popped). */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule;

enum { SCHEDULE_NONE = UINT32_MAX };

/* `count` checks; `group_of` gives the fairness group of each, below group_count, and is
 * copied. `seed` varies the jitter between instances. */
struct schedule *schedule_new(uint32_t count, const uint32_t *group_of,
                              uint32_t group_count, uint64_t seed);
void schedule_free(struct schedule *schedule); /* NULL is fine */

/* Plan the first run: at a phase hashed from the name, within min(interval, 5 s). */
void schedule_first(struct schedule *schedule, uint32_t check, const char *name,
                    int64_t interval_ms, int64_t now_ms);

/* Plan the next run one interval after the exact time of the previous one, moved by up to
 * half of jitter_percent of the interval either way, so that the mean rate is kept. Beats
 * that have passed are skipped, never made up for; returns how many. Does nothing to a
 * check that is planned already. */
uint32_t schedule_next(struct schedule *schedule, uint32_t check, int64_t interval_ms,
                       int jitter_percent, int64_t now_ms);

/* Plan the next run at due_ms, off the beat, which goes on from there: for a check
 * between two states. A check that is planned already is moved, if that is earlier. */
void schedule_soon(struct schedule *schedule, uint32_t check, int64_t due_ms);

/* Take over what another schedule had for an equal check: due time, place in a queue. */
void schedule_adopt(struct schedule *schedule, uint32_t check,
                    const struct schedule *from, uint32_t from_check);

/* When the check is due; -1 while it is not planned. */
int64_t schedule_due(const struct schedule *schedule, uint32_t check);

/* Milliseconds until the earliest due time, 0 if it has passed, -1 if nothing is planned.
 */
int64_t schedule_wait_ms(const struct schedule *schedule, int64_t now_ms);

/* Move every due check to the queue of its group. */
void schedule_collect(struct schedule *schedule, int64_t now_ms);

/* Queue a check now, whatever its plan, which stays. Nothing if it is queued. */
void schedule_push(struct schedule *schedule, uint32_t check);

/* The next check to start, one per group in turn; SCHEDULE_NONE if no queue holds one. */
uint32_t schedule_pop(struct schedule *schedule);

/* Checks that wait in queues. */
uint32_t schedule_queued(const struct schedule *schedule);

#endif
