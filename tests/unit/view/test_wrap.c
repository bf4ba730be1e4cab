/* Wrapping to 80 columns, also of commands that a shell must still understand. */
#include "wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "fds.h"
#include "noise.h"

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

static void test_wrap_line_text_is_laid_out(void **state) {
    (void)state;
    static const struct {
        const char *label;
        const char *text;
        const char *lines;
    } rows[] = {
        {"do", "it", "do        it\n"},
        {"", "it", "          it\n"},
        {"do", "", "do\n"},
        {"", "", "\n"},
        {"do", "   ", "do\n"},
        {"do", "  a  b  ", "do        a  b\n"},
        {TEN, "it", TEN " it\n"},
        {"do", "a\nb\x1b[1m\xff", "do        a b [1m?\n"},
        {"do", FIFTY " " TEN " 12345678", "do        " FIFTY " " TEN " 12345678\n"},
        {"do", FIFTY " " TEN " 123456789",
         "do        " FIFTY " " TEN "\n          123456789\n"},
        {"do", FIFTY " " FIFTY, "do        " FIFTY "\n          " FIFTY "\n"},
        {"do", FIFTY FIFTY, "do        " FIFTY TEN TEN "\n          " TEN TEN TEN "\n"},
        {"do", FIFTY TEN TEN "x", "do        " FIFTY TEN TEN "\n          x\n"},
        {FIFTY TEN TEN "123456789", "it", FIFTY TEN TEN "123456789\n          it\n"},
        {FIFTY TEN TEN TEN, "it", FIFTY TEN TEN TEN "\n          it\n"},
        {FIFTY FIFTY, "it", FIFTY TEN TEN TEN "\n          " TEN TEN " it\n"},
        {"do", "ä" FIFTY TEN "12345678 9",
         "do        ä" FIFTY TEN "12345678\n          9\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        BUF_AUTO struct buf out = {0};
        wrap_line(&out, rows[i].label, 10, rows[i].text);
        assert_string_equal(out.data, rows[i].lines);
    }
}

static void test_wrap_line_any_bytes_fit_and_lose_nothing(void **state) {
    (void)state;
    static const char letters[] = "abcdefghij     ";
    uint64_t seed = 17;
    for (int round = 0; round < 20000; round++) {
        char label[120];
        char text[700];
        noise_text(&seed, round % 2 ? letters : NULL, sizeof letters - 1, label,
                   sizeof label);
        noise_text(&seed, round % 2 ? letters : NULL, sizeof letters - 1, text,
                   sizeof text);
        BUF_AUTO struct buf out = {0};
        wrap_line(&out, label, 10, text);
        size_t visible = 0;
        for (char *line = out.data; *line != '\0';) {
            char *end = strchr(line, '\n');
            assert_non_null(end);
            *end = '\0';
            assert_true(wrap_width(line) <= WRAP_COLUMNS);
            for (; line < end; line++)
                visible += *line != ' ';
            line = end + 1;
        }
        if (round % 2 == 0)
            continue;
        for (const char *at = label; *at != '\0'; at++)
            visible -= *at != ' ';
        for (const char *at = text; *at != '\0'; at++)
            visible -= *at != ' ';
        assert_int_equal(visible, 0);
    }
}

/* What a shell makes of a command whose words are all functions that show their
 * arguments. */
static void run_shell(const char *command, struct buf *out) {
    static const char functions[] =
        "kubectl() { for a; do printf '<%s>' \"$a\"; done; }\n"
        "openssl() { cat; kubectl \"$@\"; }\n";
    BUF_AUTO struct buf script = {0};
    char part[512];
    buf_printf(&script, "%s%s", functions, command);
    FILE *shell = popen(script.data, "r");
    assert_non_null(shell);
    for (size_t len; (len = fread(part, 1, sizeof part, shell)) > 0;)
        buf_append(out, part, len);
    assert_int_equal(pclose(shell), 0);
}

static void test_wrap_command_short_one_stays_as_it_is(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    wrap_command(&out, "");
    wrap_command(&out, FIFTY TEN TEN TEN);
    assert_string_equal(out.data, "\n" FIFTY TEN TEN TEN "\n");
}

static void test_wrap_command_shell_sees_the_same_command(void **state) {
    (void)state;
    static const char *const commands[] = {
        "kubectl " FIFTY FIFTY,
        "kubectl " FIFTY " " FIFTY " " FIFTY,
        "kubectl '" FIFTY " " FIFTY " " FIFTY "'",
        "kubectl " FIFTY " '" FIFTY "' '' 'x'" FIFTY "'y,z'",
        "kubectl -o jsonpath='{range .status.listeners[*]}{.name}{range .conditions[*]}"
        "{\"  \"}{.type}={.status} {.reason}{end}{\"\\n\"}{end}'",
        "kubectl -n a get secret \"$(kubectl -n a get gateway b -o "
        "jsonpath='{.spec.listeners[*].tls.certificateRefs[0].name}' | cut -d' ' -f1)\" "
        "-o jsonpath='{.data.tls\\.crt}' | openssl x509 -noout -subject -ext "
        "subjectAltName",
        "kubectl \"" FIFTY " " TEN TEN " two  blanks " FIFTY "\"",
        "kubectl " FIFTY TEN "01234567\\\\\\ \\\\\\\\\\\\ x",
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        BUF_AUTO struct buf wrapped = {0};
        BUF_AUTO struct buf before = {0};
        BUF_AUTO struct buf after = {0};
        wrap_command(&wrapped, commands[i]);
        run_shell(commands[i], &before);
        run_shell(wrapped.data, &after);
        assert_true(before.len > 10);
        assert_string_equal(after.data, before.data);
        for (char *line = wrapped.data; *line != '\0';) {
            char *end = strchr(line, '\n');
            *end = '\0';
            assert_true(wrap_width(line) <= WRAP_COLUMNS);
            line = end + 1;
        }
    }
}

static void test_wrap_width_counts_code_points(void **state) {
    (void)state;
    assert_int_equal(wrap_width(""), 0);
    assert_int_equal(wrap_width("abc"), 3);
    assert_int_equal(wrap_width("ä漢\xf0\x9f\x98\x80"), 3);
}

static void test_wrap_printf_formats(void **state) {
    (void)state;
    BUF_AUTO struct buf out = {0};
    wrap_printf(&out, "runs", 6, "%d of %s", 3, "five");
    assert_string_equal(out.data, "runs  3 of five\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap_line_text_is_laid_out),
        cmocka_unit_test(test_wrap_line_any_bytes_fit_and_lose_nothing),
        cmocka_unit_test(test_wrap_command_short_one_stays_as_it_is),
        cmocka_unit_test(test_wrap_command_shell_sees_the_same_command),
        cmocka_unit_test(test_wrap_width_counts_code_points),
        cmocka_unit_test(test_wrap_printf_formats),
    };
    return cmocka_run_group_tests(tests, fds_setup, fds_teardown);
}
