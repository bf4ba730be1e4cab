/* The bytes of a request: its line, and its header fields with the defaults of ours. */
#include "http_internal.h"

#include "base/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The first one of that name, or NULL. */
static const struct http_header *find_header(const struct http_request *request,
                                             const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0)
            return &request->headers[i];
    }
    return NULL;
}

static bool is_header(const struct http_header *header) {
    return header->name[0] && !strpbrk(header->name, "\r\n:; ") &&
           !(header->value && strpbrk(header->value, "\r\n"));
}

static bool are_headers(struct http_transfer *transfer,
                        const struct http_request *request) {
    for (size_t i = 0; i < request->header_count; i++) {
        char text[HTTP_ERROR_MAX];
        if (is_header(&request->headers[i]))
            continue;
        snprintf(text, sizeof text, "not a header: %.100s", request->headers[i].name);
        http_client_end(transfer, HTTP_LOCAL_CONFIG, text);
        return false;
    }
    return true;
}

static void add_default(struct buf *text, const struct http_request *request,
                        const char *name, const char *value) {
    if (!find_header(request, name))
        buf_printf(text, "%s: %s\r\n", name, value);
}

bool http_request_write(struct http_transfer *transfer,
                        const struct http_request *request, const struct url *url) {
    static const char agent[] = "health-responder/" HR_VERSION;
    struct buf *text = &transfer->request;
    char host[URL_HOST_MAX + 16];
    if (!are_headers(transfer, request))
        return false;
    buf_puts(text, request->method);
    buf_putc(text, ' ');
    buf_puts(text, url->target);
    buf_puts(text, " HTTP/1.1\r\n");
    /* Host goes first, also where it is the caller's (RFC 9110, 7.2). */
    const struct http_header *own_host = find_header(request, "Host");
    if (own_host && own_host->value)
        buf_printf(text, "Host: %s\r\n", own_host->value);
    add_default(text, request, "Host", url_authority(url, host));
    add_default(text, request, "User-Agent", agent);
    add_default(text, request, "Accept", "*/*");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (header->value && header != own_host)
            buf_printf(text, *header->value ? "%s: %s\r\n" : "%s:%s\r\n", header->name,
                       header->value);
    }
    buf_puts(text, "\r\n");
    return true;
}
