/* Reading a probe definition for a person at a terminal. */
#include "app/definition.h"

#include "app/command.h"
#include "config/probe_definition.h"

#include <stdio.h>

static void print_advice(void *user, const char *sentence) {
    const struct command *const *command = user;
    fprintf(stderr, "health-responder %s: warning: %s\n", (*command)->name, sentence);
}

struct probe_definition *definition_read(const char *file, const char *name) {
    struct err_list errors = {0};
    struct probe_definition *definition = probe_definition_load(file, name, &errors);
    if (!definition)
        command_print_errors(file, &errors);
    return definition;
}

void definition_advise(const struct command *command,
                       const struct probe_definition *definition) {
    appgw_advise(&definition->data, print_advice, &command);
}
