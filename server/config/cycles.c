/* Depth first through the parents of checks. Not recursive: a chain may be as long as the
 * file allows. */
#include "cycles_internal.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>

enum { NAMES_SHOWN = 6 };

enum mark { MARK_NEW, MARK_ON_WAY, MARK_DONE };

struct step {
    uint32_t check;
    uint32_t next_parent;
};

static void write_cycle(const struct check_config *checks, const struct step *way,
                        uint32_t len, struct buf *text) {
    for (uint32_t i = 0; i < len && i < NAMES_SHOWN; i++)
        buf_printf(text, "%s -> ", checks[way[i].check].name);
    if (len > NAMES_SHOWN)
        buf_puts(text, "... -> ");
    buf_puts(text, checks[way[0].check].name);
}

/* Walk up from one check. The length of the way when it meets itself, at the parent that
 * its last step took; 0 if it never does. */
static uint32_t walk(const struct check_config *checks, enum mark *marks,
                     struct step *way, uint32_t start) {
    uint32_t len = 1;

    way[0] = (struct step){start, 0};
    marks[start] = MARK_ON_WAY;
    while (len > 0) {
        struct step *top = &way[len - 1];
        const struct check_config *check = &checks[top->check];
        if (top->next_parent == check->parent_count) {
            marks[top->check] = MARK_DONE;
            len--;
            continue;
        }
        uint32_t parent = check->parents[top->next_parent];
        if (marks[parent] == MARK_ON_WAY)
            return len;
        top->next_parent++;
        if (marks[parent] == MARK_NEW) {
            marks[parent] = MARK_ON_WAY;
            way[len++] = (struct step){parent, 0};
        }
    }
    return 0;
}

uint32_t cycles_find(const struct check_config *checks, uint32_t count,
                     struct buf *text) {
    MEM_AUTO enum mark *marks = mem_alloc(count, sizeof(*marks));
    MEM_AUTO struct step *way = mem_alloc(count, sizeof(*way));

    for (uint32_t start = 0; start < count; start++) {
        uint32_t len = marks[start] == MARK_NEW ? walk(checks, marks, way, start) : 0;
        if (len == 0)
            continue;
        const struct step *last = &way[len - 1];
        uint32_t parent = checks[last->check].parents[last->next_parent];
        uint32_t first = 0;
        while (way[first].check != parent)
            first++;
        write_cycle(checks, way + first, len - first, text);
        return last->check;
    }
    return UINT32_MAX;
}
