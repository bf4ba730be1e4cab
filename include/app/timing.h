/* Subcommand timing: how long each layer takes to detect and to recover. */
#ifndef APP_TIMING_H
#define APP_TIMING_H

struct command;

/* As struct command's run, app/command.h. */
int timing_run(const struct command *command, int argc, char **argv);

#endif
