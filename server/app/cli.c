/* The table of subcommands and the way to them. */
#include "app/cli.h"

#include "app/check_config.h"
#include "app/command.h"
#include "app/live.h"
#include "app/probe.h"
#include "app/read.h"
#include "app/serve.h"
#include "app/timing.h"
#include "app/version.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define READ_OPTIONS                                                                     \
    "  --url URL          the detail port (default http://127.0.0.1:9090)\n"             \
    "  --token-file FILE  bearer token, where auth.read is \"token\"\n"                  \
    "  --watch            print again every 2 s until interrupted\n"                     \
    "  --help             this text\n"
#define READ_FORMAT "  --format FORMAT    text (default) or json\n"
#define READ_STATUS                                                                      \
    "\n"                                                                                 \
    "Exit status: 0 if nothing is wrong, 1 otherwise or without an answer.\n"            \
    "Colours are for terminals only; NO_COLOR turns them off.\n"

static const struct command commands[] = {
    {"serve", "[--config FILE] [--wait-for-config]", "Run the server",
     "  --config FILE      default /etc/health-responder/config.json\n"
     "  --wait-for-config  start without checks if the file is missing or wrong: show\n"
     "                     its errors (log, /config, metrics), be unready, and take\n"
     "                     the file once it can be used. For a second container that\n"
     "                     must not take its pod out\n"
     "  --help             this text\n"
     "\n"
     "Logs to stderr. SIGTERM drains and ends (twice: ends now), SIGINT ends without\n"
     "the drain's delay, SIGHUP looks at the configuration now; a changed file is\n"
     "noticed without it. Exit status: 0 after an orderly end, 2 if the configuration\n"
     "or an address cannot be used.\n",
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
     READ_OPTIONS "  --format FORMAT    text (default), json or health\n" READ_STATUS,
     read_run},
    {"why", "[--url URL] [--watch]", "Say in one line what is wrong now",
     READ_OPTIONS READ_STATUS, read_run},
    {"path", "[--url URL] [--format FORMAT] [--watch] [TENANT]",
     "Show hop by hop where the way to each tenant is broken",
     READ_OPTIONS READ_FORMAT
     "\n"
     "TENANT shows the way to that one only, and only that one counts for the exit\n"
     "status. Each hop passes [ok], fails [FAIL], works but wants a look [warn], or\n"
     "cannot be told [ ? ]. What is broken comes with its owner and what to "
     "do.\n" READ_STATUS,
     read_run},
    {"timeline", "[--url URL] [--format FORMAT] [--watch]",
     "Show what changed and what failed, newest first",
     READ_OPTIONS READ_FORMAT READ_STATUS, read_run},
    {"census", "[--url URL] [--format FORMAT] [--watch]",
     "Show who probes this replica, and what they were told",
     READ_OPTIONS READ_FORMAT READ_STATUS, read_run},
    {"probe", "--definition FILE [--target URL ...] [OPTIONS]",
     "Probe as Application Gateway does, and judge as it judges",
     "  --definition FILE  azure/probe.json, a probe as ARM or az writes it, or a\n"
     "                     whole gateway's export\n"
     "  --probe NAME       which probe of an export\n"
     "  --target URL       a server: https://HOST[:PORT]; up to 16 times (default: the\n"
     "                     members of the definition's pool)\n"
     "  --root FILE        trusted root certificates, PEM (default: well-known CAs)\n"
     "  --count N          end after N probes of each (default 1)\n"
     "  --until healthy    end as soon as all are healthy\n"
     "  --watch            go on until interrupted\n"
     "  --timeout TIME     end then, whatever there is (default of --until: 2m)\n"
     "  --instances N      of the gateway, each probes for itself (default 1)\n"
     "  --interval TIME    instead of the definition's: for tests and pipelines, no\n"
     "                     gateway does that\n"
     "  --schema           print the JSON Schema of a definition, and end\n"
     "  --help             this text\n"
     "\n"
     "A line per probe goes to stderr. At the end the report goes to stdout, in the\n"
     "shape and the words of az network application-gateway show-backend-health.\n"
     "Exit status: 0 all healthy, 1 not, 2 if the definition or an option is wrong.\n",
     probe_run},
    {"timing", "--definition FILE [--config FILE] [OPTIONS]",
     "Show how long each layer takes to notice and to forgive",
     "  --definition FILE  as for probe\n"
     "  --probe NAME       which probe of an export\n"
     "  --config FILE      the server's configuration (default: its defaults)\n"
     "  --format FORMAT    text (default), json, or svg: a picture\n"
     "  --instances N      of Application Gateway (default 2)\n"
     "  --answer-p99 TIME  99th percentile of our answers, if it is known\n"
     "  --help             this text\n"
     "\n"
     "Best: a fault that answers, noticed at once. Typical: the same, half-way\n"
     "between two probes. Worst: just after a probe, and every further one hangs.\n"
     "Warnings tell what does not fit together. A running server shows its own under\n"
     "/timing, with the intervals it measures.\n"
     "Exit status: 0, 2 if a file or an option is wrong.\n",
     timing_run},
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
    for (int i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-13s %s\n", commands[i].name, commands[i].summary);
    fputs("\nhealth-responder COMMAND --help explains one. Exit status: 0 fine, 1 "
          "something "
          "is wrong,\n2 wrong use or configuration.\n",
          out);
    return status;
}

static int unknown_command(const char *word) {
    const char *names[COMMAND_COUNT];
    for (int i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = text_nearest(word, names, COMMAND_COUNT);
    fprintf(stderr, "health-responder: there is no command \"%s\"", word);
    if (nearest)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fputs("\nTry: health-responder --help\n", stderr);
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv) {
    if (argc < 2)
        return overview(stderr, EXIT_USAGE);
    const char *word = argv[1];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
        strcmp(word, "help") == 0)
        return overview(stdout, EXIT_FINE);
    if (strcmp(word, "--version") == 0)
        word = "version";
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return commands[i].run(&commands[i], argc - 1, argv + 1);
    return unknown_command(word);
}
