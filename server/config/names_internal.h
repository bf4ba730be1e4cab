/* Finding many things by name, and names that are taken. */
#ifndef CONFIG_NAMES_INTERNAL_H
#define CONFIG_NAMES_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

struct name {
    const char *text; /* borrowed */
    uint32_t index;   /* of what bears it */
};

struct names {
    struct name *items;
    size_t count;
};

/* Room for `count` names; names_fini frees it. */
void names_init(struct names *names, size_t count);
void names_fini(struct names *names);

/* NULL is not added. */
void names_add(struct names *names, const char *text, uint32_t index);

/* After the last one was added; equal names in the order of their indices. */
void names_sort(struct names *names);

/* The first that bears the name; UINT32_MAX if none does. */
uint32_t names_find(const struct names *names, const char *text);

/* The name most likely meant, or NULL. Slow: for an error message. */
const char *names_nearest(const struct names *names, const char *text);

#endif
