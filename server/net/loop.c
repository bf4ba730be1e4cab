/* The event loop over libuv: turns and their figures, timers, wake-ups, signals, a
 * watched folder.
 *
 * Every handle is freed in two steps, because libuv keeps a closed handle until the end
 * of its round. A turn is the work between two waits: libuv runs descriptor callbacks
 * while it still is in its poll step, so each of those opens the turn if nothing did so
 * before. */
#include "loop_internal.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct loop_timer {
    uv_timer_t uv;
    struct list node; /* in loop.soon */
    uint64_t set_in_turn;
    void (*callback)(void *user);
    void *user;
};

struct loop_wake {
    uv_async_t uv;
    atomic_uint sent;
    void (*callback)(void *user);
    void *user;
};

struct loop_signal {
    uv_signal_t uv;
    void (*callback)(void *user);
    void *user;
};

struct loop_watch {
    uv_fs_event_t uv;
    void (*callback)(void *user, const char *name);
    void *user;
};

/* For calls that fail only when the program is wrong or the machine is out of memory. */
static void must(int rc, const char *call) {
    if (rc == 0)
        return;
    log_event(LOG_LEVEL_ERROR, "libuv_failed", LOG_TEXT("call", call),
              LOG_TEXT("error", uv_strerror(rc)));
    abort();
}

static struct loop *loop_of(const uv_handle_t *handle) {
    return handle->loop->data;
}

static void on_closed(uv_handle_t *handle) {
    loop_of(handle)->closing--;
    free(handle->data);
}

static void end_turn(struct loop *loop) {
    int64_t now_us = clock_mono_us();
    int64_t turn_us = now_us - loop->turn_start_us;
    if (turn_us > loop->figures.longest_turn_us)
        loop->figures.longest_turn_us = turn_us;
    atomic_store_explicit(&loop->last_turn_us, now_us, memory_order_relaxed);
    loop->in_turn = false;
}

static void on_prepare(uv_prepare_t *handle) {
    struct loop *loop = loop_of((uv_handle_t *)handle);
    if (loop->turn_end)
        loop->turn_end(loop->turn_end_user);
    end_turn(loop);
}

static void run_soon(struct loop *loop) {
    while (!list_is_empty(&loop->soon)) {
        struct loop_timer *timer = LIST_ITEM(loop->soon.next, struct loop_timer, node);
        if (timer->set_in_turn == loop->figures.turns)
            return; /* and so was everything behind it */
        list_remove(&timer->node);
        timer->callback(timer->user);
    }
    uv_idle_stop(&loop->idle);
}

static void on_check(uv_check_t *handle) {
    struct loop *loop = loop_of((uv_handle_t *)handle);
    loop_begin_turn(loop);
    run_soon(loop);
}

static void on_idle(uv_idle_t *handle) {
    (void)handle;
}

static void on_timer(uv_timer_t *handle) {
    struct loop_timer *timer = handle->data;
    timer->callback(timer->user);
}

static void on_wake(uv_async_t *handle) {
    struct loop_wake *wake = handle->data;
    loop_begin_turn(loop_of((uv_handle_t *)handle));
    /* What a sender wrote before it sent is visible from here on. */
    if (atomic_exchange_explicit(&wake->sent, 0, memory_order_acquire) > 0)
        wake->callback(wake->user);
}

static void on_signal(uv_signal_t *handle, int signum) {
    (void)signum;
    struct loop_signal *sig = handle->data;
    loop_begin_turn(loop_of((uv_handle_t *)handle));
    sig->callback(sig->user);
}

/* libuv names the folder itself where the event is about the folder, not about an entry.
 */
static bool is_folder_itself(uv_fs_event_t *handle, const char *name) {
    char path[PATH_MAX];
    size_t size = sizeof path;
    if (uv_fs_event_getpath(handle, path, &size) != 0)
        return false;
    const char *slash = strrchr(path, '/');
    return strcmp(name, slash ? slash + 1 : path) == 0;
}

static void on_watch(uv_fs_event_t *handle, const char *name, int events, int status) {
    (void)events;
    struct loop_watch *watch = handle->data;
    loop_begin_turn(loop_of((uv_handle_t *)handle));
    bool known = status == 0 && name && !is_folder_itself(handle, name);
    watch->callback(watch->user, known ? name : NULL);
}

void loop_begin_turn(struct loop *loop) {
    if (loop->in_turn)
        return;
    loop->in_turn = true;
    loop->figures.turns++;
    loop->turn_start_us = clock_mono_us();
    atomic_store_explicit(&loop->last_turn_us, loop->turn_start_us, memory_order_relaxed);
}

void loop_close_handle(struct loop *loop, uv_handle_t *handle) {
    loop->closing++;
    uv_close(handle, on_closed);
}

struct loop *loop_new(struct err *err) {
    struct loop *loop = MEM_NEW(struct loop);
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        err_set_sys(err, -rc, "cannot create the event loop");
        goto fail;
    }
    loop->uv.data = loop;
    list_init(&loop->soon);
    if (!poll_set_init(loop, err)) {
        uv_loop_close(&loop->uv);
        goto fail;
    }
    must(uv_prepare_init(&loop->uv, &loop->prepare), "uv_prepare_init");
    must(uv_check_init(&loop->uv, &loop->check), "uv_check_init");
    must(uv_idle_init(&loop->uv, &loop->idle), "uv_idle_init");
    must(uv_prepare_start(&loop->prepare, on_prepare), "uv_prepare_start");
    must(uv_check_start(&loop->check, on_check), "uv_check_start");
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
    atomic_init(&loop->last_turn_us, clock_mono_us());
    return loop;
fail:
    free(loop);
    return NULL;
}

void loop_free(struct loop *loop) {
    if (!loop)
        return;
    loop->turn_end = NULL;
    poll_set_fini(loop);
    loop_close_handle(loop, (uv_handle_t *)&loop->prepare);
    loop_close_handle(loop, (uv_handle_t *)&loop->check);
    loop_close_handle(loop, (uv_handle_t *)&loop->idle);
    while (loop->closing > 0)
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0 && "a handle of the loop was not freed");
    (void)rc;
    free(loop);
}

void loop_run(struct loop *loop) {
    loop_begin_turn(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    if (loop->in_turn)
        end_turn(loop);
}

void loop_stop(struct loop *loop) {
    uv_stop(&loop->uv);
}

int64_t loop_now_ms(const struct loop *loop) {
    return (int64_t)uv_now(&loop->uv);
}

struct loop_figures loop_figures(const struct loop *loop) {
    return loop->figures;
}

int64_t loop_last_turn_us(const struct loop *loop) {
    return atomic_load_explicit(&loop->last_turn_us, memory_order_relaxed);
}

void loop_on_turn_end(struct loop *loop, void (*callback)(void *user), void *user) {
    loop->turn_end = callback;
    loop->turn_end_user = user;
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*callback)(void *user),
                                  void *user) {
    struct loop_timer *timer = MEM_NEW(struct loop_timer);
    must(uv_timer_init(&loop->uv, &timer->uv), "uv_timer_init");
    timer->uv.data = timer;
    timer->callback = callback;
    timer->user = user;
    return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_ms) {
    loop_timer_stop(timer);
    if (delay_ms > 0) {
        must(uv_timer_start(&timer->uv, on_timer, (uint64_t)delay_ms, 0),
             "uv_timer_start");
        return;
    }
    /* Not a libuv timer of 0: libuv 1.44 runs one that is set by a timer in the same
     * pass, so that a timer which sets itself would never let the loop poll again. */
    struct loop *loop = loop_of((uv_handle_t *)&timer->uv);
    timer->set_in_turn = loop->figures.turns;
    list_append(&loop->soon, &timer->node);
    must(uv_idle_start(&loop->idle, on_idle), "uv_idle_start");
}

void loop_timer_stop(struct loop_timer *timer) {
    list_remove(&timer->node);
    uv_timer_stop(&timer->uv);
}

void loop_timer_free(struct loop_timer *timer) {
    if (!timer)
        return;
    list_remove(&timer->node);
    loop_close_handle(loop_of((uv_handle_t *)&timer->uv), (uv_handle_t *)&timer->uv);
}

struct loop_wake *loop_wake_new(struct loop *loop, void (*callback)(void *user),
                                void *user) {
    struct loop_wake *wake = MEM_NEW(struct loop_wake);
    must(uv_async_init(&loop->uv, &wake->uv, on_wake), "uv_async_init");
    wake->uv.data = wake;
    atomic_init(&wake->sent, 0);
    wake->callback = callback;
    wake->user = user;
    return wake;
}

void loop_wake_send(struct loop_wake *wake) {
    atomic_fetch_add_explicit(&wake->sent, 1, memory_order_release);
    must(uv_async_send(&wake->uv), "uv_async_send");
}

void loop_wake_free(struct loop_wake *wake) {
    if (wake)
        loop_close_handle(loop_of((uv_handle_t *)&wake->uv), (uv_handle_t *)&wake->uv);
}

struct loop_signal *loop_signal_new(struct loop *loop, int signum,
                                    void (*callback)(void *user), void *user) {
    struct loop_signal *sig = MEM_NEW(struct loop_signal);
    must(uv_signal_init(&loop->uv, &sig->uv), "uv_signal_init");
    sig->uv.data = sig;
    sig->callback = callback;
    sig->user = user;
    must(uv_signal_start(&sig->uv, on_signal, signum), "uv_signal_start");
    return sig;
}

void loop_signal_free(struct loop_signal *sig) {
    if (sig)
        loop_close_handle(loop_of((uv_handle_t *)&sig->uv), (uv_handle_t *)&sig->uv);
}

struct loop_watch *loop_watch_new(struct loop *loop, const char *folder,
                                  void (*callback)(void *user, const char *name),
                                  void *user, struct err *err) {
    struct loop_watch *watch = MEM_NEW(struct loop_watch);
    must(uv_fs_event_init(&loop->uv, &watch->uv), "uv_fs_event_init");
    watch->uv.data = watch;
    watch->callback = callback;
    watch->user = user;
    int rc = uv_fs_event_start(&watch->uv, on_watch, folder, 0);
    if (rc != 0) {
        err_set_sys(err, -rc, "cannot watch %s", folder);
        loop_watch_free(watch);
        return NULL;
    }
    return watch;
}

void loop_watch_free(struct loop_watch *watch) {
    if (watch)
        loop_close_handle(loop_of((uv_handle_t *)&watch->uv), (uv_handle_t *)&watch->uv);
}
