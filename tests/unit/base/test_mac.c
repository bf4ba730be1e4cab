/* SHA-256 and HMAC-SHA256 against published vectors (FIPS 180-4 examples, RFC 4231). */
#include "base/mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fds.h"

static void test_mac_sha256_published_vectors(void **state) {
    (void)state;
    static const struct {
        const char *data;
        const char *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[MAC_HEX_MAX];
        assert_ptr_equal(mac_sha256(cases[i].data, strlen(cases[i].data), out), out);
        assert_string_equal(out, cases[i].hex);
    }
}

static void test_mac_sha256_null_without_bytes_is_empty_text(void **state) {
    (void)state;
    char null_hex[MAC_HEX_MAX];
    char empty_hex[MAC_HEX_MAX];
    assert_string_equal(mac_sha256(NULL, 0, null_hex), mac_sha256("", 0, empty_hex));
}

static void test_mac_hmac_published_vectors(void **state) {
    (void)state;
    char key_0b[20];
    char key_aa[131];
    memset(key_0b, 0x0b, sizeof key_0b);
    memset(key_aa, 0xaa, sizeof key_aa);
    const struct {
        const char *key;
        size_t key_len;
        const char *data;
        const char *hex;
    } cases[] = {
        {key_0b, sizeof key_0b, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {key_aa, sizeof key_aa, "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"", 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
        {NULL, 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[MAC_HEX_MAX];
        assert_ptr_equal(mac_hmac_sha256(cases[i].key, cases[i].key_len, cases[i].data,
                                         strlen(cases[i].data), out),
                         out);
        assert_string_equal(out, cases[i].hex);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mac_sha256_published_vectors),
        cmocka_unit_test(test_mac_sha256_null_without_bytes_is_empty_text),
        cmocka_unit_test(test_mac_hmac_published_vectors),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
