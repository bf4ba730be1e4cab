/* The probe definition that several subcommands read. */
#ifndef APP_DEFINITION_H
#define APP_DEFINITION_H

struct command;
struct probe_definition;

/* Read the one `name` chooses (NULL: the only one); prints every error on stderr. NULL on
 * errors. */
struct probe_definition *definition_read(const char *file, const char *name);

/* Print what is allowed but unwise on stderr. */
void definition_advise(const struct command *command,
                       const struct probe_definition *definition);

#endif
