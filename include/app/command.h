/* A subcommand: its row in the table of app/cli, and its place to print. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

struct err_list;

/* Exit statuses of every subcommand. */
enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    const char *synopsis; /* arguments after the name, one line */
    const char *summary;  /* one line for the overview */
    const char *help;     /* whole paragraphs, options first; ends with a newline */
    /* argv[0] is the subcommand's name. Returns the exit status. */
    int (*run)(const struct command *command, int argc, char **argv);
};

/* Print synopsis and help on stdout; returns EXIT_FINE. */
int command_help(const struct command *command);

/* Print "health-responder NAME: MESSAGE" and where help is on stderr; returns EXIT_USAGE.
 */
int command_usage(const struct command *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Print every error of a configuration file on stderr, a line each. */
void command_print_errors(const char *file, const struct err_list *errors);

#endif
