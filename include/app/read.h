/* Subcommands that read the detail port of a running server: status, why, path,
 * timeline, census. */
#ifndef APP_READ_H
#define APP_READ_H

struct command;

/* As struct command's run, app/command.h. */
int read_run(const struct command *command, int argc, char **argv);

#endif
