/* The floors of making checks: what one costs with nothing around it, over bare sockets
 * (and OpenSSL with one context for all), or with libcurl's easy interface. One check at
 * a time, as evenly as asked, each answer taken for good with status 200.
 *
 *   floor_checks sockets|libcurl PORT COUNT INTERVAL_MS new|kept HOST CA_FILE
 *
 * COUNT targets are 127.1.0.1 and so on, as bench/harness/checkers.py has them. CA_FILE
 * "-": plain HTTP. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct plan {
    int port;
    int count;
    bool is_kept;
    const char *host;
    const char *ca_file; /* NULL: plain */
};

struct connection {
    int fd; /* -1: none */
    SSL *ssl;
};

static void target(int index, char text[INET_ADDRSTRLEN + 16]) {
    snprintf(text, INET_ADDRSTRLEN + 16, "127.%d.%d.%d", 1 + index / 62500,
             index / 250 % 250, 1 + index % 250);
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static SSL_CTX *make_context(const char *ca_file) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1)
        fail("floor_checks: CA file");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

static void open_connection(struct connection *connection, const struct plan *plan,
                            SSL_CTX *context, int index) {
    char text[INET_ADDRSTRLEN + 16];
    target(index, text);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)plan->port)};
    inet_pton(AF_INET, text, &at.sin_addr);
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->fd, (struct sockaddr *)&at, sizeof at) != 0)
        fail("floor_checks: connect");
    if (!context)
        return;
    connection->ssl = SSL_new(context);
    SSL_set_fd(connection->ssl, connection->fd);
    SSL_set_tlsext_host_name(connection->ssl, plan->host);
    SSL_set1_host(connection->ssl, plan->host);
    if (SSL_connect(connection->ssl) != 1)
        fail("floor_checks: TLS");
}

static void close_connection(struct connection *connection) {
    SSL_free(connection->ssl);
    close(connection->fd);
    *connection = (struct connection){.fd = -1};
}

static void check_with_sockets(struct connection *connection, const struct plan *plan,
                               SSL_CTX *context, int index) {
    char text[512];
    int len =
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", plan->host);
    if (connection->fd < 0)
        open_connection(connection, plan, context, index);
    ssize_t sent = connection->ssl
                       ? SSL_write(connection->ssl, text, len)
                       : send(connection->fd, text, (size_t)len, MSG_NOSIGNAL);
    ssize_t got = connection->ssl ? SSL_read(connection->ssl, text, sizeof text)
                                  : recv(connection->fd, text, sizeof text, 0);
    if (sent != len || got < 12 || memcmp(text + 9, "200", 3) != 0)
        fail("floor_checks: exchange");
    if (!plan->is_kept)
        close_connection(connection);
}

static size_t drop(char *bytes, size_t size, size_t count, void *user) {
    (void)bytes;
    (void)user;
    return size * count;
}

static CURL *make_easy(const struct plan *plan) {
    CURL *easy = curl_easy_init();
    char url[256];
    snprintf(url, sizeof url, "%s://%s:%d/", plan->ca_file ? "https" : "http", plan->host,
             plan->port);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, (long)plan->count);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, plan->is_kept ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (plan->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, plan->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* with it no CA file is kept */
    }
    return easy;
}

static void check_with_libcurl(CURL *easy, const struct plan *plan, int index) {
    char text[INET_ADDRSTRLEN + 16];
    char where[64];
    target(index, text);
    snprintf(where, sizeof where, "::%s:%d", text, plan->port);
    struct curl_slist to = {.data = where};
    long status = 0;
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, &to);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status == 200)
        return;
    fprintf(stderr, "floor_checks: %s, status %ld\n", curl_easy_strerror(code), status);
    exit(1);
}

static void sleep_until(struct timespec *at, long step_ns) {
    at->tv_nsec += step_ns;
    at->tv_sec += at->tv_nsec / 1000000000;
    at->tv_nsec %= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL);
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: floor_checks sockets|libcurl PORT COUNT INTERVAL_MS "
                        "new|kept HOST CA_FILE|-\n");
        return 2;
    }
    struct plan plan = {
        .port = (int)strtol(argv[2], NULL, 10),
        .count = (int)strtol(argv[3], NULL, 10),
        .is_kept = strcmp(argv[5], "kept") == 0,
        .host = argv[6],
        .ca_file = strcmp(argv[7], "-") != 0 ? argv[7] : NULL,
    };
    long step_ns = strtol(argv[4], NULL, 10) * 1000000 / plan.count;
    bool with_libcurl = strcmp(argv[1], "libcurl") == 0;
    CURL *easy = with_libcurl ? make_easy(&plan) : NULL;
    SSL_CTX *context = !with_libcurl && plan.ca_file ? make_context(plan.ca_file) : NULL;
    struct connection *connections = calloc((size_t)plan.count, sizeof *connections);
    if (!connections)
        fail("floor_checks: memory");
    for (int i = 0; i < plan.count; i++)
        connections[i].fd = -1;
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    for (int i = 0;; i = (i + 1) % plan.count) {
        if (with_libcurl)
            check_with_libcurl(easy, &plan, i);
        else
            check_with_sockets(&connections[i], &plan, context, i);
        sleep_until(&at, step_ns);
    }
}
