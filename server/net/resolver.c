/* Who waits for which name: coalescing, deadlines, kept answers.
 *
 * An epoch is one DNS channel and the questions that went out on it. After a question
 * that nobody answered the next one opens a new epoch: fresh sockets (a UDP flow may be
 * pinned to a name server that is gone), resolv.conf read again, no waiting on what is
 * already lost. Answers are always delivered by a timer, never from inside c-ares. */
#include "net/resolver.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "deadline.h"
#include "list.h"
#include "net/loop.h"
#include "resolver_cache.h"
#include "resolver_channel.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_LEN = 254,    /* RFC 1035, and a trailing dot */
    EPOCH_LEAST_MS = 1000, /* an epoch in doubt is replaced when it is this old */
    KEEP_LEAST_MS = 1000,
    KEEP_MOST_MS = 30000,
    QUESTION_BUCKETS = 64,
};

struct resolver {
    struct loop *loop;
    struct dns_settings settings;
    struct answer_cache *cache;
    struct list epochs; /* the newest, which takes the questions, is the last */
    struct list ready;  /* struct resolve that have their answer */
    struct list batch;  /* those being delivered in this turn */
    struct loop_timer *ready_timer;
    bool is_delivering;
    bool is_ended; /* freed inside a callback: goes when the delivery is over */
};

struct epoch {
    struct list node;
    struct resolver *resolver;
    struct dns_channel *channel;
    struct list questions[QUESTION_BUCKETS];
    size_t waiting; /* struct resolve that wait for one of these questions */
    int64_t start_ms;
    bool in_doubt; /* the last word was that no server answered */
};

struct question {
    struct list node; /* in its epoch */
    struct epoch *epoch;
    char *name;
    struct list waiting;
};

struct resolve {
    struct list node; /* in question.waiting, resolver.ready or resolver.batch */
    struct resolver *resolver;
    struct question *question; /* NULL once there is an answer */
    struct deadline deadline;  /* zeroed where no question went out */
    struct answer *answer;     /* one reference */
    bool from_cache;
    void (*callback)(void *user, const struct resolve_result *result);
    void *user;
};

static size_t bucket_of(const char *name) {
    size_t sum = 0;
    for (; *name; name++)
        sum = sum * 31 + (unsigned char)*name;
    return sum % QUESTION_BUCKETS;
}

static struct epoch *newest(struct resolver *resolver) {
    return LIST_ITEM(resolver->epochs.prev, struct epoch, node);
}

static bool open_epoch(struct resolver *resolver, struct err *err) {
    struct dns_channel *channel =
        dns_channel_new(resolver->loop, &resolver->settings, err);
    if (!channel)
        return false;
    struct epoch *epoch = MEM_NEW(struct epoch);
    epoch->resolver = resolver;
    epoch->channel = channel;
    epoch->start_ms = loop_now_ms(resolver->loop);
    for (size_t i = 0; i < QUESTION_BUCKETS; i++)
        list_init(&epoch->questions[i]);
    list_append(&resolver->epochs, &epoch->node);
    return true;
}

static void close_epoch(struct epoch *epoch) {
    list_remove(&epoch->node);
    dns_channel_free(epoch->channel);
    free(epoch);
}

/* Epochs that take no questions any more go when nobody waits for theirs. */
static void close_old_epochs(struct resolver *resolver) {
    for (struct list *node = resolver->epochs.next; node != resolver->epochs.prev;) {
        struct epoch *epoch = LIST_ITEM(node, struct epoch, node);
        node = node->next;
        if (epoch->waiting == 0)
            close_epoch(epoch);
    }
}

static void release(struct resolve *resolve) {
    list_remove(&resolve->node);
    if (resolve->question)
        resolve->question->epoch->waiting--;
    deadline_fini(&resolve->deadline);
    answer_unref(resolve->answer);
    free(resolve);
}

static void deliver(struct resolve *resolve) {
    const struct answer *answer = resolve->answer;
    struct resolve_result result = {.status = answer->status,
                                    .addrs = answer->addrs,
                                    .count = answer->count,
                                    .text = answer->text,
                                    .from_cache = resolve->from_cache};
    list_remove(&resolve->node);
    resolve->callback(resolve->user, &result);
    release(resolve);
}

static void destroy(struct resolver *resolver) {
    while (!list_is_empty(&resolver->epochs))
        close_epoch(newest(resolver));
    loop_timer_free(resolver->ready_timer);
    answer_cache_free(resolver->cache);
    dns_settings_fini(&resolver->settings);
    free(resolver);
}

static void on_ready(void *user) {
    struct resolver *resolver = user;
    resolver->is_delivering = true;
    list_append_all(&resolver->batch, &resolver->ready);
    while (!list_is_empty(&resolver->batch))
        deliver(LIST_ITEM(resolver->batch.next, struct resolve, node));
    resolver->is_delivering = false;
    if (resolver->is_ended)
        destroy(resolver);
    else
        close_old_epochs(resolver);
}

static void make_ready(struct resolve *resolve, struct answer *answer) {
    struct resolver *resolver = resolve->resolver;
    resolve->answer = answer;
    list_append(&resolver->ready, &resolve->node);
    loop_timer_set(resolver->ready_timer, 0);
}

static void keep_answer(struct resolver *resolver, const char *name,
                        struct answer *answer, int64_t ttl_s) {
    int64_t keep_ms = ttl_s < KEEP_MOST_MS / 1000 ? ttl_s * 1000 : KEEP_MOST_MS;
    if (keep_ms < KEEP_LEAST_MS)
        keep_ms = KEEP_LEAST_MS;
    answer_cache_keep(resolver->cache, name, answer,
                      loop_now_ms(resolver->loop) + keep_ms);
}

static void on_answer(void *user, struct answer *answer, int64_t ttl_s) {
    struct question *question = user;
    struct epoch *epoch = question->epoch;
    if (answer) { /* NULL: the epoch is being closed, and nobody waits */
        epoch->in_doubt =
            answer->status == RESOLVE_TIMEOUT || answer->status == RESOLVE_FAILED;
        if (answer->status == RESOLVE_OK)
            keep_answer(epoch->resolver, question->name, answer, ttl_s);
        while (!list_is_empty(&question->waiting)) {
            struct resolve *resolve =
                LIST_ITEM(question->waiting.next, struct resolve, node);
            list_remove(&resolve->node);
            deadline_stop(&resolve->deadline);
            resolve->question = NULL;
            epoch->waiting--;
            make_ready(resolve, answer_ref(answer));
        }
    }
    list_remove(&question->node);
    free(question->name);
    free(question);
}

static void on_deadline(void *user) {
    struct resolve *resolve = user;
    struct resolver *resolver = resolve->resolver;
    struct epoch *epoch = resolve->question->epoch;
    epoch->in_doubt = true;
    epoch->waiting--;
    resolve->question = NULL;
    list_remove(&resolve->node);
    close_old_epochs(resolver);
    resolve->answer = answer_new(RESOLVE_TIMEOUT, "no answer in time", 0);
    deliver(resolve);
}

static struct question *find_question(struct epoch *epoch, const char *name) {
    struct list *bucket = &epoch->questions[bucket_of(name)];
    for (struct list *node = bucket->next; node != bucket; node = node->next) {
        struct question *question = LIST_ITEM(node, struct question, node);
        if (strcmp(question->name, name) == 0)
            return question;
    }
    return NULL;
}

/* Wait for the question that is out already, or send one. It may be answered, and gone,
 * when this returns: the hosts file needs no server. */
static void wait_for(struct resolve *resolve, const char *name) {
    struct resolver *resolver = resolve->resolver;
    struct epoch *epoch = newest(resolver);
    if (epoch->in_doubt &&
        loop_now_ms(resolver->loop) - epoch->start_ms >= EPOCH_LEAST_MS &&
        open_epoch(resolver, NULL)) {
        close_old_epochs(resolver);
        epoch = newest(resolver);
    }
    struct question *question = find_question(epoch, name);
    bool is_new = !question;
    if (is_new) {
        question = MEM_NEW(struct question);
        question->epoch = epoch;
        question->name = mem_copy_text(name);
        list_init(&question->waiting);
        list_append(&epoch->questions[bucket_of(name)], &question->node);
    }
    resolve->question = question;
    list_append(&question->waiting, &resolve->node);
    epoch->waiting++;
    if (is_new)
        dns_channel_ask(epoch->channel, name, on_answer, question);
}

/* The name as it is compared and asked: lower case. False if it cannot be a name. */
static bool normalise(const char *name, char out[NAME_MAX_LEN + 1]) {
    size_t len = strlen(name);
    if (len == 0 || len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i <= len; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    return true;
}

static void free_waiting(struct list *waiting) {
    while (!list_is_empty(waiting))
        release(LIST_ITEM(waiting->next, struct resolve, node));
}

static void free_waiting_in(struct epoch *epoch) {
    for (size_t i = 0; i < QUESTION_BUCKETS; i++) {
        struct list *bucket = &epoch->questions[i];
        for (struct list *node = bucket->next; node != bucket; node = node->next)
            free_waiting(&LIST_ITEM(node, struct question, node)->waiting);
    }
}

struct resolver *resolver_new(struct loop *loop, const struct resolver_options *options,
                              struct err *err) {
    struct resolver *resolver = MEM_NEW(struct resolver);
    resolver->loop = loop;
    list_init(&resolver->epochs);
    list_init(&resolver->ready);
    list_init(&resolver->batch);
    if (!dns_settings_init(&resolver->settings, options, err) ||
        !open_epoch(resolver, err)) {
        dns_settings_fini(&resolver->settings);
        free(resolver);
        return NULL;
    }
    resolver->cache = answer_cache_new();
    resolver->ready_timer = loop_timer_new(loop, on_ready, resolver);
    return resolver;
}

void resolver_free(struct resolver *resolver) {
    if (!resolver)
        return;
    free_waiting(&resolver->ready);
    free_waiting(&resolver->batch);
    for (struct list *node = resolver->epochs.next; node != &resolver->epochs;
         node = node->next)
        free_waiting_in(LIST_ITEM(node, struct epoch, node));
    if (resolver->is_delivering)
        resolver->is_ended = true;
    else
        destroy(resolver);
}

struct resolve *
resolver_ask(struct resolver *resolver, const char *name, int64_t timeout_ms,
             void (*callback)(void *user, const struct resolve_result *result),
             void *user) {
    struct resolve *resolve = MEM_NEW(struct resolve);
    resolve->resolver = resolver;
    resolve->callback = callback;
    resolve->user = user;
    struct addr literal;
    if (addr_parse_ip(name, 0, &literal)) {
        struct answer *answer = answer_new(RESOLVE_OK, "", 1);
        answer->addrs[answer->count++] = literal;
        make_ready(resolve, answer);
        return resolve;
    }
    char key[NAME_MAX_LEN + 1];
    if (!normalise(name, key)) {
        make_ready(resolve, answer_new(RESOLVE_FAILED, "not a host name", 0));
        return resolve;
    }
    struct answer *kept =
        answer_cache_find(resolver->cache, key, loop_now_ms(resolver->loop));
    if (kept) {
        resolve->from_cache = true;
        make_ready(resolve, answer_ref(kept));
        return resolve;
    }
    deadline_init(&resolve->deadline, resolver->loop, on_deadline, resolve);
    deadline_set(&resolve->deadline, clock_mono_us() + timeout_ms * 1000);
    wait_for(resolve, key);
    return resolve;
}

void resolve_cancel(struct resolve *resolve) {
    if (!resolve)
        return;
    struct resolver *resolver = resolve->resolver;
    release(resolve);
    close_old_epochs(resolver);
}

void resolver_forget(struct resolver *resolver, const char *name) {
    char key[NAME_MAX_LEN + 1];
    if (normalise(name, key))
        answer_cache_drop(resolver->cache, key);
}
