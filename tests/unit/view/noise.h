/* Bytes that look like anything, the same in every run. */
#ifndef TESTS_UNIT_VIEW_NOISE_H
#define TESTS_UNIT_VIEW_NOISE_H

#include <stddef.h>
#include <stdint.h>

/* xorshift64*; any state but 0. */
static inline uint32_t noise_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 32);
}

/* Fill with a text of up to size-1 bytes: of any bytes, or of those in `alphabet`. */
static inline char *noise_text(uint64_t *state, const char *alphabet, size_t letters,
                               char *out, size_t size) {
    size_t len = noise_next(state) % size;
    for (size_t i = 0; i < len; i++) {
        uint32_t number = noise_next(state);
        out[i] = alphabet ? alphabet[number % letters] : (char)(1 + number % 255);
    }
    out[len] = '\0';
    return out;
}

#endif
