/* One question to the probe port. */
#include "app/live.h"

#include "app/args.h"
#include "app/client.h"
#include "app/command.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

enum { LIVE_TIMEOUT_MS = 3000 };

int live_run(const struct command *command, int argc, char **argv) {
    const char *url = "http://127.0.0.1:8080";
    const struct arg args[] = {{"url", &url, NULL}, {0}};
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0)
        return status;
    if (at != argc)
        return command_usage(command, "takes no arguments");
    BUF_AUTO struct buf body = {0};
    struct err err = {0};
    const struct client_request request = {
        .base = url, .path = "/livez", .timeout_ms = LIVE_TIMEOUT_MS};
    if (!client_get(&request, &status, &body, &err)) {
        fprintf(stderr, "health-responder live: %s\n", err.text);
        return EXIT_FOUND;
    }
    if (status != 200) {
        fprintf(stderr, "health-responder live: %s/livez answered %d: %.*s\n", url,
                status, (int)strcspn(body.data, "\n"), body.data);
        return EXIT_FOUND;
    }
    return EXIT_FINE;
}
