/* The table of reasons, and that docs/reason-codes.md tells operators the same: every
 * code once in its index, once as a heading, and no code that does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "model/reason.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char heading[] = "### `";

static int load_document(void **state) {
    struct buf buf = {0};
    struct err err = {0};

    if (!file_read(REASON_CODES_FILE, 1 << 20, &buf, &err)) {
        print_error("%s\n", err.text);
        return -1;
    }
    *state = buf_take(&buf);
    return 0;
}

static int free_document(void **state) {
    free(*state);
    return 0;
}

/* The rest of the document behind the next heading of a code, or NULL. */
static const char *next_heading(const char *text) {
    while (text != NULL && strncmp(text, heading, strlen(heading)) != 0) {
        text = strchr(text, '\n');
        if (text != NULL)
            text++;
    }
    return text != NULL ? text + strlen(heading) : NULL;
}

static enum reason find_reason(const char *name, size_t len) {
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
        if (strlen(reason_name(reason)) == len &&
            memcmp(reason_name(reason), name, len) == 0)
            return reason;
    }
    return REASON_NONE;
}

static int count_lines_equal(const char *text, const char *line) {
    size_t len = strlen(line);
    int count = 0;

    for (; text != NULL; text = strchr(text, '\n')) {
        text += *text == '\n';
        if (strncmp(text, line, len) == 0 && (text[len] == '\n' || text[len] == '\0'))
            count++;
    }
    return count;
}

static void test_reason_rows_every_one_complete_and_unique(void **state) {
    (void)state;
    for (int a = 0; a < REASON_COUNT; a++) {
        const char *name = reason_name(a);
        const char *text = reason_text(a);

        if (name == NULL || text == NULL)
            fail_msg("reason %d has no row", a);
        assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(name));
        assert_in_range(strlen(text), 10, 60);
        assert_false(ispunct(text[strlen(text) - 1]));
        assert_in_range(reason_hop(a), 0, HOP_COUNT - 1);
        assert_in_range(reason_owner(a), 0, OWNER_TENANT);
        for (int b = 0; b < a; b++) {
            assert_string_not_equal(name, reason_name(b));
            assert_string_not_equal(text, reason_text(b));
        }
    }
}

static void test_reason_name_stable_codes_as_printed(void **state) {
    (void)state;
    assert_string_equal(reason_name(REASON_NONE), "NONE");
    assert_string_equal(reason_name(DNS_NXDOMAIN), "DNS_NXDOMAIN");
    assert_string_equal(reason_name(GW_NO_ROUTE), "GW_NO_ROUTE");
    assert_string_equal(reason_text(GW_NO_ROUTE), "no HTTPRoute matches");
    assert_string_equal(reason_name(BLOCKED_BY), "BLOCKED_BY");
}

static void test_reason_hop_and_owner_as_in_the_contract(void **state) {
    (void)state;
    static const struct {
        enum reason first, last;
        enum hop hop;
        enum owner owner;
    } rows[] = {
        {DNS_NXDOMAIN, DNS_NO_ADDRESS, HOP_NAMES, OWNER_PLATFORM},
        {CONNECT_REFUSED, PEER_CLOSED, HOP_GATEWAY_PODS, OWNER_GATEWAY},
        {GW_NOT_LIVE, GW_XDS_LOST, HOP_GATEWAY_READY, OWNER_GATEWAY},
        {TLS_SAN_MISMATCH, TLS_CHAIN, HOP_GATEWAY_TLS, OWNER_GATEWAY},
        {GW_NO_ROUTE, GW_REDIRECT, HOP_ROUTE, OWNER_TENANT},
        {GW_DENIED, GW_DENIED, HOP_ROUTE, OWNER_GATEWAY},
        {GW_NO_ENDPOINTS, GW_UPSTREAM_TIMEOUT, HOP_BACKEND_ROUTED, OWNER_TENANT},
        {IDENTITY_MISMATCH, IDENTITY_MISMATCH, HOP_IDENTITY, OWNER_GATEWAY},
        {HTTP_STATUS, BODY_MISMATCH, HOP_BACKEND_ROUTED, OWNER_TENANT},
        {TIMEOUT, TOO_LARGE, HOP_BACKEND_ROUTED, OWNER_TENANT},
        {LOCAL_FDS, STALE, HOP_SELF, OWNER_US},
        {BLOCKED_BY, BLOCKED_BY, HOP_GATEWAY_READY, OWNER_GATEWAY},
    };
    int covered = 1; /* REASON_NONE has no place */

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int reason = (int)rows[i].first; reason <= (int)rows[i].last; reason++) {
            if (reason_hop(reason) != rows[i].hop ||
                reason_owner(reason) != rows[i].owner)
                fail_msg("%s: %s, %s", reason_name(reason), hop_name(reason_hop(reason)),
                         owner_name(reason_owner(reason)));
            covered++;
        }
    }
    assert_int_equal(covered, REASON_COUNT);
}

static void test_reason_is_local_only_our_own_faults(void **state) {
    (void)state;
    for (int reason = 0; reason < REASON_COUNT; reason++) {
        bool is_ours = reason == LOCAL_FDS || reason == LOCAL_MEMORY ||
                       reason == LOCAL_TARGET_REFUSED || reason == SUSPECT_SELF ||
                       reason == STALE;

        if (reason_is_local(reason) != is_ours)
            fail_msg("%s", reason_name(reason));
    }
}

static void test_names_of_hops_and_owners_the_contract_words(void **state) {
    (void)state;
    static const char *const hops[] = {
        "self",  "names",    "gateway_pods",   "gateway_ready",  "gateway_tls",
        "route", "identity", "backend_direct", "backend_routed", "inbound",
    };

    for (int i = 0; i < HOP_COUNT; i++)
        assert_string_equal(hop_name(i), hops[i]);
    assert_string_equal(owner_name(OWNER_US), "us");
    assert_string_equal(owner_name(OWNER_PLATFORM), "platform");
    assert_string_equal(owner_name(OWNER_GATEWAY), "gateway");
    assert_string_equal(owner_name(OWNER_TENANT), "tenant");
}

static void test_document_index_repeats_every_row(void **state) {
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
        const char *name = reason_name(reason);
        char anchor[64];
        char row[256];
        size_t i;

        for (i = 0; name[i] != '\0'; i++)
            anchor[i] = (char)tolower(name[i]);
        anchor[i] = '\0';
        snprintf(row, sizeof(row), "| [`%s`](#%s) | %s | `%s` | %s |", name, anchor,
                 reason_text(reason), hop_name(reason_hop(reason)),
                 owner_name(reason_owner(reason)));
        if (count_lines_equal(*state, row) != 1)
            fail_msg("the document needs this line once:\n%s", row);
    }
}

static void test_document_index_names_no_unknown_code(void **state) {
    static const char row[] = "| [`";
    const char *text = *state;
    int rows = 0;

    for (text = strstr(text, row); text != NULL; text = strstr(text, row)) {
        text += strlen(row);
        if (find_reason(text, strcspn(text, "`")) == REASON_NONE)
            fail_msg("unknown code in the index: %.30s", text);
        rows++;
    }
    assert_int_equal(rows, REASON_COUNT - 1);
}

static void test_document_headings_every_code_once_and_no_other(void **state) {
    int seen[REASON_COUNT] = {0};
    const char *text = *state;

    while ((text = next_heading(text)) != NULL) {
        enum reason reason = find_reason(text, strcspn(text, "`"));

        if (reason == REASON_NONE)
            fail_msg("heading of an unknown code: %.30s", text);
        seen[reason]++;
    }
    for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
        if (seen[reason] != 1)
            fail_msg("%s has %d headings", reason_name(reason), seen[reason]);
    }
}

/* At 3 a.m. a section without a command is no help. */
static void test_document_sections_every_one_says_what_to_do(void **state) {
    static const char *const parts[] = {"**Seen:** ", "**Whose:** ", "**First:** ",
                                        "```sh\nkubectl ", "\n```\n"};
    const char *text = *state;

    while ((text = next_heading(text)) != NULL) {
        const char *end = strstr(text, "\n## ");
        const char *next = next_heading(text);

        if (end == NULL || (next != NULL && next < end))
            end = next != NULL ? next : text + strlen(text);
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            const char *part = strstr(text, parts[i]);

            if (part == NULL || part >= end)
                fail_msg("%.30s...: no \"%s\" in its section", text, parts[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reason_rows_every_one_complete_and_unique),
        cmocka_unit_test(test_reason_name_stable_codes_as_printed),
        cmocka_unit_test(test_reason_hop_and_owner_as_in_the_contract),
        cmocka_unit_test(test_reason_is_local_only_our_own_faults),
        cmocka_unit_test(test_names_of_hops_and_owners_the_contract_words),
        cmocka_unit_test(test_document_index_repeats_every_row),
        cmocka_unit_test(test_document_index_names_no_unknown_code),
        cmocka_unit_test(test_document_headings_every_code_once_and_no_other),
        cmocka_unit_test(test_document_sections_every_one_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, load_document, free_document);
}
