/* Allocation that cannot fail, and the arena. Owns what happens when memory runs out: one
 * log line, then abort(). Arena memory is zeroed because chunks come from mem_alloc and
 * are never handed out twice. */
#include "base/mem.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_BYTES = 4096, /* of one chunk, its header included */
    LARGE_BYTES = 1024  /* from here on an allocation gets a chunk of its own */
};

struct chunk {
    struct chunk *next;
    size_t used;
    _Alignas(max_align_t) char data[];
};

struct arena {
    struct chunk *chunks; /* the first one is being filled; owned */
    size_t used;
};

static const size_t chunk_room = CHUNK_BYTES - sizeof(struct chunk);

_Noreturn static void out_of_memory(size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > INT64_MAX)
        bytes = INT64_MAX;
    log_event(LOG_LEVEL_ERROR, "out_of_memory", LOG_INT("bytes", (int64_t)bytes));
    abort();
}

/* n * size, at least 1. */
static size_t total_bytes(size_t n, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        out_of_memory(n, size);
    return bytes > 0 ? bytes : 1;
}

static struct chunk *new_chunk(size_t room) {
    if (room > SIZE_MAX - sizeof(struct chunk))
        out_of_memory(room, 1);
    return mem_alloc(1, sizeof(struct chunk) + room);
}

void *mem_alloc(size_t n, size_t size) {
    void *p = calloc(1, total_bytes(n, size));
    if (!p)
        out_of_memory(n, size);
    return p;
}

void *mem_resize(void *p, size_t n, size_t size) {
    void *moved = realloc(p, total_bytes(n, size));
    if (!moved)
        out_of_memory(n, size);
    return moved;
}

char *mem_copy_text(const char *text) {
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(mem_alloc(1, size), text, size);
}

void mem_free_pointer(void *pointer_to_pointer) {
    void *p;
    memcpy(&p, pointer_to_pointer, sizeof p);
    free(p);
}

struct arena *arena_new(void) {
    return MEM_NEW(struct arena);
}

void arena_free(struct arena *arena) {
    if (!arena)
        return;
    struct chunk *chunk = arena->chunks;
    while (chunk) {
        struct chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    free(arena);
}

void *arena_alloc(struct arena *arena, size_t n, size_t size) {
    size_t bytes = total_bytes(n, size);
    arena->used += bytes;
    struct chunk *first = arena->chunks;
    if (bytes >= LARGE_BYTES && first) {
        /* Behind the first one, so that it goes on being filled. */
        struct chunk *large = new_chunk(bytes);
        large->used = bytes;
        large->next = first->next;
        first->next = large;
        return large->data;
    }

    const size_t align = _Alignof(max_align_t);
    size_t start = first ? (first->used + align - 1) & ~(align - 1) : 0;
    if (!first || start > chunk_room || bytes > chunk_room - start) {
        first = new_chunk(bytes > chunk_room ? bytes : chunk_room);
        first->next = arena->chunks;
        arena->chunks = first;
        start = 0;
    }
    first->used = start + bytes;
    return first->data + start;
}

char *arena_copy_text(struct arena *arena, const char *text) {
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(arena_alloc(arena, 1, size), text, size);
}

char *arena_printf(struct arena *arena, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return arena_alloc(arena, 1, 1);

    size_t size = (size_t)len + 1;
    char *text = arena_alloc(arena, 1, size);
    va_start(args, fmt);
    vsnprintf(text, size, fmt, args);
    va_end(args);
    return text;
}

size_t arena_used(const struct arena *arena) {
    return arena->used;
}
