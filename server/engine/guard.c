/* Signs that we are starved ourselves. Reads figures and sends a canary once a second at
 * the most; judges nobody else. */
#include "engine/guard.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http_client.h"
#include "net/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    TICK_MS = 1000,
    CANARY_EVERY_MS = 5000,
    CANARY_TIMEOUT_MS = 2000,
    SMALL_FILE_MAX = 4096,
    FIRST_PLAIN_FD = 3,
};

struct guard {
    struct guard_options options;
    struct loop_timer *timer;
    struct http_transfer *canary;
    struct addr canary_addr;
    int64_t canary_sent_ms;
    bool has_canary;
    bool all_failing;
    bool is_cleared; /* the canary was fine after all checks began to fail */
    enum guard_sign sign;
    int64_t sign_ms;          /* newest sign; valid unless GUARD_FINE */
    int64_t starved_since_ms; /* first of an unbroken row; 0: fine */
    int64_t throttled_us;     /* -1: unknown */
    int64_t read_us;
    char text[128];
};

/* The only function that changes the sign; logs old -> new. */
static void enter(struct guard *guard, enum guard_sign sign) {
    if (guard->sign == sign)
        return;
    log_event(sign == GUARD_FINE ? LOG_LEVEL_INFO : LOG_LEVEL_WARN, "self",
              LOG_TEXT("old", guard_sign_name(guard->sign)),
              LOG_TEXT("new", guard_sign_name(sign)), LOG_TEXT("evidence", guard->text));
    guard->sign = sign;
}

static void note(struct guard *guard, enum guard_sign sign, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void note(struct guard *guard, enum guard_sign sign, const char *fmt, ...) {
    int64_t now_ms = loop_now_ms(guard->options.loop);
    va_list args;
    va_start(args, fmt);
    vsnprintf(guard->text, sizeof guard->text, fmt, args);
    va_end(args);
    if (guard->sign == GUARD_FINE)
        guard->starved_since_ms = now_ms;
    guard->sign_ms = now_ms;
    enter(guard, sign);
}

static bool read_small(const struct guard *guard, const char *name, struct buf *out) {
    BUF_AUTO struct buf path = {0};
    buf_printf(&path, "%s/%s", guard->options.cgroup_folder, name);
    return file_read(path.data, SMALL_FILE_MAX, out, NULL);
}

/* "throttled_usec N" of cgroup v2's cpu.stat; -1 where there is none. */
static int64_t read_throttled_us(const struct guard *guard) {
    BUF_AUTO struct buf text = {0};
    static const char key[] = "\nthrottled_usec ";
    if (!read_small(guard, "cpu.stat", &text))
        return -1;
    const char *at = strstr(text.data, key);
    return at ? strtoll(at + sizeof key - 1, NULL, 10) : -1;
}

static void look_at_throttling(struct guard *guard) {
    int64_t throttled_us = read_throttled_us(guard);
    int64_t now_us = clock_mono_us();
    if (throttled_us >= 0 && guard->throttled_us >= 0) {
        int64_t part_us = throttled_us - guard->throttled_us;
        int64_t whole_us = now_us - guard->read_us;
        if (part_us * 100 > whole_us * GUARD_THROTTLED_PERCENT) {
            note(guard, GUARD_THROTTLED,
                 "CPU throttled for %" PRId64 " of %" PRId64 " ms: raise the CPU limit",
                 part_us / 1000, whole_us / 1000);
        }
    }
    guard->throttled_us = throttled_us;
    guard->read_us = now_us;
}

/* The lowest free descriptor is a lower bound for those in use, without reading /proc. */
static void look_at_descriptors(struct guard *guard) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, FIRST_PLAIN_FD);
    if (fd >= 0)
        close(fd);
    bool is_full = fd < 0 && errno == EMFILE;
    rlim_t least = limit.rlim_cur / 100 * GUARD_HEADROOM_PERCENT;
    if (is_full || (fd >= 0 && (rlim_t)fd + least > limit.rlim_cur)) {
        note(guard, GUARD_FDS, "descriptors used up: limit %llu",
             (unsigned long long)limit.rlim_cur);
    }
}

static void look_at_memory(struct guard *guard) {
    BUF_AUTO struct buf max = {0};
    BUF_AUTO struct buf statm = {0};
    if (!read_small(guard, "memory.max", &max) ||
        !file_read("/proc/self/statm", SMALL_FILE_MAX, &statm, NULL))
        return;
    long long limit = strtoll(max.data, NULL, 10); /* "max": 0 */
    const char *resident_pages = strchr(statm.data, ' ');
    if (limit <= 0 || !resident_pages)
        return;
    long long resident = strtoll(resident_pages, NULL, 10) * sysconf(_SC_PAGESIZE);
    if (resident > limit / 100 * (100 - GUARD_HEADROOM_PERCENT))
        note(guard, GUARD_MEMORY, "%lld of %lld bytes of memory used", resident, limit);
}

static void on_canary(void *user, const struct http_result *result) {
    struct guard *guard = user;
    guard->canary = NULL;
    if (result->failure == HTTP_OK &&
        result->total_us < (int64_t)GUARD_CANARY_LIMIT_MS * 1000) {
        guard->is_cleared = guard->all_failing;
        return;
    }
    note(guard, GUARD_CANARY, "our own /livez: %s after %" PRId64 " ms",
         http_failure_name(result->failure), result->total_us / 1000);
}

static void send_canary(struct guard *guard) {
    if (!guard->has_canary || guard->canary)
        return;
    char url[ADDR_TEXT_MAX + 16];
    char where[ADDR_TEXT_MAX];
    snprintf(url, sizeof url, "http://%s/livez", addr_format(&guard->canary_addr, where));
    const struct http_request request = {.url = url,
                                         .connect = &guard->canary_addr,
                                         .method = "GET",
                                         .timeout_ms = CANARY_TIMEOUT_MS,
                                         .connect_timeout_ms = CANARY_TIMEOUT_MS,
                                         .max_body = 16};
    guard->canary_sent_ms = loop_now_ms(guard->options.loop);
    guard->canary = http_client_start(guard->options.http, &request, on_canary, guard);
}

static void on_tick(void *user) {
    struct guard *guard = user;
    int64_t now_ms = loop_now_ms(guard->options.loop);
    look_at_throttling(guard);
    look_at_descriptors(guard);
    look_at_memory(guard);
    if (now_ms - guard->canary_sent_ms >= CANARY_EVERY_MS)
        send_canary(guard);
    if (guard->sign != GUARD_FINE && now_ms - guard->sign_ms > GUARD_HOLD_MS) {
        guard->starved_since_ms = 0;
        enter(guard, GUARD_FINE);
    }
    loop_timer_set(guard->timer, TICK_MS);
}

static void find_canary(struct guard *guard) {
    const struct addr *listener = guard->options.canary;
    if (!listener || addr_is_unix(listener))
        return;
    guard->canary_addr = *listener;
    if (addr_is_any(listener)) {
        addr_parse_ip(listener->u.sa.sa_family == AF_INET6 ? "::1" : "127.0.0.1",
                      addr_port(listener), &guard->canary_addr);
    }
    guard->has_canary = true;
}

struct guard *guard_new(const struct guard_options *options) {
    struct guard *guard = MEM_NEW(struct guard);
    guard->options = *options;
    guard->throttled_us = -1;
    find_canary(guard);
    guard->timer = loop_timer_new(options->loop, on_tick, guard);
    loop_timer_set(guard->timer, TICK_MS);
    return guard;
}

void guard_free(struct guard *guard) {
    http_transfer_cancel(guard->canary);
    loop_timer_free(guard->timer);
    free(guard);
}

void guard_note_lag(struct guard *guard, int64_t lag_us) {
    if (lag_us > (int64_t)GUARD_LAG_LIMIT_MS * 1000)
        note(guard, GUARD_LAG, "the event loop came %" PRId64 " ms late", lag_us / 1000);
}

void guard_note_all_failing(struct guard *guard, bool all) {
    if (all == guard->all_failing)
        return;
    guard->all_failing = all;
    guard->is_cleared = false;
    if (all)
        send_canary(guard);
}

bool guard_is_starved(const struct guard *guard) {
    bool is_suspected = guard->all_failing && !guard->is_cleared && guard->canary != NULL;
    return guard->sign != GUARD_FINE || is_suspected;
}

bool guard_is_degraded(const struct guard *guard) {
    return guard->sign != GUARD_FINE &&
           loop_now_ms(guard->options.loop) - guard->starved_since_ms >=
               GUARD_DEGRADED_AFTER_MS;
}

enum guard_sign guard_sign(const struct guard *guard) {
    return guard->sign;
}

const char *guard_text(const struct guard *guard) {
    return guard->sign == GUARD_FINE ? "" : guard->text;
}

const char *guard_sign_name(enum guard_sign sign) {
    static const char *const names[] = {
        [GUARD_FINE] = "fine",           [GUARD_LAG] = "loop_lag",
        [GUARD_THROTTLED] = "throttled", [GUARD_FDS] = "descriptors",
        [GUARD_MEMORY] = "memory",       [GUARD_CANARY] = "canary",
    };
    return names[sign];
}
