/* Counting who probes us: which class an arrival belongs to, the sources and classes with
 * their intervals, and whether a class fell silent. Bounded: fixed tables, except for the
 * copies of subnets and gateway addresses. Never decides health. */
#include "model/census.h"

#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The newest intervals of something. */
struct gaps {
    uint64_t count; /* ever; the newest is at (count - 1) % CENSUS_GAPS */
    int64_t ms[CENSUS_GAPS];
};

struct class {
    uint64_t count;
    int64_t last_ms;
    struct gaps gaps;
    bool is_reported;    /* census_watch said that it is silent */
    int64_t silenced_ms; /* how long it was, if it came back since then */
};

struct source {
    uint64_t seen; /* arrivals in all at its newest one; 0: a free place */
    int family;    /* of the prober's address */
    uint8_t bytes[16];
    struct gaps gaps;
    struct census_source shown; /* without the figures that follow from gaps */
};

struct census {
    char host[ARRIVAL_HOST_MAX]; /* without a dot at its end; "": any */
    struct cidr *subnets;        /* owned */
    size_t subnet_count;
    struct addr *pods; /* owned */
    size_t pod_count;
    uint64_t arrivals;
    struct class classes[PROBER_COUNT];
    struct source sources[CENSUS_SOURCES]; /* in no order */
};

/* Where an arrival came from. */
struct origin {
    struct addr peer;
    struct addr prober; /* the peer, or the forwarded address where it is believed */
    bool via_gateway;
    bool is_believed;
};

static const struct cidr load_balancer = {
    .family = AF_INET, .bytes = {168, 63, 129, 16}, .bits = 32};

/* istio-cni gives these to connections from the node to a pod of the ambient mesh. */
static const struct cidr ambient_nodes[] = {
    {.family = AF_INET, .bytes = {169, 254, 7, 127}, .bits = 32},
    {.family = AF_INET6,
     .bytes = {0xfd, 0x16, 0x92, 0x54, 0x71, 0x27, 0x13, 0x37, 0xff, 0xff, 0xff, 0xff,
               0xff, 0xff, 0xff, 0xff},
     .bits = 128},
};
static const struct cidr_list ambient = {.items = ambient_nodes, .count = 2};

static struct addr to_addr(int family, const uint8_t bytes[16]) {
    struct addr addr = {0};

    if (family == AF_INET) {
        addr.len = sizeof(addr.u.in);
        memcpy(&addr.u.in.sin_addr, bytes, 4);
    } else if (family == AF_INET6) {
        addr.len = sizeof(addr.u.in6);
        memcpy(&addr.u.in6.sin6_addr, bytes, 16);
    } else {
        return addr;
    }
    addr.u.sa.sa_family = (sa_family_t)family;
    return addr;
}

static bool is_gateway(const struct census *census, const struct addr *addr) {
    for (size_t i = 0; i < census->pod_count; i++) {
        if (addr_equal_ip(&census->pods[i], addr))
            return true;
    }
    return false;
}

static struct origin find_origin(const struct census *census,
                                 const struct arrival *arrival) {
    struct origin origin = {.peer = to_addr(arrival->peer_family, arrival->peer)};

    origin.via_gateway = is_gateway(census, &origin.peer);
    origin.is_believed = origin.via_gateway && arrival->forwarded_family != 0;
    origin.prober = origin.is_believed
                        ? to_addr(arrival->forwarded_family, arrival->forwarded)
                        : origin.peer;
    return origin;
}

/* The same host: case, a dot at the end and a port do not count. `host` may be cut, at
 * the same length as the configured one. */
static bool is_our_host(const struct census *census, const char *host) {
    size_t len = strlen(census->host);

    if (len == 0)
        return true;
    if (strncasecmp(host, census->host, len) != 0)
        return false;
    host += len;
    if (*host == '.')
        host++;
    return *host == '\0' || *host == ':';
}

static bool is_kubelet(const struct arrival *arrival, const struct origin *origin) {
    if (origin->via_gateway)
        return false;
    /* Where the gateway's pods are not known, the forwarding still shows a gateway. */
    return cidr_list_contains(&ambient, &origin->peer) ||
           (arrival->forwarded_family == 0 &&
            text_has_prefix(arrival->agent, "kube-probe/"));
}

static bool is_appgw(const struct census *census, const struct arrival *arrival,
                     const struct origin *origin) {
    const struct cidr_list subnets = {census->subnets, census->subnet_count};

    return origin->is_believed && arrival->agent[0] == '\0' &&
           cidr_list_contains(&subnets, &origin->prober) &&
           is_our_host(census, arrival->host);
}

static enum prober classify(const struct census *census, const struct arrival *arrival,
                            const struct origin *origin) {
    if (text_has_prefix(arrival->agent, "health-responder/"))
        return PROBER_SELF;
    if (is_kubelet(arrival, origin))
        return PROBER_KUBELET;
    if (cidr_contains(&load_balancer, &origin->prober))
        return PROBER_LOAD_BALANCER;
    if (is_appgw(census, arrival, origin))
        return PROBER_APPGW;
    if (arrival->agent[0] != '\0')
        return PROBER_OPERATOR;
    return PROBER_UNKNOWN;
}

static void add_gap(struct gaps *gaps, int64_t ms) {
    gaps->ms[gaps->count % CENSUS_GAPS] = ms;
    gaps->count++;
}

static size_t kept_gaps(const struct gaps *gaps) {
    return gaps->count < CENSUS_GAPS ? (size_t)gaps->count : CENSUS_GAPS;
}

static int64_t median(const int64_t *values, size_t count) {
    int64_t sorted[CENSUS_GAPS] = {0};

    assert(count > 0);
    for (size_t i = 0; i < count; i++) {
        size_t place = i;

        for (; place > 0 && sorted[place - 1] > values[i]; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = values[i];
    }
    return count % 2 == 1 ? sorted[count / 2]
                          : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* 0 for fewer than two: one interval has no typical value. */
static int64_t median_gap(const struct gaps *gaps) {
    return gaps->count < 2 ? 0 : median(gaps->ms, kept_gaps(gaps));
}

static int64_t mean_gap(const struct gaps *gaps) {
    size_t count = kept_gaps(gaps);
    int64_t sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += gaps->ms[i];
    return count == 0 ? 0 : sum / (int64_t)count;
}

static int64_t gap_jitter(const struct gaps *gaps) {
    int64_t distances[CENSUS_GAPS];
    int64_t middle = median_gap(gaps);
    size_t count = kept_gaps(gaps);

    if (count < 2)
        return 0;
    for (size_t i = 0; i < count; i++)
        distances[i] = llabs(gaps->ms[i] - middle);
    return median(distances, count);
}

/* Those that never stop by themselves. */
static bool is_for_ever(enum prober prober) {
    switch (prober) {
        case PROBER_APPGW:
        case PROBER_KUBELET:
        case PROBER_LOAD_BALANCER:
            return true;
        case PROBER_SELF:
        case PROBER_OPERATOR:
        case PROBER_UNKNOWN:
            return false;
    }
    return false;
}

/* 0: no silence yet, or none ever. */
static int64_t silence_limit(const struct class *class, enum prober prober) {
    int64_t typical = median_gap(&class->gaps);
    int64_t mean = mean_gap(&class->gaps);

    if (!is_for_ever(prober) || class->count < 3)
        return 0;
    if (typical < mean)
        typical = mean;
    typical *= CENSUS_SILENT_FACTOR;
    return typical > CENSUS_SILENT_LEAST_MS ? typical : CENSUS_SILENT_LEAST_MS;
}

static bool is_silent(const struct class *class, enum prober prober, int64_t now_ms) {
    int64_t limit_ms = silence_limit(class, prober);

    return limit_ms > 0 && now_ms - class->last_ms >= limit_ms;
}

/* Answers of two connections may be out of order by a few milliseconds. */
static int64_t gap_between(int64_t last_ms, int64_t now_ms) {
    return now_ms > last_ms ? now_ms - last_ms : 0;
}

static void count_in_class(struct class *class, enum prober prober, int64_t now_ms) {
    if (class->count > 0) {
        int64_t gap_ms = gap_between(class->last_ms, now_ms);
        int64_t limit_ms =
            gap_ms > CENSUS_SILENT_LEAST_MS ? silence_limit(class, prober) : 0;

        if (class->is_reported && gap_ms > class->silenced_ms)
            class->silenced_ms = gap_ms;
        /* An hour of silence must not stretch the mean, and with it the next limit. A
         * class that really became slow gets there in a few steps. */
        add_gap(&class->gaps, limit_ms > 0 && gap_ms > limit_ms ? limit_ms : gap_ms);
    }
    class->count++;
    if (class->last_ms < now_ms)
        class->last_ms = now_ms;
}

static size_t address_size(int family) {
    return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

static void format_address(const struct addr *addr, int family, char out[ADDR_TEXT_MAX]) {
    if (family == AF_UNIX)
        text_copy(out, ADDR_TEXT_MAX, "unix");
    else
        addr_format_ip(addr, out);
}

/* The source's place, taken from the least recently seen one if it is new. */
static struct source *find_source(struct census *census, enum prober prober,
                                  const struct arrival *arrival,
                                  const struct origin *origin) {
    int family = origin->is_believed ? arrival->forwarded_family : arrival->peer_family;
    const uint8_t *bytes = origin->is_believed ? arrival->forwarded : arrival->peer;
    struct source *oldest = &census->sources[0];

    for (size_t i = 0; i < CENSUS_SOURCES; i++) {
        struct source *source = &census->sources[i];

        if (source->seen > 0 && source->shown.prober == prober &&
            source->shown.path == arrival->path && source->family == family &&
            memcmp(source->bytes, bytes, address_size(family)) == 0)
            return source;
        if (source->seen < oldest->seen)
            oldest = source;
    }
    *oldest = (struct source){.family = family,
                              .shown = {.prober = prober, .path = arrival->path}};
    memcpy(oldest->bytes, bytes, address_size(family));
    format_address(&origin->prober, family, oldest->shown.address);
    return oldest;
}

static void count_in_source(struct source *source, const struct arrival *arrival,
                            const struct origin *origin, int64_t now_ms) {
    struct census_source *shown = &source->shown;

    if (shown->count == 0)
        shown->first_mono_ms = now_ms;
    else
        add_gap(&source->gaps, gap_between(shown->last_mono_ms, now_ms));
    shown->count++;
    if (shown->last_mono_ms < now_ms)
        shown->last_mono_ms = now_ms;
    shown->last_answer = arrival->answer;
    shown->last_attempt = arrival->attempt;
    shown->retried += arrival->attempt >= 2;
    shown->via[0] = '\0';
    if (origin->is_believed)
        format_address(&origin->peer, arrival->peer_family, shown->via);
    text_clean(shown->agent, sizeof(shown->agent), arrival->agent,
               strlen(arrival->agent));
    text_clean(shown->host, sizeof(shown->host), arrival->host, strlen(arrival->host));
}

static int compare_newest_first(const void *left, const void *right) {
    const struct source *const *a = left;
    const struct source *const *b = right;

    return ((*a)->seen < (*b)->seen) - ((*a)->seen > (*b)->seen);
}

struct census *census_new(void) {
    return MEM_NEW(struct census);
}

void census_free(struct census *census) {
    if (census == NULL)
        return;
    free(census->subnets);
    free(census->pods);
    free(census);
}

void census_set_config(struct census *census, const struct config *config) {
    const char *host = config->gateway.host == NULL ? "" : config->gateway.host;
    const struct cidr_list *subnets = &config->clients.appgw_subnets;
    size_t len = strlen(host);

    if (text_copy(census->host, sizeof(census->host), host) && len > 0 &&
        host[len - 1] == '.')
        census->host[len - 1] = '\0';
    free(census->subnets);
    census->subnets = mem_alloc(subnets->count, sizeof(*census->subnets));
    census->subnet_count = subnets->count;
    for (size_t i = 0; i < subnets->count; i++)
        census->subnets[i] = subnets->items[i];
}

void census_set_gateway(struct census *census, const struct addr *pods, size_t count) {
    free(census->pods);
    census->pods = mem_alloc(count, sizeof(*census->pods));
    census->pod_count = count;
    for (size_t i = 0; i < count; i++)
        census->pods[i] = pods[i];
}

void census_add(struct census *census, const struct arrival *arrival) {
    int64_t now_ms = arrival->mono_us / 1000;
    struct origin origin = find_origin(census, arrival);
    enum prober prober = classify(census, arrival, &origin);
    struct source *source = find_source(census, prober, arrival, &origin);

    source->seen = ++census->arrivals;
    count_in_source(source, arrival, &origin, now_ms);
    count_in_class(&census->classes[prober], prober, now_ms);
}

void census_watch(struct census *census, int64_t now_mono_ms,
                  void (*changed)(void *user, enum prober prober, bool is_silent,
                                  int64_t silent_ms),
                  void *user) {
    for (int i = 0; i < PROBER_COUNT; i++) {
        enum prober prober = (enum prober)i;
        struct class *class = &census->classes[prober];
        bool silent = is_silent(class, prober, now_mono_ms);

        if (silent == class->is_reported)
            continue;
        class->is_reported = silent;
        changed(user, prober, silent,
                silent ? now_mono_ms - class->last_ms : class->silenced_ms);
        class->silenced_ms = 0;
    }
}

void census_fill(const struct census *census, int64_t now_mono_ms,
                 struct census_view *view) {
    const struct source *sources[CENSUS_SOURCES];
    size_t count = 0;

    for (int i = 0; i < PROBER_COUNT; i++) {
        enum prober prober = (enum prober)i;
        const struct class *class = &census->classes[prober];

        view->classes[prober] = (struct census_class){
            .count = class->count,
            .last_mono_ms = class->last_ms,
            .median_ms = median_gap(&class->gaps),
            .silent_after_ms = silence_limit(class, prober),
            .is_silent = is_silent(class, prober, now_mono_ms),
        };
    }
    for (size_t i = 0; i < CENSUS_SOURCES; i++) {
        if (census->sources[i].seen > 0)
            sources[count++] = &census->sources[i];
    }
    qsort(sources, count, sizeof(sources[0]), compare_newest_first);
    for (size_t i = 0; i < count; i++) {
        view->sources[i] = sources[i]->shown;
        view->sources[i].median_ms = median_gap(&sources[i]->gaps);
        view->sources[i].jitter_ms = gap_jitter(&sources[i]->gaps);
    }
    view->source_count = count;
    view->taken_mono_ms = now_mono_ms;
}

const char *prober_name(enum prober prober) {
    static const char *const names[PROBER_COUNT] = {
        [PROBER_APPGW] = "appgw",
        [PROBER_KUBELET] = "kubelet",
        [PROBER_LOAD_BALANCER] = "load_balancer",
        [PROBER_SELF] = "self",
        [PROBER_OPERATOR] = "operator",
        [PROBER_UNKNOWN] = "unknown",
    };

    return names[prober];
}

struct census_view *census_view_new(void) {
    struct census_view *view = MEM_NEW(struct census_view);
    atomic_init(&view->refs, 1);
    return view;
}

struct census_view *census_view_ref(struct census_view *view) {
    if (view)
        atomic_fetch_add(&view->refs, 1);
    return view;
}

void census_view_unref(struct census_view *view) {
    if (view && atomic_fetch_sub(&view->refs, 1) == 1)
        free(view);
}
