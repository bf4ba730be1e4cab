/* Printing what every subcommand prints the same way: its help, and how it was misused.
 */
#include "app/command.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

int command_help(const struct command *command) {
    printf("Usage: health-responder %s %s\n\n%s.\n\n%s", command->name, command->synopsis,
           command->summary, command->help);
    return EXIT_FINE;
}

int command_usage(const struct command *command, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "health-responder %s: ", command->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nTry: health-responder %s --help\n", command->name);
    va_end(args);
    return EXIT_USAGE;
}

void command_print_errors(const char *file, const struct err_list *errors) {
    char line[ERR_WHERE_MAX + ERR_TEXT_MAX + 256];
    for (size_t i = 0; i < errors->len; i++)
        fprintf(stderr, "%s\n", err_format(&errors->items[i], file, line, sizeof line));
    if (errors->dropped > 0)
        fprintf(stderr, "%s: and %zu more\n", file, errors->dropped);
}
