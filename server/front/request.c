/* What is a request to us, and which question it asks. Judges the framing (RFC 9112)
 * where libmicrohttpd does not, because a request that two servers on the way cut
 * differently is how one client's bytes become another's. Pure: never reads a socket,
 * never allocates. */
#include "front/request.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *text;
    enum probe_path path;
} paths[] = {
    {"/healthz", PROBE_HEALTHZ},       {"/readyz", PROBE_READY},
    {"/healthz/ready", PROBE_READY},   {"/livez", PROBE_LIVE},
    {"/healthz/live", PROBE_LIVE},     {"/healthz/serve", PROBE_SERVE},
    {"/healthz/quorum", PROBE_QUORUM}, {"/healthz/strict", PROBE_STRICT},
};

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static void note_length(struct request_facts *facts, const char *value) {
    facts->length_count++;
    if (value[0] == '-' || !text_parse_int(value, 0, INT64_MAX, &facts->length))
        facts->length_is_bad = true;
}

static void note_coding(struct request_facts *facts, const char *value) {
    if (facts->has_coding || strcasecmp(value, "chunked") != 0)
        facts->coding_is_bad = true;
    facts->has_coding = true;
}

void request_note_header(struct request_facts *facts, const char *name,
                         const char *value) {
    size_t len = strlen(name);
    /* "Content-Length : 5" is a length to some servers and an unknown field to others. */
    if (len == 0 || is_blank(name[0]) || is_blank(name[len - 1]))
        facts->name_is_bad = true;
    switch (name[0] | 0x20) {
        case 'a':
            if (strcasecmp(name, "Accept") == 0)
                facts->accept = value;
            else if (strcasecmp(name, "Authorization") == 0)
                facts->authorization = value;
            break;
        case 'c':
            if (strcasecmp(name, "Content-Length") == 0)
                note_length(facts, value);
            break;
        case 'h':
            if (strcasecmp(name, "Host") == 0) {
                facts->host_count++;
                facts->host = value;
            }
            break;
        case 't':
            if (strcasecmp(name, "Transfer-Encoding") == 0)
                note_coding(facts, value);
            break;
        case 'u':
            if (strcasecmp(name, "User-Agent") == 0)
                facts->agent = value;
            break;
        case 'x':
            if (strcasecmp(name, "X-Forwarded-For") == 0)
                facts->forwarded_for = value;
            else if (strcasecmp(name, "X-Envoy-Attempt-Count") == 0)
                facts->attempt = value;
            break;
    }
}

const char *request_refusal(const struct request_facts *facts, const char *version) {
    bool is_http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    if (facts->name_is_bad)
        return "a header field name with a blank";
    if (facts->host_count > 1)
        return "more than one Host";
    if (facts->host_count == 0 && !is_http_1_0)
        return "HTTP/1.1 without Host";
    if (facts->has_coding && facts->length_count > 0)
        return "Content-Length together with Transfer-Encoding";
    if (facts->length_count > 1)
        return "more than one Content-Length";
    if (facts->length_is_bad)
        return "a Content-Length that is not a number";
    if (facts->coding_is_bad)
        return "a transfer coding other than chunked";
    if (facts->has_coding && is_http_1_0)
        return "Transfer-Encoding in HTTP/1.0";
    if (facts->length > REQUEST_BODY_MAX)
        return "a body that is too large";
    return NULL;
}

enum probe_path request_path(const char *path, const char **rest) {
    static const char tenant[] = "/healthz/t/";
    static const char loop[] = "/healthz/loop/";
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (strcmp(path, paths[i].text) == 0)
            return paths[i].path;
    }
    if (text_has_prefix(path, tenant) && path[sizeof tenant - 1] != '\0') {
        *rest = path + sizeof tenant - 1;
        return PROBE_TENANT;
    }
    if (text_has_prefix(path, loop) && path[sizeof loop - 1] != '\0') {
        *rest = path + sizeof loop - 1;
        return PROBE_LOOP;
    }
    return PROBE_OTHER;
}

bool request_forwarded(const char *field, struct addr *hop) {
    const char *comma = strrchr(field, ',');
    const char *from = comma ? comma + 1 : field;
    while (is_blank(*from))
        from++;
    size_t len = strcspn(from, " \t");
    if (from[0] == '[') { /* "[2001:db8::1]" or "[2001:db8::1]:4711" */
        from++;
        len = strcspn(from, "]");
    } else if (strchr(from, ':') == strrchr(from, ':')) {
        size_t colon = strcspn(from, ":"); /* "10.0.0.4:12345" */
        len = colon < len ? colon : len;
    }
    char text[INET6_ADDRSTRLEN];
    if (len >= sizeof text)
        return false;
    memcpy(text, from, len);
    text[len] = '\0';
    if (!addr_parse_ip(text, 0, hop))
        return false;
    addr_unmap(hop);
    return true;
}
