/* Options as every subcommand takes them. Own code, because getopt_long cannot say which
 * option was meant, prints in its own words, and permutes operands. */
#include "app/args.h"

#include "app/command.h"
#include "base/text.h"

#include <string.h>

enum { OPTIONS_MAX = 32 };

/* Of several rows with the name the first that holds nothing yet, else the last. */
static const struct arg *find(const struct arg *args, const char *name, size_t len) {
    const struct arg *found = NULL;
    for (const struct arg *arg = args; arg->name; arg++) {
        if (strlen(arg->name) != len || strncmp(arg->name, name, len) != 0)
            continue;
        found = arg;
        if (!arg->value || !*arg->value)
            break;
    }
    return found;
}

static int unknown_option(const struct command *command, const struct arg *args,
                          const char *word) {
    const char *names[OPTIONS_MAX];
    size_t count = 0;
    for (const struct arg *arg = args; arg->name && count < OPTIONS_MAX; arg++)
        names[count++] = arg->name;
    const char *nearest = text_nearest(word + 2, names, count);
    if (nearest) {
        return command_usage(command, "there is no option %s; did you mean --%s?", word,
                             nearest);
    }
    return command_usage(command, "there is no option %s", word);
}

int args_read(const struct command *command, const struct arg *args, int argc,
              char **argv, int *status) {
    int at = 1;
    for (; at < argc && strncmp(argv[at], "-", 1) == 0 && argv[at][1]; at++) {
        const char *word = argv[at];
        if (strcmp(word, "--") == 0)
            return at + 1;
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            *status = command_help(command);
            return -1;
        }
        const char *equals = strchr(word, '=');
        size_t len = equals ? (size_t)(equals - word) : strlen(word);
        const struct arg *arg = len > 2 ? find(args, word + 2, len - 2) : NULL;
        if (!arg || strncmp(word, "--", 2) != 0) {
            *status = unknown_option(command, args, word);
            return -1;
        }
        if (arg->flag) {
            if (equals) {
                *status = command_usage(command, "--%s takes no value", arg->name);
                return -1;
            }
            *arg->flag = true;
            continue;
        }
        if (!equals && at + 1 >= argc) {
            *status = command_usage(command, "--%s needs a value", arg->name);
            return -1;
        }
        *arg->value = equals ? equals + 1 : argv[++at];
    }
    return at;
}
