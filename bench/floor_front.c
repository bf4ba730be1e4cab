/* The floor of the front's library: libmicrohttpd as we start it, with one prepared
 * response and a handler that looks at nothing.
 *
 *   floor_front PORT */
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct MHD_Response *response;

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection,
                                  const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_len,
                                  void **context) {
    (void)user;
    (void)path;
    (void)method;
    (void)version;
    (void)body;
    (void)body_len;
    if (!*context) {
        *context = response; /* an answer in the first call would end the connection */
        return MHD_YES;
    }
    return MHD_queue_response(connection, 200, response);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: floor_front PORT\n");
        return 2;
    }
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)strtol(argv[1], NULL, 10))};
    int one = 1;
    int defer = 5;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0) {
        perror("floor_front: cannot listen");
        return 2;
    }
    static char text[] = "healthy\n";
    response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, "Content-Type", "text/plain");
    const struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO, 0, NULL, NULL, on_request, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, 2048u, MHD_OPTION_END);
    if (!daemon) {
        fprintf(stderr, "floor_front: cannot start libmicrohttpd\n");
        return 2;
    }
    for (;;)
        pause();
}
