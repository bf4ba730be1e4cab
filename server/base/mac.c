/* SHA-256 and HMAC-SHA256 by OpenSSL. The only file of this layer that includes OpenSSL;
 * keeps no state and no copy of a key. */
#include "base/mac.h"

#include "base/log.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { SHA256_BYTES = 32 };

static char *to_hex(const unsigned char digest[SHA256_BYTES], char out[MAC_HEX_MAX]) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = hex[digest[i] >> 4];
        out[2 * i + 1] = hex[digest[i] & 15];
    }
    out[MAC_HEX_MAX - 1] = '\0';
    return out;
}

_Noreturn static void fail(const char *algorithm) {
    log_event(LOG_LEVEL_ERROR, "libcrypto_failed", LOG_TEXT("algorithm", algorithm));
    abort();
}

char *mac_sha256(const void *data, size_t len, char out[MAC_HEX_MAX]) {
    unsigned char digest[SHA256_BYTES];
    if (EVP_Q_digest(NULL, "SHA256", NULL, data, len, digest, NULL) != 1)
        fail("SHA256");
    return to_hex(digest, out);
}

char *mac_hmac_sha256(const void *key, size_t key_len, const void *data, size_t len,
                      char out[MAC_HEX_MAX]) {
    unsigned char digest[SHA256_BYTES];
    /* To OpenSSL a NULL key is one that was set elsewhere, not an empty one. */
    if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key_len > 0 ? key : "", key_len,
                   data, len, digest, sizeof digest, NULL))
        fail("HMAC-SHA256");
    return to_hex(digest, out);
}
