/* A sorted list of names. Files hold thousands of checks, so nothing here is linear per
 * name but the wording of an error. */
#include "names_internal.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *left, const void *right) {
    const struct name *a = left;
    const struct name *b = right;
    int order = strcmp(a->text, b->text);

    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

void names_init(struct names *names, size_t count) {
    *names = (struct names){mem_alloc(count, sizeof(struct name)), 0};
}

void names_fini(struct names *names) {
    free(names->items);
    *names = (struct names){0};
}

void names_add(struct names *names, const char *text, uint32_t index) {
    if (text)
        names->items[names->count++] = (struct name){text, index};
}

void names_sort(struct names *names) {
    qsort(names->items, names->count, sizeof(*names->items), compare_names);
}

uint32_t names_find(const struct names *names, const char *text) {
    size_t low = 0;
    size_t high = names->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->items[middle].text, text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == names->count || strcmp(names->items[low].text, text) != 0)
        return UINT32_MAX;
    return names->items[low].index;
}

const char *names_nearest(const struct names *names, const char *text) {
    MEM_AUTO const char **candidates = mem_alloc(names->count, sizeof(*candidates));

    for (size_t i = 0; i < names->count; i++)
        candidates[i] = names->items[i].text;
    return text_nearest(text, candidates, names->count);
}
