/* From a probe definition and a configuration to the table of times. Starts nothing. */
#include "app/timing.h"

#include "app/args.h"
#include "app/command.h"
#include "app/definition.h"
#include "app/types.h"
#include "base/buf.h"
#include "config/load.h"
#include "config/probe_definition.h"
#include "model/timing.h"
#include "view/timing.h"

#include <stdio.h>
#include <string.h>

enum { INSTANCES_MAX = 125, P99_MAX_MS = 60 * 1000 };

struct timing_options {
    const char *definition;
    const char *probe;
    const char *config;
    const char *format;
    const char *instances;
    const char *p99;
};

typedef void timing_writer(const struct view_timing *timing, struct buf *out);

static timing_writer *writer_of(const char *format) {
    if (strcmp(format, "text") == 0)
        return view_timing_text;
    if (strcmp(format, "json") == 0)
        return view_timing_json;
    return strcmp(format, "svg") == 0 ? view_timing_svg : NULL;
}

/* The defaults where no file is named. */
static struct config *read_config(const char *file) {
    struct err_list errors = {0};
    struct config *config =
        file ? config_load(file, types_for_config(), &errors)
             : config_parse("{}", 2, "defaults", types_for_config(), &errors);
    if (!config)
        command_print_errors(file ? file : "defaults", &errors);
    return config;
}

static int print(const struct timing_input *input, timing_writer *write) {
    BUF_AUTO struct buf out = {0};
    struct timing_report report;
    timing_fill(&report, input);
    const struct view_timing timing = {.report = &report, .config = input->config};
    write(&timing, &out);
    fwrite(out.data, 1, out.len, stdout);
    return EXIT_FINE;
}

static int timing(const struct command *command, const struct timing_options *options,
                  timing_writer *write) {
    int64_t instances = 0;
    int64_t p99_ms = 0;
    if (options->instances &&
        !text_parse_int(options->instances, 1, INSTANCES_MAX, &instances))
        return command_usage(command, "--instances: expected 1 to %d, found \"%s\"",
                             INSTANCES_MAX, options->instances);
    if (options->p99 && (!text_parse_duration(options->p99, &p99_ms) || p99_ms < 1 ||
                         p99_ms > P99_MAX_MS))
        return command_usage(command,
                             "--answer-p99: expected a duration of 1ms to 60s, found "
                             "\"%s\"",
                             options->p99);
    struct probe_definition *definition =
        definition_read(options->definition, options->probe);
    struct config *config = definition ? read_config(options->config) : NULL;
    int status = EXIT_USAGE;
    if (config) {
        const struct timing_input input = {.definition = &definition->data,
                                           .config = config,
                                           .instances = (int)instances,
                                           .answer_p99_us = p99_ms * 1000};
        status = print(&input, write);
    }
    config_unref(config);
    probe_definition_free(definition);
    return status;
}

int timing_run(const struct command *command, int argc, char **argv) {
    struct timing_options options = {.format = "text"};
    const struct arg args[] = {{"definition", &options.definition, NULL},
                               {"probe", &options.probe, NULL},
                               {"config", &options.config, NULL},
                               {"format", &options.format, NULL},
                               {"instances", &options.instances, NULL},
                               {"answer-p99", &options.p99, NULL},
                               {0}};
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0)
        return status;
    if (at != argc)
        return command_usage(command, "takes no arguments");
    if (!options.definition)
        return command_usage(command, "--definition is needed");
    timing_writer *write = writer_of(options.format);
    if (!write)
        return command_usage(command, "--format is text, json or svg, not \"%s\"",
                             options.format);
    return timing(command, &options, write);
}
