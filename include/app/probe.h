/* Subcommand probe: Application Gateway's probes without an Application Gateway. */
#ifndef APP_PROBE_H
#define APP_PROBE_H

struct command;

/* As struct command's run, app/command.h. */
int probe_run(const struct command *command, int argc, char **argv);

#endif
