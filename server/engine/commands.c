/* A small ring of names under a mutex, guarded by a token bucket. Never runs anything. */
#include "engine/commands.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdlib.h>

struct commands {
    pthread_mutex_t lock; /* guards everything below */
    char *names[COMMANDS_MAX];
    unsigned head;
    unsigned len;
    int64_t tokens_milli; /* thousandths of a request that may come now */
    int64_t filled_ms;
    uint64_t refused;
};

static void fill(struct commands *commands, int64_t now_ms) {
    const int64_t most = (int64_t)COMMANDS_BURST * 1000;
    commands->tokens_milli += (now_ms - commands->filled_ms) * COMMANDS_PER_S;
    if (commands->tokens_milli > most)
        commands->tokens_milli = most;
    commands->filled_ms = now_ms;
}

struct commands *commands_new(void) {
    struct commands *commands = MEM_NEW(struct commands);
    pthread_mutex_init(&commands->lock, NULL);
    commands->tokens_milli = (int64_t)COMMANDS_BURST * 1000;
    return commands;
}

void commands_free(struct commands *commands) {
    char *name;
    while ((name = commands_take(commands)))
        free(name);
    pthread_mutex_destroy(&commands->lock);
    free(commands);
}

bool commands_add(struct commands *commands, const char *check, int64_t now_ms) {
    pthread_mutex_lock(&commands->lock);
    fill(commands, now_ms);
    bool accepted = commands->len < COMMANDS_MAX && commands->tokens_milli >= 1000;
    if (accepted) {
        unsigned tail = (commands->head + commands->len) % COMMANDS_MAX;
        commands->names[tail] = mem_copy_text(check);
        commands->len++;
        commands->tokens_milli -= 1000;
    } else {
        commands->refused++;
    }
    pthread_mutex_unlock(&commands->lock);
    return accepted;
}

char *commands_take(struct commands *commands) {
    char *name = NULL;
    pthread_mutex_lock(&commands->lock);
    if (commands->len > 0) {
        name = commands->names[commands->head];
        commands->head = (commands->head + 1) % COMMANDS_MAX;
        commands->len--;
    }
    pthread_mutex_unlock(&commands->lock);
    return name;
}

uint64_t commands_refused(struct commands *commands) {
    pthread_mutex_lock(&commands->lock);
    uint64_t refused = commands->refused;
    pthread_mutex_unlock(&commands->lock);
    return refused;
}
