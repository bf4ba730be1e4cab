/* Subcommand live: is the server on this machine live? For HEALTHCHECK without a shell.
 */
#ifndef APP_LIVE_H
#define APP_LIVE_H

struct command;

/* As struct command's run, app/command.h. */
int live_run(const struct command *command, int argc, char **argv);

#endif
