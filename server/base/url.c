/* URLs of health checks. Stricter than RFC 3986 where a lenient reading would make two
 * programs disagree about the host: no "127.1", no non-ASCII bytes, no empty port. Never
 * decodes or normalises: percent signs and dots in a path are sent as they were written.
 */
#include "base/url.h"

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63, PORT_MAX_DIGITS = 5 };

static uint16_t scheme_port(const struct url *url) {
    return url->tls ? 443 : 80;
}

/* The host's bytes without the dot that only stops DNS search lists. */
static int host_len(const struct url *url) {
    size_t len = strlen(url->host);
    return (int)(len > 0 && url->host[len - 1] == '.' ? len - 1 : len);
}

static bool is_ipv6(const struct url *url) {
    return strchr(url->host, ':') != NULL;
}

static bool check_bytes(const char *text, struct err *err) {
    if (strlen(text) > URL_MAX)
        return err_set(err, ERR_LIMIT, "a URL has at most %d bytes", URL_MAX);
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= 0x20 || c >= 0x7f)
            return err_set(err, ERR_INVALID, "byte %zu must be written as %%%02X",
                           (size_t)(p - text) + 1, c);
        if (c == '#')
            return err_set(err, ERR_INVALID, "a fragment (\"%s\") is never sent", p);
    }
    return true;
}

/* "7" and "0x7f" are addresses to some programs, so no name ends with such a label. */
static bool is_number(const char *label, size_t len) {
    bool hex = len >= 2 && label[0] == '0' && (label[1] | 0x20) == 'x';
    size_t skipped = hex ? 2 : 0;
    const char *digits = hex ? "0123456789abcdefABCDEF" : "0123456789";
    return strspn(label + skipped, digits) >= len - skipped;
}

/* A name that DNS can hold: labels of 1 to 63 letters, digits, '-' and '_'. */
static bool is_name(const char *host) {
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t left = strlen(host);
    if (left > 0 && host[left - 1] == '.')
        left--;
    if (left > NAME_MAX_BYTES)
        return false;
    for (;;) {
        size_t label = strspn(host, allowed);
        if (label == 0 || label > LABEL_MAX_BYTES)
            return false;
        if (label == left)
            return !is_number(host, label);
        if (host[label] != '.')
            return false;
        host += label + 1;
        left -= label + 1;
    }
}

static bool parse_port(const char *text, size_t len, struct url *url, struct err *err) {
    char digits[PORT_MAX_DIGITS + 1];
    int64_t port = 0;
    if (len <= PORT_MAX_DIGITS) {
        memcpy(digits, text, len);
        digits[len] = '\0';
    }
    if (len > PORT_MAX_DIGITS || !text_parse_int(digits, 1, UINT16_MAX, &port))
        return err_set(err, ERR_INVALID, "expected a port from 1 to 65535, got \"%.*s\"",
                       (int)len, text);
    url->has_port = true;
    url->port = (uint16_t)port;
    return true;
}

static bool set_host(struct url *url, const char *host, size_t len, struct err *err) {
    if (len == 0)
        return err_set(err, ERR_INVALID, "the host is missing");
    if (len >= sizeof url->host)
        return err_set(err, ERR_LIMIT, "a host has at most %zu bytes",
                       sizeof url->host - 1);
    memcpy(url->host, host, len);
    url->host[len] = '\0';
    struct addr addr;
    url->is_literal = addr_parse_ip(url->host, 0, &addr);
    return true;
}

/* "[IPv6]"; *rest is what follows. */
static bool parse_bracketed(const char *text, const char *end, struct url *url,
                            const char **rest, struct err *err) {
    const char *close = memchr(text, ']', (size_t)(end - text));
    if (!close || (close + 1 < end && close[1] != ':'))
        return err_set(err, ERR_INVALID, "expected \"[IPv6]\" or \"[IPv6]:port\"");
    if (!set_host(url, text + 1, (size_t)(close - text) - 1, err))
        return false;
    if (!url->is_literal || !is_ipv6(url))
        return err_set(err, ERR_INVALID, "\"%s\" is not an IPv6 address", url->host);
    *rest = close + 1;
    return true;
}

/* A name or an IPv4 address. */
static bool parse_plain(const char *text, const char *end, struct url *url,
                        const char **rest, struct err *err) {
    const char *colon = memchr(text, ':', (size_t)(end - text));
    if (colon && memchr(colon + 1, ':', (size_t)(end - colon) - 1))
        return err_set(err, ERR_INVALID, "an IPv6 address needs brackets: \"[%.*s]\"",
                       (int)(end - text), text);
    *rest = colon ? colon : end;
    if (!set_host(url, text, (size_t)(*rest - text), err))
        return false;
    if (!url->is_literal && !is_name(url->host))
        return err_set(err, ERR_INVALID,
                       "\"%s\" is neither a host name nor a numeric address", url->host);
    return true;
}

/* host [":" port] */
static bool parse_authority(const char *text, const char *end, struct url *url,
                            struct err *err) {
    if (memchr(text, '@', (size_t)(end - text)))
        return err_set(err, ERR_INVALID, "user information is not allowed in a URL");
    const char *rest = end;
    bool parsed = *text == '[' ? parse_bracketed(text, end, url, &rest, err)
                               : parse_plain(text, end, url, &rest, err);
    if (!parsed)
        return false;
    return rest == end || parse_port(rest + 1, (size_t)(end - rest) - 1, url, err);
}

bool url_parse(const char *text, struct url *url, struct err *err) {
    struct url result = {0};
    if (!check_bytes(text, err))
        return false;
    const char *rest;
    if (strncasecmp(text, "http://", 7) == 0) {
        rest = text + 7;
    } else if (strncasecmp(text, "https://", 8) == 0) {
        rest = text + 8;
        result.tls = true;
    } else {
        return err_set(err, ERR_INVALID, "expected http:// or https://, got \"%s\"",
                       text);
    }
    result.port = scheme_port(&result);
    const char *end = rest + strcspn(rest, "/?");
    if (!parse_authority(rest, end, &result, err))
        return false;
    if (*end == '?')
        return err_set(err, ERR_INVALID, "a query needs a path, expected \"/%s\"", end);
    result.target = *end == '/' ? end : "/";
    *url = result;
    return true;
}

char *url_authority(const struct url *url, char out[URL_HOST_MAX + 16]) {
    const char *open = is_ipv6(url) ? "[" : "";
    const char *close = is_ipv6(url) ? "]" : "";
    char port[16] = "";
    if (url->port != scheme_port(url))
        snprintf(port, sizeof port, ":%d", url->port);
    snprintf(out, URL_HOST_MAX + 16, "%s%.*s%s%s", open, host_len(url), url->host, close,
             port);
    return out;
}

char *url_request_text(const struct url *url) {
    char authority[URL_HOST_MAX + 16];
    struct buf text = {0};
    buf_printf(&text, "%s://%s%s", url->tls ? "https" : "http",
               url_authority(url, authority), url->target);
    return buf_take(&text);
}
