/* The table of subcommands and the way to them. */
#include "app/cli.h"

#include "app/check_config.h"
#include "app/command.h"
#include "app/live.h"
#include "app/read.h"
#include "app/serve.h"
#include "app/version.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define READ_OPTIONS                                                                     \
    "  --url URL          the detail port (default http://127.0.0.1:9090)\n"             \
    "  --token-file FILE  bearer token, where auth.read is \"token\"\n"                  \
    "  --watch            print again every 2 s until interrupted\n"                     \
    "  --help             this text\n"

static const struct command commands[] = {
    {"serve", "[--config FILE]", "Run the server",
     "  --config FILE      default /etc/health-responder/config.json\n"
     "  --help             this text\n"
     "\n"
     "Logs to stderr. SIGTERM drains and ends (twice: ends now), SIGINT ends without "
     "the\n"
     "drain's delay, SIGHUP looks at the configuration now; a changed file is noticed\n"
     "without it. Exit status: 0 after an orderly end, 2 if the configuration or an\n"
     "address cannot be used.\n",
     serve_run},
    {"check-config", "[--effective | --schema | --man] FILE",
     "Check a configuration file and show every error in it",
     "  --effective        print the configuration with defaults and derived checks\n"
     "  --schema           print the JSON Schema of the file, for editors (no FILE)\n"
     "  --man              print the keys as mdoc, for the manual page (no FILE)\n"
     "  --help             this text\n"
     "\n"
     "Errors are FILE:LINE:COLUMN: PATH: what was expected, what was found.\n"
     "Exit status: 0 if the file can be used, 2 if not.\n",
     check_config_run},
    {"live", "[--url URL]", "Ask a running server whether it is live",
     "  --url URL          the probe port (default http://127.0.0.1:8080)\n"
     "  --help             this text\n"
     "\n"
     "Prints nothing when live. Exit status: 0 live, 1 not. Made for HEALTHCHECK in an\n"
     "image without a shell.\n",
     live_run},
    {"status", "[--url URL] [--format FORMAT] [--watch]",
     "Show everything a running server knows",
     READ_OPTIONS "  --format FORMAT    text (default), json or health\n"
                  "\n"
                  "Exit status: 0 healthy, 1 degraded, unhealthy or no answer.\n",
     read_run},
    {"why", "[--url URL] [--watch]", "Say in one line what is wrong now",
     READ_OPTIONS
     "\n"
     "Exit status: 0 if nothing is wrong, 1 otherwise or without an answer.\n",
     read_run},
    {"version", "", "Print the version of the program and of its libraries",
     "  --help             this text\n", version_run},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static int overview(FILE *out, int status) {
    fputs(
        "health-responder answers /healthz for Application Gateway from background "
        "checks of an\nIstio gateway and its backends, and says which hop is broken.\n\n"
        "Usage: health-responder COMMAND [OPTIONS]\n\n",
        out);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-13s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\nhealth-responder COMMAND --help explains one. Exit status: 0 fine, 1 "
          "something "
          "is wrong,\n2 wrong use or configuration.\n",
          out);
    return status;
}

static int unknown_command(const char *word) {
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i].name;
    }
    const char *nearest = text_nearest(word, names, COMMAND_COUNT);
    fprintf(stderr, "health-responder: there is no command \"%s\"", word);
    if (nearest) {
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    }
    fputs("\nTry: health-responder --help\n", stderr);
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv) {
    if (argc < 2) {
        return overview(stderr, EXIT_USAGE);
    }
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0) {
        return overview(stdout, EXIT_FINE);
    }
    if (strcmp(word, "--version") == 0) {
        word = "version";
    }
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            return commands[i].run(&commands[i], argc - 1, argv + 1);
        }
    }
    return unknown_command(word);
}
