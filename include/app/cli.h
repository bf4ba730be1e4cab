/* The command line: one table of subcommands. */
#ifndef APP_CLI_H
#define APP_CLI_H

/* Run the subcommand argv[1] names. Returns the exit status of the process: 0 fine, 1
 * found something wrong, 2 wrong use or configuration. */
int cli_main(int argc, char **argv);

#endif
