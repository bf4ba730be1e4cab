/* Fetches a path of the detail port and prints it. What is healthy is read from the
 * answer's X-Responder-free body only where a person would: the exit status comes from
 * /why. */
#include "app/read.h"

#include "app/args.h"
#include "app/client.h"
#include "app/command.h"
#include "app/secrets.h"
#include "base/err.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_TIMEOUT_MS = 5000, WATCH_S = 2 };

struct reading {
    const char *url;
    const char *token; /* NULL: none */
    const char *path;
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
        fprintf(stderr, "health-responder %s: %s%s answered %d: %s\n", command->name,
                reading->url, path, status, body->len ? body->data : "nothing");
        return false;
    }
    return true;
}

static int read_once(const struct command *command, const struct reading *reading) {
    BUF_AUTO struct buf body = {0};
    BUF_AUTO struct buf why = {0};
    if (!fetch(command, reading, reading->path, &body) ||
        !fetch(command, reading, "/why", &why)) {
        return EXIT_FOUND;
    }
    fwrite(body.data, 1, body.len, stdout);
    if (body.len > 0 && body.data[body.len - 1] != '\n') {
        putchar('\n');
    }
    fflush(stdout);
    bool is_fine = why.len > 0 && text_has_prefix(why.data, "nothing is wrong");
    return is_fine ? EXIT_FINE : EXIT_FOUND;
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

static const char *path_of(const struct command *command, const char *format) {
    if (strcmp(command->name, "why") == 0) {
        return "/why";
    }
    if (!format || strcmp(format, "text") == 0) {
        return "/status?format=text";
    }
    if (strcmp(format, "json") == 0) {
        return "/status?format=json";
    }
    return strcmp(format, "health") == 0 ? "/status?format=health" : NULL;
}

int read_run(const struct command *command, int argc, char **argv) {
    const char *url = "http://127.0.0.1:9090";
    const char *token_file = NULL;
    const char *format = NULL;
    bool again = false;
    struct arg args[] = {{"url", &url, NULL},
                         {"token-file", &token_file, NULL},
                         {"watch", NULL, &again},
                         {"format", &format, NULL},
                         {0}};
    if (strcmp(command->name, "status") != 0) {
        args[3] = (struct arg){0};
    }
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0) {
        return status;
    }
    if (at != argc) {
        return command_usage(command, "takes no arguments");
    }
    struct reading reading = {.url = url, .path = path_of(command, format)};
    if (!reading.path) {
        return command_usage(command, "--format is text, json or health, not \"%s\"",
                             format);
    }
    struct secret token = {0};
    bool changed;
    struct err err = {0};
    if (token_file && !secret_read(&token, token_file, &changed, &err)) {
        return command_usage(command, "--token-file: %s", err.text);
    }
    reading.token = token_file ? token.value.data : NULL;
    status = again ? watch(command, &reading) : read_once(command, &reading);
    secret_fini(&token);
    return status;
}
