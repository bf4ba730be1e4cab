/* Reader of Envoy's admin answers. Owns the names of their keys and the bound on what an
 * answer may cost to read; never judges what it finds. */
#include "check/envoy_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

/* An empty object takes jansson some 300 bytes and its sender three. Envoy's own answers
 * have an object or array to every 60 bytes and a comma to every 45: of those that are
 * read at all, with at most 1 MiB, none is near these. */
enum { CONTAINERS_MAX = 24 * 1024, COMMAS_MAX = 48 * 1024, DAY_MS = 86400 * 1000 };

/* Of a text that goes into another one. */
enum { PART_TEXT_MAX = ENVOY_TEXT_MAX - 24 };

/* Counts parts without reading them. */
static bool is_affordable(const char *text, size_t len) {
    size_t containers = 0;
    size_t commas = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = false;
            continue;
        }
        in_string = text[i] == '"';
        containers += text[i] == '{' || text[i] == '[';
        commas += text[i] == ',';
    }
    return containers <= CONTAINERS_MAX && commas <= COMMAS_MAX;
}

/* A new reference to an object; NULL with `err` set. */
static json_t *load(const char *text, size_t len, struct err *err) {
    json_error_t error;
    if (!is_affordable(text, len)) {
        err_set(err, ERR_LIMIT, "it has too many parts");
        return NULL;
    }
    json_t *root = json_loadb(text, len, 0, &error);
    if (!root)
        err_set(err, ERR_SYNTAX, "it is not JSON");
    else if (!json_is_object(root))
        err_set(err, ERR_INVALID, "it is no JSON object");
    if (json_is_object(root))
        return root;
    json_decref(root);
    return NULL;
}

static void clean(const json_t *string, char *out, size_t size) {
    text_clean(out, size, json_string_value(string), json_string_length(string));
}

/* A number, or a string of digits, as a 64-bit number is written. */
static bool read_number(const json_t *json, int64_t *value) {
    if (json_is_integer(json)) {
        *value = json_integer_value(json);
        return true;
    }
    return json_is_string(json) &&
           text_parse_int(json_string_value(json), INT64_MIN, INT64_MAX, value);
}

/* "37s", "37.250s" or, in between versions, a number. -1: none of them. */
static int64_t read_seconds(const json_t *json) {
    const char *text = json_string_value(json);
    char digits[24] = "";
    int64_t seconds;
    if (text) {
        size_t len = strspn(text, "0123456789");
        if (len == 0 || len >= sizeof digits || !strchr(".s", text[len]))
            return -1;
        memcpy(digits, text, len);
        return text_parse_int(digits, 0, INT64_MAX, &seconds) ? seconds : -1;
    }
    return read_number(json, &seconds) && seconds >= 0 ? seconds : -1;
}

/* Why a host gets no traffic; NULL: it does. A degraded one does, and so does one whose
 * endpoint is of unknown health. */
static const char *sick_flag(const json_t *status) {
    static const char *const flags[] = {"failed_active_health_check",
                                        "failed_outlier_check"};
    static const char *const endpoint_states[] = {"UNHEALTHY", "DRAINING", "TIMEOUT"};
    const char *state = json_string_value(json_object_get(status, "eds_health_status"));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (json_is_true(json_object_get(status, flags[i])))
            return flags[i];
    }
    for (size_t i = 0; state && i < sizeof endpoint_states / sizeof *endpoint_states;
         i++) {
        if (strcmp(state, endpoint_states[i]) == 0)
            return endpoint_states[i];
    }
    return NULL;
}

/* An address in any of its forms: socket, pipe, or internal listener (of a mesh whose
 * hosts are reached through a tunnel). */
static void read_address(const json_t *address, char out[ENVOY_TEXT_MAX]) {
    const json_t *socket = json_object_get(address, "socket_address");
    const json_t *internal = json_object_get(address, "envoy_internal_address");
    const json_t *pipe = json_object_get(address, "pipe");
    char text[PART_TEXT_MAX];
    int64_t port = 0;
    if (socket) {
        clean(json_object_get(socket, "address"), text, sizeof text);
        read_number(json_object_get(socket, "port_value"), &port);
        snprintf(out, ENVOY_TEXT_MAX, strchr(text, ':') ? "[%s]:%u" : "%s:%u", text,
                 (unsigned)(port & 0xffff));
    } else if (internal) {
        const json_t *endpoint = json_object_get(internal, "endpoint_id");
        if (!json_is_string(endpoint))
            endpoint = json_object_get(internal, "server_listener_name");
        clean(endpoint, text, sizeof text);
        snprintf(out, ENVOY_TEXT_MAX, "internal:%s", text);
    } else if (pipe) {
        clean(json_object_get(pipe, "path"), text, sizeof text);
        snprintf(out, ENVOY_TEXT_MAX, "unix:%s", text);
    } else {
        text_copy(out, ENVOY_TEXT_MAX, "unknown address");
    }
}

static void read_hosts(const json_t *hosts, struct envoy_cluster *cluster) {
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i);
        const char *flag = sick_flag(json_object_get(host, "health_status"));
        cluster->hosts++;
        if (!flag) {
            cluster->healthy++;
        } else if (cluster->sick[0] == '\0') {
            read_address(json_object_get(host, "address"), cluster->sick);
            text_copy(cluster->why, sizeof cluster->why, flag);
        }
    }
}

static int badness(const struct envoy_cluster *cluster) {
    if (cluster->healthy == 0)
        return 2;
    return cluster->healthy < cluster->hosts ? 1 : 0;
}

static void take_cluster(const json_t *name, const json_t *json,
                         struct envoy_clusters *clusters) {
    struct envoy_cluster cluster = {.hosts = 0};
    clean(name, cluster.name, sizeof cluster.name);
    read_hosts(json_object_get(json, "host_statuses"), &cluster);
    clusters->sick += badness(&cluster) > 0;
    if (clusters->matched++ == 0 || badness(&cluster) > badness(&clusters->worst))
        clusters->worst = cluster;
}

/* Each text that the name holds is marked as found. */
static bool is_asked_for(const char *name, const struct text_list *names, bool *found) {
    bool is_any = false;
    for (size_t i = 0; name && i < names->count; i++) {
        if (!strstr(name, names->items[i]))
            continue;
        found[i] = true;
        is_any = true;
    }
    return is_any;
}

static bool is_of_mesh(const json_t *chain) {
    for (size_t i = 0; i < json_array_size(chain); i++) {
        const json_t *sans =
            json_object_get(json_array_get(chain, i), "subject_alt_names");
        for (size_t j = 0; j < json_array_size(sans); j++) {
            const char *uri =
                json_string_value(json_object_get(json_array_get(sans, j), "uri"));
            if (uri && text_has_prefix(uri, "spiffe://"))
                return true;
        }
    }
    return false;
}

static void read_cert_name(const json_t *cert, char out[ENVOY_TEXT_MAX]) {
    static const char *const kinds[] = {"dns", "ip_address", "uri"};
    const json_t *san = json_array_get(json_object_get(cert, "subject_alt_names"), 0);
    char text[PART_TEXT_MAX];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const json_t *value = json_object_get(san, kinds[i]);
        if (!json_is_string(value))
            continue;
        clean(value, out, ENVOY_TEXT_MAX);
        return;
    }
    clean(json_object_get(cert, "serial_number"), text, sizeof text);
    snprintf(out, ENVOY_TEXT_MAX, "serial number %s", text);
}

/* Days are whole and never negative, so an end that is past is told by its date alone. */
static bool read_left_ms(const json_t *cert, int64_t now_wall_ms, int64_t *left_ms) {
    const char *end = json_string_value(json_object_get(cert, "expiration_time"));
    int64_t end_ms;
    int64_t days;
    if (end && clock_parse_rfc3339(end, &end_ms)) {
        *left_ms = end_ms - now_wall_ms;
        return true;
    }
    if (!read_number(json_object_get(cert, "days_until_expiration"), &days) || days < 0 ||
        days > INT32_MAX)
        return false;
    *left_ms = days * DAY_MS;
    return true;
}

static void take_chain(const json_t *chain, int64_t now_wall_ms,
                       struct envoy_certs *certs) {
    for (size_t i = 0; i < json_array_size(chain); i++) {
        const json_t *cert = json_array_get(chain, i);
        int64_t left_ms;
        if (!read_left_ms(cert, now_wall_ms, &left_ms))
            continue;
        if (certs->count++ > 0 && left_ms >= certs->left_ms)
            continue;
        certs->left_ms = left_ms;
        read_cert_name(cert, certs->name);
    }
}

bool envoy_read_info(const char *text, size_t len, struct envoy_info *info,
                     struct err *err) {
    json_auto_t *root = load(text, len, err);
    if (!root)
        return false;
    clean(json_object_get(root, "state"), info->state, sizeof info->state);
    info->uptime_s = read_seconds(json_object_get(root, "uptime_current_epoch"));
    return true;
}

bool envoy_read_clusters(const char *text, size_t len, const struct text_list *names,
                         struct envoy_clusters *clusters, struct err *err) {
    json_auto_t *root = load(text, len, err);
    if (!root)
        return false;
    const json_t *statuses = json_object_get(root, "cluster_statuses");
    bool found[ENVOY_NAMES_MAX] = {false};
    *clusters = (struct envoy_clusters){.matched = 0};
    for (size_t i = 0; i < json_array_size(statuses); i++) {
        const json_t *status = json_array_get(statuses, i);
        const json_t *name = json_object_get(status, "name");
        if (is_asked_for(json_string_value(name), names, found))
            take_cluster(name, status, clusters);
    }
    for (size_t i = 0; i < names->count && !clusters->missing; i++) {
        if (!found[i])
            clusters->missing = names->items[i];
    }
    return true;
}

bool envoy_read_certs(const char *text, size_t len, int64_t now_wall_ms,
                      struct envoy_certs *certs, struct err *err) {
    json_auto_t *root = load(text, len, err);
    if (!root)
        return false;
    const json_t *list = json_object_get(root, "certificates");
    *certs = (struct envoy_certs){.count = 0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *chain = json_object_get(json_array_get(list, i), "cert_chain");
        if (!is_of_mesh(chain))
            take_chain(chain, now_wall_ms, certs);
    }
    return true;
}
