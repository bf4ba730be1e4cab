/* Every question of the probe port with its answer, worked out once per change: a table
 * for the fixed questions and a hash table for the tenants, so that looking one up costs
 * the same with one tenant and with ten thousand. Holds a reference to the configuration,
 * which owns the names. Never changes after answers_new. */
#include "front/answers.h"

#include "base/hash.h"
#include "base/mac.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { NONCE_MAX = 128, EMPTY_SLOT = UINT32_MAX };

struct answers {
    enum answer by_path[PROBE_PATH_COUNT];
    bool is_draining;
    struct config *config; /* one reference */
    enum answer *tenants;  /* one per config->tenants */
    uint32_t *slots;       /* indices of tenants, open addressing; EMPTY_SLOT: free */
    uint32_t slot_mask;    /* the number of slots is a power of two */
    char *loop_key;        /* NULL: none */
    size_t loop_key_len;
};

static uint32_t hash_of(const char *name) {
    return hash_bytes(name, strlen(name));
}

static enum answer answer_of_verdict(enum verdict verdict) {
    switch (verdict) {
        case VERDICT_HEALTHY:
            return ANSWER_HEALTHY;
        case VERDICT_DEGRADED:
            return ANSWER_DEGRADED;
        case VERDICT_UNHEALTHY:
            return ANSWER_UNHEALTHY;
    }
    return ANSWER_DEGRADED;
}

static enum answer answer_of_tenant(enum tenant_state state) {
    switch (state) {
        case TENANT_HEALTHY:
            return ANSWER_HEALTHY;
        case TENANT_DEGRADED:
            return ANSWER_DEGRADED;
        case TENANT_UNHEALTHY:
            return ANSWER_UNHEALTHY;
    }
    return ANSWER_DEGRADED;
}

static enum answer answer_of_life(enum life life) {
    switch (life) {
        case LIFE_STARTING:
            return ANSWER_STARTING;
        case LIFE_READY:
            return ANSWER_READY;
        case LIFE_DRAINING:
            return ANSWER_DRAINING;
    }
    return ANSWER_STARTING;
}

static void add_tenants(struct answers *answers, const struct snapshot *snapshot) {
    uint32_t count = answers->config->tenant_count;
    uint32_t slot_count = 1;
    while (slot_count < 2 * count)
        slot_count *= 2;
    answers->slot_mask = slot_count - 1;
    answers->slots = mem_alloc(slot_count, sizeof answers->slots[0]);
    memset(answers->slots, 0xff, slot_count * sizeof answers->slots[0]);
    answers->tenants = mem_alloc(count, sizeof answers->tenants[0]);
    for (uint32_t i = 0; i < count; i++) {
        answers->tenants[i] = answer_of_tenant(snapshot->tenants[i].status.state);
        uint32_t slot = hash_of(answers->config->tenants[i].name) & answers->slot_mask;
        while (answers->slots[slot] != EMPTY_SLOT)
            slot = (slot + 1) & answers->slot_mask;
        answers->slots[slot] = i;
    }
}

static enum answer find_tenant(const struct answers *answers, const char *name) {
    uint32_t slot = hash_of(name) & answers->slot_mask;
    for (; answers->slots[slot] != EMPTY_SLOT; slot = (slot + 1) & answers->slot_mask) {
        uint32_t tenant = answers->slots[slot];
        if (strcmp(answers->config->tenants[tenant].name, name) == 0)
            return answers->tenants[tenant];
    }
    return ANSWER_NOT_FOUND;
}

static bool nonce_is_valid(const char *nonce) {
    size_t len = strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                               "0123456789_.-");
    return len >= 1 && len <= NONCE_MAX && nonce[len] == '\0';
}

struct answers *answers_new(const struct snapshot *snapshot, const char *loop_key,
                            size_t loop_key_len) {
    struct answers *answers = MEM_NEW(struct answers);
    const struct verdicts *verdicts = &snapshot->verdicts;
    enum answer *by_path = answers->by_path;
    by_path[PROBE_HEALTHZ] = answer_of_verdict(verdicts->answer);
    by_path[PROBE_READY] = answer_of_life(snapshot->life);
    by_path[PROBE_SERVE] = answer_of_verdict(verdict_for(verdicts, POLICY_SERVE));
    by_path[PROBE_QUORUM] = answer_of_verdict(verdict_for(verdicts, POLICY_QUORUM));
    by_path[PROBE_STRICT] = answer_of_verdict(verdict_for(verdicts, POLICY_STRICT));
    answers->is_draining = snapshot->life == LIFE_DRAINING;
    answers->config = config_ref(snapshot->config);
    add_tenants(answers, snapshot);
    if (loop_key && loop_key_len > 0) {
        answers->loop_key = mem_alloc(loop_key_len, 1);
        memcpy(answers->loop_key, loop_key, loop_key_len);
        answers->loop_key_len = loop_key_len;
    }
    return answers;
}

void answers_free(struct answers *answers) {
    if (!answers)
        return;
    if (answers->loop_key)
        explicit_bzero(answers->loop_key, answers->loop_key_len);
    free(answers->loop_key);
    free(answers->slots);
    free(answers->tenants);
    config_unref(answers->config);
    free(answers);
}

enum answer answers_find(const struct answers *answers, enum probe_path path,
                         const char *rest) {
    switch (path) {
        case PROBE_HEALTHZ:
        case PROBE_READY:
        case PROBE_SERVE:
        case PROBE_QUORUM:
        case PROBE_STRICT:
            return answers->by_path[path];
        case PROBE_TENANT:
            return find_tenant(answers, rest);
        case PROBE_LOOP:
            return answers->loop_key && nonce_is_valid(rest) ? ANSWER_PROOF
                                                             : ANSWER_NOT_FOUND;
        case PROBE_LIVE: /* the front's own */
        case PROBE_OTHER:
            break;
    }
    return ANSWER_NOT_FOUND;
}

void answers_prove(const struct answers *answers, const char *nonce,
                   char out[MAC_HEX_MAX]) {
    mac_hmac_sha256(answers->loop_key, answers->loop_key_len, nonce, strlen(nonce), out);
}

bool answers_draining(const struct answers *answers) {
    return answers->is_draining;
}
