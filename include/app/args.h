/* Long options of a subcommand: "--name VALUE", "--name=VALUE", "--flag", then operands.
 */
#ifndef APP_ARGS_H
#define APP_ARGS_H

#include <stdbool.h>

struct command;

struct arg {
    const char *name;   /* without the dashes; NULL ends the table */
    const char **value; /* where the value goes, or NULL for a flag */
    bool *flag;
};

/* Read options into `args`, which hold their defaults. An option that may be given
 * several times has several rows, filled one after the other. Returns the index of the
 * first operand, or -1 when the program should end with *status: after --help, or wrong
 * use (said on stderr). "--" ends the options. */
int args_read(const struct command *command, const struct arg *args, int argc,
              char **argv, int *status);

#endif
