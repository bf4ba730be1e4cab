/* Renders the snapshot that CASE/snapshot.json describes in every form and compares each
 * with its file in CASE. UPDATE_GOLDEN=1 writes the files instead. What must hold for
 * every form whatever it says (JSON that parses, lines that fit) is checked either way.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "fixture.h"
#include "view/census.h"
#include "view/health_json.h"
#include "view/metrics.h"
#include "view/page.h"
#include "view/path.h"
#include "view/status_json.h"
#include "view/status_text.h"
#include "view/timeline.h"
#include "view/verbose.h"

enum { COLUMNS = 80 };

typedef void (*renderer)(const struct fixture *fixture, struct buf *out);

static bool complain(const char *name, const char *what, const char *which) {
    fprintf(stderr, "%s: %s%s\n", name, what, which);
    return false;
}

/* The check whose own page is rendered: the one to blame, else the first. */
static uint32_t chosen_check(const struct fixture *fixture) {
    const struct path_report *cause = &fixture->diagnosis.cause;
    uint32_t check = cause->hops[cause->broken_hop].check;
    return cause->is_broken && check != UINT32_MAX ? check : 0;
}

/* The tenant of the root cause, else the first. */
static uint32_t chosen_tenant(const struct fixture *fixture) {
    uint32_t tenant = fixture->diagnosis.cause.tenant;
    return tenant != CONFIG_NO_TENANT ? tenant : 0;
}

static void render_text(const struct fixture *fixture, struct buf *out) {
    view_status_text(&fixture->diagnosis, NULL, out);
}

static void render_why(const struct fixture *fixture, struct buf *out) {
    view_why_text(&fixture->diagnosis, out);
}

static void render_why_json(const struct fixture *fixture, struct buf *out) {
    view_why_json(&fixture->diagnosis, out);
}

static void render_path_text(const struct fixture *fixture, struct buf *out) {
    view_path_text(&fixture->diagnosis, CONFIG_NO_TENANT, out);
}

static void render_path_json(const struct fixture *fixture, struct buf *out) {
    view_path_json(&fixture->diagnosis, CONFIG_NO_TENANT, out);
}

static void render_tenant_text(const struct fixture *fixture, struct buf *out) {
    if (fixture->snapshot->config->tenant_count > 0)
        view_path_text(&fixture->diagnosis, chosen_tenant(fixture), out);
}

static void render_tenant_json(const struct fixture *fixture, struct buf *out) {
    if (fixture->snapshot->config->tenant_count > 0)
        view_path_json(&fixture->diagnosis, chosen_tenant(fixture), out);
}

static void render_timeline_text(const struct fixture *fixture, struct buf *out) {
    view_timeline_text(fixture->snapshot, NULL, out);
}

static void render_timeline_json(const struct fixture *fixture, struct buf *out) {
    view_timeline_json(fixture->snapshot, NULL, out);
}

static void render_census_text(const struct fixture *fixture, struct buf *out) {
    view_census_text(fixture->snapshot, out);
}

static void render_census_json(const struct fixture *fixture, struct buf *out) {
    view_census_json(fixture->snapshot, out);
}

static void render_check_text(const struct fixture *fixture, struct buf *out) {
    if (fixture->snapshot->config->check_count > 0)
        view_check_text(&fixture->diagnosis, chosen_check(fixture), out);
}

static void render_status_json(const struct fixture *fixture, struct buf *out) {
    view_status_json(&fixture->diagnosis, NULL, out);
}

static void render_check_json(const struct fixture *fixture, struct buf *out) {
    if (fixture->snapshot->config->check_count > 0)
        view_check_json(&fixture->diagnosis, chosen_check(fixture), out);
}

static void render_config_json(const struct fixture *fixture, struct buf *out) {
    view_config_json(fixture->snapshot, out);
}

static void render_health_json(const struct fixture *fixture, struct buf *out) {
    view_status_health_json(&fixture->diagnosis, NULL, out);
}

static void render_verbose(const struct fixture *fixture, struct buf *out) {
    static const char *const names[] = {"healthz", "readyz", "livez"};
    const struct verbose_facts facts = {.is_live = fixture->process.is_live};
    for (int i = 0; i < 3; i++) {
        BUF_AUTO struct buf body = {0};
        int status = view_verbose(fixture->snapshot, &fixture->query,
                                  (enum verbose_endpoint)i, &facts, &body);
        buf_printf(out, "== %s %d\n%s", names[i], status, body.data);
    }
}

static void render_prom(const struct fixture *fixture, struct buf *out) {
    view_metrics(&fixture->diagnosis, &fixture->process, false, out);
}

static void render_openmetrics(const struct fixture *fixture, struct buf *out) {
    view_metrics(&fixture->diagnosis, &fixture->process, true, out);
}

static void render_page(const struct fixture *fixture, struct buf *out) {
    view_page(&fixture->diagnosis, out);
}

/* All of it is UTF-8 without control characters; text for people fits its columns. */
static bool lines_are_clean(const char *name, const char *text, bool fits) {
    int column = 0;
    json_t *value = json_string(text);
    json_decref(value);
    if (!value)
        return complain(name, "is not UTF-8", "");
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '\n')
            column = 0;
        else if (byte < 0x20 || byte == 0x7f)
            return complain(name, "a control character at ", at);
        else if ((byte & 0xc0) != 0x80 && ++column > COLUMNS && fits)
            return complain(name, "a line is too long at ", at);
    }
    return true;
}

static bool is_json(const char *name, const char *text) {
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    json_decref(json);
    return json ? true : complain(name, "is no JSON: ", error.text);
}

/* The version would change every file with every release. */
static void hide_version(struct buf *text) {
    static const char *const forms[] = {"\"" HR_VERSION "\"",
                                        "health-responder " HR_VERSION};
    BUF_AUTO struct buf hidden = {0};
    for (const char *at = text->data; *at != '\0';) {
        size_t len = 0;
        for (size_t i = 0; i < 2 && len == 0; i++) {
            if (strncmp(at, forms[i], strlen(forms[i])) == 0)
                len = strlen(forms[i]);
        }
        if (len > 0)
            buf_puts(&hidden, *at == '"' ? "\"VERSION\"" : "health-responder VERSION");
        else
            buf_putc(&hidden, *at);
        at += len > 0 ? len : 1;
    }
    buf_clear(text);
    buf_append(text, hidden.data, hidden.len);
}

static bool write_golden(const char *path, const struct buf *text) {
    FILE *file = fopen(path, "w");
    if (!file)
        return complain(path, "cannot be written", "");
    fwrite(text->data, 1, text->len, file);
    return fclose(file) == 0;
}

static bool equals_golden(const char *path, const struct buf *text) {
    BUF_AUTO struct buf golden = {0};
    char part[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        return complain(path, "is missing; UPDATE_GOLDEN=1 writes it", "");
    for (size_t len; (len = fread(part, 1, sizeof part, file)) > 0;)
        buf_append(&golden, part, len);
    fclose(file);
    buf_putc(&golden, '\0');
    size_t i = 0;
    int line = 1;
    for (; golden.data[i] == text->data[i] && golden.data[i] != '\0'; i++)
        line += golden.data[i] == '\n';
    if (golden.data[i] == text->data[i])
        return true;
    fprintf(stderr, "%s:%d: expected\n%.200s\ngot\n%.200s\n", path, line, golden.data + i,
            text->data + i);
    return false;
}

static const struct form {
    const char *name;
    renderer render;
    bool is_json;
    bool fits; /* in 80 columns */
} forms[] = {
    {"text", render_text, false, true},
    {"why", render_why, false, false},
    {"why.json", render_why_json, true, false},
    {"path", render_path_text, false, true},
    {"path.json", render_path_json, true, false},
    {"tenant", render_tenant_text, false, true},
    {"tenant.json", render_tenant_json, true, false},
    {"timeline", render_timeline_text, false, true},
    {"timeline.json", render_timeline_json, true, false},
    {"census", render_census_text, false, true},
    {"census.json", render_census_json, true, false},
    {"check.text", render_check_text, false, true},
    {"status.json", render_status_json, true, false},
    {"check.json", render_check_json, true, false},
    {"config.json", render_config_json, true, false},
    {"health.json", render_health_json, true, false},
    {"verbose", render_verbose, false, false},
    {"prom", render_prom, false, false},
    {"openmetrics", render_openmetrics, false, false},
    {"page.html", render_page, false, false},
};

static bool check_form(const struct fixture *fixture, const char *folder,
                       const struct form *form, bool update) {
    BUF_AUTO struct buf text = {0};
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, form->name);
    buf_puts(&text, "");
    form->render(fixture, &text);
    if (text.len == 0)
        return true;
    hide_version(&text);
    bool fine = lines_are_clean(form->name, text.data, form->fits);
    if (form->is_json)
        fine = is_json(form->name, text.data) && fine;
    fine = (update ? write_golden(path, &text) : equals_golden(path, &text)) && fine;
    return fine;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: golden_view CASE\n");
        return 2;
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/snapshot.json", argv[1]);
    FIXTURE_AUTO struct fixture fixture = fixture_load(path);
    const char *update = getenv("UPDATE_GOLDEN");
    bool fine = true;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        fine = check_form(&fixture, argv[1], &forms[i], update && *update == '1') && fine;
    return fine ? 0 : 1;
}
