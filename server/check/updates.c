/* Remembers the counters of the pods that were asked last. */
#include "updates.h"

#include <stddef.h>
#include <stdint.h>

enum { PODS_MAX = 256 };

struct history {
    struct update_counts last;
    struct update_state state;
};

static struct pod_history {
    struct addr addr; /* len 0: free */
    double uptime_s;
    uint64_t noted; /* in which order */
    struct history kinds[UPDATE_KINDS];
} pods[PODS_MAX];

static uint64_t notes;

/* The pod's place; else a free one, or that of the pod that was noted longest ago. */
static struct pod_history *find(const struct addr *addr) {
    struct pod_history *oldest = &pods[0];
    for (size_t i = 0; i < PODS_MAX; i++) {
        struct pod_history *pod = &pods[i];
        if (pod->addr.len > 0 && addr_equal_ip(&pod->addr, addr) &&
            addr_port(&pod->addr) == addr_port(addr))
            return pod;
        if (pod->noted < oldest->noted)
            oldest = pod;
    }
    *oldest = (struct pod_history){.addr = *addr};
    return oldest;
}

static bool fell(const struct pod_history *pod, double uptime_s,
                 const struct update_counts *counts) {
    if (uptime_s < pod->uptime_s)
        return true;
    for (size_t i = 0; i < UPDATE_KINDS; i++) {
        const struct update_counts *last = &pod->kinds[i].last;
        if (counts[i].accepted < last->accepted || counts[i].rejected < last->rejected ||
            counts[i].failed < last->failed)
            return true;
    }
    return false;
}

static void begin(struct history *history, const struct update_counts *now) {
    bool has_none = now->accepted <= 0;
    history->state.is_rejected = has_none && now->rejected > 0;
    history->state.is_lost = has_none && now->failed > 0;
}

static void go_on(struct history *history, const struct update_counts *now) {
    const struct update_counts *last = &history->last;
    bool was_accepted = now->accepted > last->accepted;
    bool was_rejected = now->rejected > last->rejected;
    struct update_state *state = &history->state;
    if (was_accepted || was_rejected) /* an update came, so there is a stream */
        state->is_lost = false;
    else if (now->failed > last->failed)
        state->is_lost = true;
    if (was_rejected)
        state->is_rejected = true;
    else if (was_accepted)
        state->is_rejected = false;
}

struct update_state updates_note(const struct addr *addr, double uptime_s,
                                 const struct update_counts counts[UPDATE_KINDS]) {
    struct pod_history *pod = find(addr);
    bool is_first = pod->noted == 0 || fell(pod, uptime_s, counts);
    struct update_state all = {false, false};
    for (size_t i = 0; i < UPDATE_KINDS; i++) {
        struct history *history = &pod->kinds[i];
        if (is_first)
            begin(history, &counts[i]);
        else
            go_on(history, &counts[i]);
        history->last = counts[i];
        all.is_rejected = all.is_rejected || history->state.is_rejected;
        all.is_lost = all.is_lost || history->state.is_lost;
    }
    pod->uptime_s = uptime_s;
    pod->noted = ++notes;
    return all;
}
