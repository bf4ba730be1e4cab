/* Notices that the configuration file changed, and loads it. Owns what is said about
 * loads; who runs the configuration is told by callbacks. */
#include "app/reload.h"

#include "app/types.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/load.h"
#include "net/loop.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETTLE_MS = 100,       /* quiet after an event before the file is read */
    SETTLE_MOST_MS = 1000, /* read at last, however busy the folder is */
    POLL_MS = 10000,
    LINE_MAX_BYTES = ERR_WHERE_MAX + ERR_TEXT_MAX + 256,
};

struct reload {
    struct reload_options options;
    struct config *running;
    char *folder;
    char *base; /* the file's own name in it */
    struct loop_watch *watch;
    struct loop_timer *settle_timer;
    struct loop_timer *poll_timer;
    int64_t settle_since_ms; /* first event not yet looked at; 0: none */
    struct reload_stats stats;
    char refused[LINE_MAX_BYTES]; /* what was refused last: a hash, or why unreadable; or
                                     "" */
    char *lines[ERR_LIST_MAX + 1];
    size_t line_count;
};

static void clear_lines(struct reload *reload) {
    for (size_t i = 0; i < reload->line_count; i++)
        free(reload->lines[i]);
    reload->line_count = 0;
}

static void add_line(struct reload *reload, const char *line) {
    reload->lines[reload->line_count++] = mem_copy_text(line);
    log_event(LOG_LEVEL_ERROR, "config_error", LOG_TEXT("error", line));
}

static void tell(struct reload *reload) {
    reload->stats.errors.items = (const char *const *)reload->lines;
    reload->stats.errors.count = reload->line_count;
    reload->options.on_stats(reload->options.user, &reload->stats);
}

static void refuse(struct reload *reload, const char *what,
                   const struct err_list *errors) {
    char line[LINE_MAX_BYTES];
    clear_lines(reload);
    for (size_t i = 0; i < errors->len; i++) {
        add_line(reload,
                 err_format(&errors->items[i], reload->running->file, line, sizeof line));
    }
    if (errors->dropped > 0) {
        snprintf(line, sizeof line, "%s: and %zu more", reload->running->file,
                 errors->dropped);
        add_line(reload, line);
    }
    text_copy(reload->refused, sizeof reload->refused, what);
    reload->stats.refused++;
    reload->stats.last_ok = false;
    reload->stats.refused_wall_ms = clock_wall_ms();
    log_event(LOG_LEVEL_ERROR, "config_refused", LOG_TEXT("file", reload->running->file),
              LOG_INT("errors", (int64_t)(errors->len + errors->dropped)),
              LOG_TEXT("running", reload->running->hash));
    tell(reload);
}

/* The file says again what is running. */
static void restored(struct reload *reload) {
    if (!reload->refused[0])
        return;
    reload->refused[0] = '\0';
    clear_lines(reload);
    reload->stats.last_ok = true;
    log_event(LOG_LEVEL_INFO, "config_restored", LOG_TEXT("file", reload->running->file),
              LOG_TEXT("running", reload->running->hash));
    tell(reload);
}

static void accept_config(struct reload *reload, struct config *next) {
    clear_lines(reload);
    reload->refused[0] = '\0';
    reload->stats.loaded++;
    reload->stats.last_ok = true;
    reload->stats.loaded_wall_ms = clock_wall_ms();
    log_event(LOG_LEVEL_INFO, "config_loaded", LOG_TEXT("file", next->file),
              LOG_TEXT("old", reload->running->hash), LOG_TEXT("new", next->hash),
              LOG_INT("tenants", next->tenant_count),
              LOG_INT("checks", next->check_count));
    config_unref(reload->running);
    reload->running = config_ref(next);
    reload->options.on_config(reload->options.user, next);
    tell(reload);
}

static void look(struct reload *reload) {
    reload->settle_since_ms = 0;
    loop_timer_stop(reload->settle_timer);
    reload->options.on_look(reload->options.user);

    char hash[MAC_HEX_MAX];
    struct err_list errors = {0};
    struct err err = {0};
    if (!config_hash_file(reload->running->file, hash, &err)) {
        if (strcmp(reload->refused, err.text) != 0) {
            err_list_add(&errors, &err);
            refuse(reload, err.text, &errors);
        }
        return;
    }
    if (strcmp(hash, reload->running->hash) == 0) {
        restored(reload);
        return;
    }
    if (strcmp(hash, reload->refused) == 0)
        return;
    struct config *next = config_load(reload->running->file, types_for_config(), &errors);
    if (!next) {
        refuse(reload, hash, &errors);
        return;
    }
    if (config_can_replace(reload->running, next, &err)) {
        accept_config(reload, next);
    } else {
        err_list_add(&errors, &err);
        refuse(reload, hash, &errors);
    }
    config_unref(next);
}

static void on_settled(void *user) {
    look(user);
}

static void on_poll(void *user) {
    struct reload *reload = user;
    look(reload);
    loop_timer_set(reload->poll_timer, POLL_MS);
}

static void on_folder_event(void *user, const char *name) {
    struct reload *reload = user;
    if (name && strcmp(name, reload->base) != 0 && strcmp(name, "..data") != 0)
        return;
    int64_t now_ms = loop_now_ms(reload->options.loop);
    if (reload->settle_since_ms == 0)
        reload->settle_since_ms = now_ms;
    int64_t left_ms = reload->settle_since_ms + SETTLE_MOST_MS - now_ms;
    int64_t wait_ms = left_ms < SETTLE_MS ? left_ms : SETTLE_MS;
    loop_timer_set(reload->settle_timer, wait_ms > 0 ? wait_ms : 0);
}

struct reload *reload_new(const struct reload_options *options) {
    struct reload *reload = MEM_NEW(struct reload);
    reload->options = *options;
    reload->running = config_ref(options->running);
    /* dirname and basename write into what they are given. */
    char *copy = mem_copy_text(options->running->file);
    reload->folder = mem_copy_text(dirname(copy));
    free(copy);
    copy = mem_copy_text(options->running->file);
    reload->base = mem_copy_text(basename(copy));
    free(copy);
    reload->settle_timer = loop_timer_new(options->loop, on_settled, reload);
    reload->poll_timer = loop_timer_new(options->loop, on_poll, reload);
    struct err err = {0};
    reload->watch =
        loop_watch_new(options->loop, reload->folder, on_folder_event, reload, &err);
    if (!reload->watch) {
        /* Not fatal: the hash is compared every POLL_MS as well. */
        log_event(LOG_LEVEL_WARN, "config_watch", LOG_TEXT("folder", reload->folder),
                  LOG_TEXT("error", err.text));
    }
    loop_timer_set(reload->poll_timer, POLL_MS);
    if (reload->running->is_stand_in) {
        log_event(LOG_LEVEL_WARN, "waiting_for_config",
                  LOG_TEXT("file", reload->running->file));
        look(reload);
        return reload;
    }
    reload->stats = (struct reload_stats){
        .loaded = 1, .last_ok = true, .loaded_wall_ms = clock_wall_ms()};
    tell(reload);
    return reload;
}

void reload_free(struct reload *reload) {
    loop_watch_free(reload->watch);
    loop_timer_free(reload->settle_timer);
    loop_timer_free(reload->poll_timer);
    clear_lines(reload);
    config_unref(reload->running);
    free(reload->folder);
    free(reload->base);
    free(reload);
}

void reload_look(struct reload *reload) {
    if (reload->settle_since_ms == 0)
        reload->settle_since_ms = loop_now_ms(reload->options.loop);
    loop_timer_set(reload->settle_timer, 0);
}
