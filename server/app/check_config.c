/* Reads a configuration as the server would, and starts nothing. */
#include "app/check_config.h"

#include "app/args.h"
#include "app/command.h"
#include "app/types.h"
#include "base/buf.h"
#include "config/load.h"

#include <stdio.h>

static int print_generated(void (*write)(const struct config_types *, struct buf *)) {
    BUF_AUTO struct buf out = {0};
    write(types_for_config(), &out);
    fwrite(out.data, 1, out.len, stdout);
    return EXIT_FINE;
}

int check_config_run(const struct command *command, int argc, char **argv) {
    bool effective = false;
    bool schema = false;
    bool man = false;
    const struct arg args[] = {{"effective", NULL, &effective},
                               {"schema", NULL, &schema},
                               {"man", NULL, &man},
                               {0}};
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0)
        return status;
    if (schema || man)
        return print_generated(schema ? config_write_json_schema : config_write_mdoc);
    if (argc - at != 1)
        return command_usage(command, "give one FILE");
    struct err_list errors = {0};
    struct config *config = config_load(argv[at], types_for_config(), &errors);
    if (!config) {
        command_print_errors(argv[at], &errors);
        return EXIT_USAGE;
    }
    if (effective) {
        printf("%s\n", config->effective);
    } else {
        printf("%s: fine: %u tenants, %u checks\n", argv[at], config->tenant_count,
               config->check_count);
    }
    config_unref(config);
    return EXIT_FINE;
}
