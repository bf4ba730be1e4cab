/* The server: wiring of every layer, from a configuration file to an orderly end. */
#ifndef APP_SERVE_H
#define APP_SERVE_H

struct command;

/* As struct command's run, app/command.h. */
int serve_run(const struct command *command, int argc, char **argv);

#endif
