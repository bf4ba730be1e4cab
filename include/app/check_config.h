/* Subcommand check-config: every error of a file at once, and what the file means. */
#ifndef APP_CHECK_CONFIG_H
#define APP_CHECK_CONFIG_H

struct command;

/* As struct command's run, app/command.h. */
int check_config_run(const struct command *command, int argc, char **argv);

#endif
