/* Asks one HTTP question again and again, an exact number of times, and prints what came
 * of it as one line of JSON. Two ways:
 *
 *   closed loop   every connection asks again as soon as it has its answer: for cost
 *   fixed rate    a question is due every 1/RATE s whether or not the last was answered,
 * and its time counts from when it was due: for latency
 *
 * With --new every question has a connection of its own, closed by the server, which is
 * how kubelet probes. Its own CPU time is that of a bare client on sockets: the floor of
 * a check.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, HEAD_MAX = 8192, TIMEOUT_S = 5 };

struct connection {
    int fd; /* -1: none */
    bool is_busy;
    bool is_answered;
    int64_t due_ns;
    size_t len;
    char head[HEAD_MAX];
};

static struct {
    struct sockaddr_in at;
    const char *path;
    const char *method;
    long connections;
    long requests;
    double rate; /* 0: closed loop */
    int status;
    bool is_new;
} options = {.path = "/healthz",
             .method = "GET",
             .connections = 1,
             .requests = 1000,
             .status = 200};

static char request[2048];
static size_t request_len;
static int epoll;
static long started, done, failed;
static int64_t *times_ns;
static struct connection *connections;
static long *idle; /* indices, a stack */
static long idle_count;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void drop(struct connection *c) {
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void finish(struct connection *c, bool is_fine) {
    if (is_fine)
        times_ns[done - failed] = now_ns() - c->due_ns;
    else
        failed++;
    done++;
    c->is_busy = false;
    if (!is_fine || options.is_new)
        drop(c);
    idle[idle_count++] = c - connections;
}

static bool open_connection(struct connection *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    return c->fd >= 0 &&
           (connect(c->fd, (struct sockaddr *)&options.at, sizeof options.at) == 0 ||
            errno == EINPROGRESS) &&
           epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

static void ask(struct connection *c, int64_t due_ns) {
    started++;
    c->due_ns = due_ns;
    c->is_busy = true;
    c->is_answered = false;
    c->len = 0;
    if (c->fd < 0) {
        if (!open_connection(c))
            finish(c, false);
        return; /* sent when it is writable */
    }
    if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
        finish(c, false);
}

/* The length of head and body, or 0 as long as it is not known. */
static size_t whole_length(const struct connection *c) {
    const char *end = strstr(c->head, "\r\n\r\n");
    if (!end)
        return 0;
    size_t head_len = (size_t)(end - c->head) + 4;
    if (strcmp(options.method, "HEAD") == 0)
        return head_len;
    const char *field = strcasestr(c->head, "\r\ncontent-length:");
    return field ? head_len + strtoul(field + 17, NULL, 10) : head_len;
}

static void receive(struct connection *c) {
    for (;;) {
        char rest[65536];
        bool has_room = c->len < HEAD_MAX - 1;
        ssize_t got = has_room ? recv(c->fd, c->head + c->len, HEAD_MAX - 1 - c->len, 0)
                               : recv(c->fd, rest, sizeof rest, 0);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            if (c->is_busy)
                finish(c, got == 0 && c->is_answered && options.is_new);
            else
                drop(c);
            return;
        }
        c->len += (size_t)got;
        if (has_room)
            c->head[c->len] = '\0';
        size_t whole = whole_length(c);
        if (whole == 0 || c->len < whole || !c->is_busy || c->is_answered)
            continue;
        c->is_answered = true;
        if (strtol(c->head + 9, NULL, 10) != options.status)
            finish(c, false);
        else if (!options.is_new)
            finish(c, true);
        if (c->fd < 0 || !options.is_new)
            return;
    }
}

static void on_event(struct connection *c, uint32_t events) {
    if (c->fd < 0)
        return;
    if ((events & EPOLLOUT) && c->is_busy && c->len == 0 && !(events & EPOLLIN)) {
        /* Only once for each connection: after it EPOLLOUT is asked for no more. */
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
        if (!(events & (EPOLLERR | EPOLLHUP)) &&
            send(c->fd, request, request_len, MSG_NOSIGNAL) == (ssize_t)request_len &&
            epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event) == 0)
            return;
        finish(c, false);
        return;
    }
    receive(c);
}

static void start_due(int64_t begin_ns, int64_t now) {
    while (started < options.requests && idle_count > 0) {
        int64_t due_ns = now;
        if (options.rate > 0)
            due_ns = begin_ns + (int64_t)((double)started * 1e9 / options.rate);
        if (due_ns > now)
            return;
        ask(&connections[idle[--idle_count]], due_ns);
    }
}

static struct timespec wait_time(int64_t begin_ns) {
    int64_t wait_ns = INT64_C(100000000);
    if (options.rate > 0 && started < options.requests && idle_count > 0) {
        wait_ns = begin_ns + (int64_t)((double)started * 1e9 / options.rate) - now_ns();
        wait_ns = wait_ns > 0 ? wait_ns : 0;
    }
    return (struct timespec){wait_ns / 1000000000, wait_ns % 1000000000};
}

static void run(void) {
    int64_t begin_ns = now_ns();
    int64_t quiet_ns = begin_ns; /* when something happened last */
    while (done < options.requests) {
        start_due(begin_ns, now_ns());
        struct timespec wait = wait_time(begin_ns);
        struct epoll_event ready[EVENTS];
        int count = epoll_pwait2(epoll, ready, EVENTS, &wait, NULL);
        for (int i = 0; i < count; i++)
            on_event(ready[i].data.ptr, ready[i].events);
        int64_t now = now_ns();
        if (count > 0)
            quiet_ns = now;
        if (now - quiet_ns > TIMEOUT_S * INT64_C(1000000000)) {
            failed += options.requests - done; /* nobody answers any more */
            return;
        }
    }
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double percentile(long count, double share) {
    if (count == 0)
        return -1;
    long at = (long)(share * (double)count);
    return (double)times_ns[at < count ? at : count - 1] / 1000;
}

static void report(int64_t took_ns) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    long fine = options.requests - failed;
    qsort(times_ns, (size_t)fine, sizeof *times_ns, compare);
    printf(
        "{\"requests\": %ld, \"failed\": %ld, \"seconds\": %.6f, \"own_cpu_us\": %.0f, "
        "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
        "\"max_us\": %.1f, \"quantiles_us\": [",
        options.requests, failed, (double)took_ns / 1e9, cpu_us, percentile(fine, 0.5),
        percentile(fine, 0.9), percentile(fine, 0.99), percentile(fine, 0.999),
        percentile(fine, 1));
    for (int i = 0; i <= 100; i++)
        printf("%s%.1f", i ? ", " : "", percentile(fine, i / 100.0));
    printf("]}\n");
}

static void usage(void) {
    fprintf(stderr,
            "usage: load [--path P] [--method M] [--connections N] [--requests N]\n"
            "            [--rate PER_SECOND] [--status N] [--new] ADDRESS PORT\n");
    exit(2);
}

static void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"path", 1, NULL, 'p'},        {"method", 1, NULL, 'm'},
        {"connections", 1, NULL, 'c'}, {"requests", 1, NULL, 'n'},
        {"rate", 1, NULL, 'r'},        {"status", 1, NULL, 's'},
        {"new", 0, NULL, 'x'},         {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'p')
            options.path = optarg;
        else if (c == 'm')
            options.method = optarg;
        else if (c == 'c')
            options.connections = strtol(optarg, NULL, 10);
        else if (c == 'n')
            options.requests = strtol(optarg, NULL, 10);
        else if (c == 'r')
            options.rate = strtod(optarg, NULL);
        else if (c == 's')
            options.status = (int)strtol(optarg, NULL, 10);
        else if (c == 'x')
            options.is_new = true;
        else
            usage();
    }
    options.at.sin_family = AF_INET;
    if (argc - optind != 2 || options.connections < 1 || options.requests < 1 ||
        inet_pton(AF_INET, argv[optind], &options.at.sin_addr) != 1)
        usage();
    options.at.sin_port = htons((uint16_t)strtol(argv[optind + 1], NULL, 10));
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    int len = snprintf(request, sizeof request,
                       "%s %s HTTP/1.1\r\nHost: apps.example.com\r\n"
                       "User-Agent: kube-probe/1.33\r\nAccept: */*\r\n%s\r\n",
                       options.method, options.path,
                       options.is_new ? "Connection: close\r\n" : "");
    if (len < 0 || (size_t)len >= sizeof request)
        usage();
    request_len = (size_t)len;
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    size_t count = (size_t)options.connections;
    connections = calloc(count, sizeof *connections);
    idle = calloc(count, sizeof *idle);
    times_ns = calloc((size_t)options.requests, sizeof *times_ns);
    if (epoll < 0 || !connections || !idle || !times_ns) {
        perror("load");
        return 2;
    }
    for (long i = 0; i < options.connections; i++) {
        connections[i].fd = -1;
        idle[idle_count++] = options.connections - 1 - i;
    }
    int64_t begin_ns = now_ns();
    run();
    report(now_ns() - begin_ns);
    return 0;
}
