/* Memory that is ours: allocation that cannot fail, and an arena for things of one
 * lifetime.
 *
 * Out of memory writes one log line and aborts: the pod's restart policy handles it
 * better than half a server would. Memory of a request belongs to libmicrohttpd and may
 * fail. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Zeroed memory of n * size bytes (at least 1); checks the multiplication. */
void *mem_alloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* As realloc, without zeroing; p may be NULL. */
void *mem_resize(void *p, size_t n, size_t size) __attribute__((returns_nonnull));

/* A copy of a string; NULL gives NULL. Free with free(). */
char *mem_copy_text(const char *text);

#define MEM_NEW(type) ((type *)mem_alloc(1, sizeof(type)))

/* Frees the pointer a variable holds at the end of its scope. */
#define MEM_AUTO __attribute__((cleanup(mem_free_pointer)))
void mem_free_pointer(void *pointer_to_pointer);

/* Many small allocations that end together. Not thread-safe. */
struct arena;
struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */
/* Zeroed, aligned for any type, valid until arena_free. */
void *arena_alloc(struct arena *arena, size_t n, size_t size)
    __attribute__((returns_nonnull));
/* Copies of text; NULL gives NULL. */
char *arena_copy_text(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

#endif
