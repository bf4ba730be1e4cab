/* A circular, doubly linked list whose links live inside its elements. A zeroed node is
 * in no list; a list's head must be made ready by list_init. Nothing here owns anything.
 */
#ifndef NET_LIST_H
#define NET_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev;
    struct list *next;
};

/* The element of type `type` whose member `member` is the node `node`. */
#define LIST_ITEM(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *head) {
    head->prev = head;
    head->next = head;
}

static inline bool list_is_empty(const struct list *head) {
    return head->next == head;
}

static inline void list_append(struct list *head, struct list *node) {
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Nothing happens to a node that is in no list. */
static inline void list_remove(struct list *node) {
    if (!node->next)
        return;
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->prev = NULL;
    node->next = NULL;
}

static inline bool list_has_node(const struct list *node) {
    return node->next != NULL;
}

/* Move everything from `from` to the end of `to`. */
static inline void list_append_all(struct list *to, struct list *from) {
    if (list_is_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#endif
