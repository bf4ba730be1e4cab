/* Subcommand version. */
#ifndef APP_VERSION_H
#define APP_VERSION_H

struct command;

/* As struct command's run, app/command.h. */
int version_run(const struct command *command, int argc, char **argv);

#endif
