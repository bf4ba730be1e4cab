/* What this binary is made of. */
#include "app/version.h"

#include "app/args.h"
#include "app/command.h"

#include <ares.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <uv.h>

int version_run(const struct command *command, int argc, char **argv) {
    const struct arg args[] = {{0}};
    int status;
    int at = args_read(command, args, argc, argv, &status);
    if (at < 0)
        return status;
    if (at != argc)
        return command_usage(command, "takes no arguments");
    printf("health-responder %s\n", HR_VERSION);
    printf("libmicrohttpd %s, jansson %s, libuv %s, c-ares %s\n", MHD_get_version(),
           jansson_version_str(), uv_version_string(), ares_version(NULL));
    printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
    return EXIT_FINE;
}
