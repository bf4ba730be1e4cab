/* SHA-256 and HMAC-SHA256 (FIPS 180-4, RFC 2104), lower-case hex. Any thread. */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stddef.h>

enum { MAC_HEX_MAX = 65 }; /* 64 hex digits and the NUL */

/* Both return out; libcrypto failing (out of memory) aborts. */
char *mac_sha256(const void *data, size_t len, char out[MAC_HEX_MAX]);
char *mac_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                      char out[MAC_HEX_MAX]);

#endif
