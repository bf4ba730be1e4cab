/* Fetches a path of the detail port and prints it. Owns the colours of a terminal, and
 * the exit status: it comes from /why, or from the state of the path that was asked for.
 */
#include "app/read.h"

#include "app/args.h"
#include "app/client.h"
#include "app/command.h"
#include "app/secrets.h"
#include "base/err.h"
#include "base/text.h"
#include "model/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_TIMEOUT_MS = 5000, WATCH_S = 2, PATH_MAX_LEN = 128 };

struct reading {
    const char *url;
    const char *token;  /* NULL: none */
    const char *tenant; /* whose path is read; NULL: not one tenant's */
    bool is_painted;
    char path[PATH_MAX_LEN];
};

/* Words at the start of a line, by how bad they are. */
static const struct {
    const char *word;
    const char *colour; /* an SGR sequence's number */
} paints[] = {
    {"[ok]", "32"},     {"[warn]", "33"},     {"[FAIL]", "31"},    {"[ ? ]", "2"},
    {"healthy", "32"},  {"degraded", "33"},   {"unhealthy", "31"}, {"passing", "32"},
    {"pending", "2"},   {"failing", "31"},    {"stale", "33"},     {"suspect", "33"},
    {"blocked", "33"},  {"OVERRIDE", "1;31"}, {"STARVED", "1;31"}, {"RELOAD", "1;31"},
    {"SILENT", "1;31"}, {"OPEN", "31"},
};

static bool fetch(const struct command *command, const struct reading *reading,
                  const char *path, struct buf *body) {
    struct err err = {0};
    int status = 0;
    const struct client_request request = {.base = reading->url,
                                           .path = path,
                                           .token = reading->token,
                                           .timeout_ms = READ_TIMEOUT_MS};
    if (!client_get(&request, &status, body, &err)) {
        fprintf(stderr, "health-responder %s: %s\n", command->name, err.text);
        return false;
    }
    if (status == 401) {
        fprintf(stderr, "health-responder %s: %s wants a token: give --token-file\n",
                command->name, reading->url);
        return false;
    }
    if (status != 200 && status != 503) {
        const char *said = body->len ? body->data : "nothing";
        fprintf(stderr, "health-responder %s: %s%s answered %d: %.*s\n", command->name,
                reading->url, path, status, (int)strcspn(said, "\n"), said);
        return false;
    }
    return true;
}

/* The colour of the word that a line starts with, and how long it is; NULL: none. */
static const char *find_paint(const char *line, size_t *len) {
    for (size_t i = 0; i < sizeof paints / sizeof paints[0]; i++) {
        *len = strlen(paints[i].word);
        if (strncmp(line, paints[i].word, *len) == 0 && strchr(" :\n", line[*len])) {
            return paints[i].colour;
        }
    }
    return NULL;
}

static void print_painted(const char *text) {
    while (*text) {
        static const char label[] = "verdict";
        size_t before = strspn(text, " ");
        if (text_has_prefix(text + before, label)) {
            before += strlen(label);
            before += strspn(text + before, " ");
        }
        size_t len = 0;
        const char *colour = find_paint(text + before, &len);
        if (colour) {
            printf("%.*s\033[%sm%.*s\033[0m", (int)before, text, colour, (int)len,
                   text + before);
            text += before + len;
        }
        size_t rest = strcspn(text, "\n");
        rest += text[rest] == '\n';
        fwrite(text, 1, rest, stdout);
        text += rest;
    }
}

/* Only a person at a terminal sees colours, who has not asked for none. */
static bool wants_paint(const char *format) {
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return (!format || strcmp(format, "text") == 0) && isatty(STDOUT_FILENO) &&
           !(no_colour && *no_colour) && !(term && strcmp(term, "dumb") == 0);
}

/* The "state" of a path in JSON is healthy. */
static bool path_is_healthy(const char *text) {
    json_t *json = json_loads(text, 0, NULL);
    const char *state = json_string_value(json_object_get(json, "state"));
    bool is_healthy = state && strcmp(state, "healthy") == 0;
    json_decref(json);
    return is_healthy;
}

/* Nothing is wrong on the path that is read, or at all. False in `answered` after a
 * message where nobody says. */
static bool is_fine(const struct command *command, const struct reading *reading,
                    bool *answered) {
    BUF_AUTO struct buf body = {0};
    char path[PATH_MAX_LEN] = "/why?format=text";
    if (reading->tenant) {
        snprintf(path, sizeof path, "/path/%s?format=json", reading->tenant);
    }
    *answered = fetch(command, reading, path, &body) && body.len > 0;
    if (!*answered) {
        return false;
    }
    return reading->tenant ? path_is_healthy(body.data)
                           : text_has_prefix(body.data, "nothing is wrong");
}

static int read_once(const struct command *command, const struct reading *reading) {
    BUF_AUTO struct buf body = {0};
    bool answered = fetch(command, reading, reading->path, &body);
    bool fine = answered && is_fine(command, reading, &answered);
    if (!answered) {
        return EXIT_FOUND;
    }
    if (body.len == 0 || body.data[body.len - 1] != '\n') {
        buf_putc(&body, '\n');
    }
    if (reading->is_painted) {
        print_painted(body.data);
    } else {
        fwrite(body.data, 1, body.len, stdout);
    }
    fflush(stdout);
    return fine ? EXIT_FINE : EXIT_FOUND;
}

static int watch(const struct command *command, const struct reading *reading) {
    for (;;) {
        if (isatty(STDOUT_FILENO)) {
            fputs("\033[H\033[2J", stdout);
        }
        read_once(command, reading);
        if (ferror(stdout)) {
            return EXIT_FINE; /* the reader went away */
        }
        sleep(WATCH_S);
    }
}

/* Every subcommand but why has these forms, status one more. */
static bool has_format(const struct command *command, const char *format) {
    return strcmp(format, "text") == 0 || strcmp(format, "json") == 0 ||
           (strcmp(format, "health") == 0 && strcmp(command->name, "status") == 0);
}

static int read_operands(const struct command *command, int argc, char **argv,
                         struct reading *reading) {
    if (argc == 0) {
        return EXIT_FINE;
    }
    if (strcmp(command->name, "path") != 0) {
        return command_usage(command, "takes no arguments");
    }
    if (argc > 1) {
        return command_usage(command, "takes one TENANT, not %d arguments", argc);
    }
    if (!tenant_name_is_valid(argv[0])) {
        return command_usage(command, "\"%s\" cannot be the name of a tenant", argv[0]);
    }
    reading->tenant = argv[0];
    return EXIT_FINE;
}

static int read_all(const struct command *command, struct reading *reading,
                    const char *token_file, bool again) {
    struct secret token = {0};
    bool changed;
    struct err err = {0};
    if (token_file && !secret_read(&token, token_file, &changed, &err)) {
        return command_usage(command, "--token-file: %s", err.text);
    }
    reading->token = token_file ? token.value.data : NULL;
    int status = again ? watch(command, reading) : read_once(command, reading);
    secret_fini(&token);
    return status;
}

int read_run(const struct command *command, int argc, char **argv) {
    const char *token_file = NULL;
    const char *format = NULL;
    bool again = false;
    struct reading reading = {.url = "http://127.0.0.1:9090"};
    struct arg args[] = {{"url", &reading.url, NULL},
                         {"token-file", &token_file, NULL},
                         {"watch", NULL, &again},
                         {"format", &format, NULL},
                         {0}};
    if (strcmp(command->name, "why") == 0) {
        args[3] = (struct arg){0};
    }
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0) {
        return status;
    }
    if (format && !has_format(command, format)) {
        return command_usage(command, "--format is one of those in --help, not \"%s\"",
                             format);
    }
    status = read_operands(command, argc - at, argv + at, &reading);
    if (status != EXIT_FINE) {
        return status;
    }
    reading.is_painted = wants_paint(format);
    snprintf(reading.path, sizeof reading.path, "/%s%s%s?format=%s", command->name,
             reading.tenant ? "/" : "", reading.tenant ? reading.tenant : "",
             format ? format : "text");
    return read_all(command, &reading, token_file, again);
}
