/* The easy handle of a transfer: options that never change, options of one request, and
 * the callbacks that take in head and body.
 *
 * A name is never looked up here: CURLOPT_CONNECT_TO holds a number, so libcurl's
 * resolver thread, which would block the loop when the transfer ends early, never starts.
 */
#include "http_internal.h"

#include "base/err.h"
#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
    SMALL_BUFFER =
        4 * 1024, /* libcurl's read buffer; it is allocated for every transfer */
    LARGE_BUFFER = 64 * 1024,
    KEPT_BUFFER_MAX = 8 * 1024, /* a transfer not in use keeps no more than this */
    CA_CACHE_S = 60,            /* a CA file that changes is read again after so long */
};

static bool is_blank(const char *line, size_t len) {
    return len <= 2 && line[len - 1] == '\n' && (len == 1 || line[0] == '\r');
}

/* Lines are kept without their CR LF, each with a NUL behind it. */
static void keep_line(struct buf *head, const char *line, size_t len) {
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    buf_append(head, line, len);
    buf_putc(head, '\0');
}

/* One whole line: of an interim answer, of the final one, or a trailer. */
static size_t on_header(char *line, size_t size, size_t count, void *user) {
    struct http_transfer *transfer = user;
    size_t len = size * count;
    transfer->got_answer = true;
    transfer->head_bytes += len;
    if (transfer->head_bytes > HTTP_HEAD_MAX) {
        transfer->stop = HTTP_STOP_HEAD;
        return 0;
    }
    if (transfer->head_done || len == 0)
        return len;
    if (!is_blank(line, len)) {
        keep_line(&transfer->head, line, len);
        return len;
    }
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->head_done = status >= 200 || status == 101;
    if (!transfer->head_done)
        buf_clear(&transfer->head);
    return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    struct http_transfer *transfer = user;
    size_t len = size * count;
    size_t room = transfer->max_body - transfer->body.len;
    buf_append(&transfer->body, bytes, len < room ? len : room);
    if (len <= room)
        return len;
    transfer->stop = HTTP_STOP_BODY;
    return 0;
}

/* libcurl does not tell why socket() failed. */
static curl_socket_t on_open_socket(void *user, curlsocktype purpose,
                                    struct curl_sockaddr *address) {
    (void)purpose;
    struct http_transfer *transfer = user;
    int fd = socket(address->family, address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->protocol);
    transfer->socket_errno = fd < 0 ? errno : 0;
    return fd;
}

#define TRY(call)                                                                        \
    do {                                                                                 \
        CURLcode try_code = (call);                                                      \
        if (try_code != CURLE_OK)                                                        \
            return try_code;                                                             \
    } while (0)

static CURLcode set_constants(struct http_transfer *transfer) {
    CURL *easy = transfer->easy;
    TRY(curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer));
    TRY(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error));
    TRY(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_PROXY, "")); /* not the environment's either */
    TRY(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
    TRY(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    TRY(curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    TRY(curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L));
    TRY(curl_easy_setopt(easy, CURLOPT_USERAGENT, "health-responder/" HR_VERSION));
    /* Numbers need no cache, and libcurl walks through it after every transfer. */
    TRY(curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L));
    /* A resumed session shows no certificate: an expired one would pass. */
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L));
    TRY(curl_easy_setopt(easy, CURLOPT_CAPATH, NULL)); /* with it no CA file is kept */
    TRY(curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, (long)CA_CACHE_S));
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, http_tls_watch));
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer));
    TRY(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket));
    TRY(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer));
    TRY(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header));
    TRY(curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer));
    TRY(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body));
    TRY(curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer));
    return CURLE_OK;
}

CURLcode http_transfer_judge_header(struct http_transfer *transfer,
                                    const struct http_header *header) {
    if (!header->name[0] || strpbrk(header->name, "\r\n:; ") ||
        (header->value && strpbrk(header->value, "\r\n"))) {
        snprintf(transfer->error, sizeof transfer->error, "not a header: %.100s",
                 header->name);
        return CURLE_BAD_FUNCTION_ARGUMENT;
    }
    return CURLE_OK;
}

/* "Name: value"; "Name:" takes away libcurl's own; "Name;" is one with an empty value. */
static CURLcode add_header(struct http_transfer *transfer,
                           const struct http_header *header) {
    TRY(http_transfer_judge_header(transfer, header));
    BUF_AUTO struct buf line = {0};
    if (!header->value)
        buf_printf(&line, "%s:", header->name);
    else if (!*header->value)
        buf_printf(&line, "%s;", header->name);
    else
        buf_printf(&line, "%s: %s", header->name, header->value);
    struct curl_slist *longer = curl_slist_append(transfer->headers, line.data);
    if (!longer)
        return CURLE_OUT_OF_MEMORY;
    transfer->headers = longer;
    return CURLE_OK;
}

static CURLcode set_headers(struct http_transfer *transfer,
                            const struct http_request *request) {
    for (size_t i = 0; i < request->header_count; i++)
        TRY(add_header(transfer, &request->headers[i]));
    return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static CURLcode set_unix_address(struct http_transfer *transfer) {
    const struct addr *addr = &transfer->connect;
    char path[sizeof addr->u.un.sun_path + 1] = "";
    size_t used = addr->len - offsetof(struct sockaddr_un, sun_path);
    memcpy(path, addr->u.un.sun_path, used);
    TRY(curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, NULL));
    return path[0]
               ? curl_easy_setopt(transfer->easy, CURLOPT_UNIX_SOCKET_PATH, path)
               : curl_easy_setopt(transfer->easy, CURLOPT_ABSTRACT_UNIX_SOCKET, path + 1);
}

static CURLcode set_address(struct http_transfer *transfer) {
    if (addr_is_unix(&transfer->connect))
        return set_unix_address(transfer);
    char address[ADDR_TEXT_MAX];
    snprintf(transfer->connect_text, sizeof transfer->connect_text, "::%s",
             addr_format(&transfer->connect, address));
    TRY(curl_easy_setopt(transfer->easy, CURLOPT_UNIX_SOCKET_PATH, NULL));
    return curl_easy_setopt(transfer->easy, CURLOPT_CONNECT_TO, &transfer->connect_to);
}

static const char *system_ca_file(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    return info->cainfo;
}

struct http_transfer *http_transfer_new(struct http_client *client, struct err *err) {
    struct http_transfer *transfer = MEM_NEW(struct http_transfer);
    transfer->client = client;
    transfer->connect_to.data = transfer->connect_text;
    transfer->easy = curl_easy_init();
    CURLcode code = transfer->easy ? set_constants(transfer) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        return transfer;
    err_set(err, ERR_UNAVAILABLE, "cannot use libcurl: %s", curl_easy_strerror(code));
    curl_easy_cleanup(transfer->easy);
    free(transfer);
    return NULL;
}

CURLcode http_transfer_prepare(struct http_transfer *transfer,
                               const struct http_request *request) {
    CURL *easy = transfer->easy;
    bool is_head = strcmp(request->method, "HEAD") == 0;
    transfer->connect = *request->connect;
    transfer->max_body = request->max_body;
    transfer->is_tls = strncasecmp(request->url, "https:", 6) == 0;
    TRY(curl_easy_setopt(easy, CURLOPT_URL, request->url));
    TRY(set_address(transfer));
    TRY(set_headers(transfer, request));
    TRY(curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L));
    if (!is_head)
        TRY(curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_CAINFO,
                         request->ca_file ? request->ca_file : system_ca_file()));
    transfer->takes_any = request->take_any_certificate;
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, transfer->takes_any ? 0L : 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, transfer->takes_any ? 0L : 2L));
    TRY(curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->reuse ? 0L : 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, request->reuse ? 0L : 1L));
    /* Refused where a transfer ended so early that its buffer is still there: then that.
     */
    curl_easy_setopt(
        easy, CURLOPT_BUFFERSIZE,
        (long)(request->max_body > SMALL_BUFFER ? LARGE_BUFFER : SMALL_BUFFER));
    return CURLE_OK;
}

void http_transfer_reset(struct http_transfer *transfer) {
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    http_tls_unref(transfer->facts);
    arena_free(transfer->arena);
    transfer->arena = NULL;
    transfer->facts = NULL;
    buf_clear(&transfer->head);
    if (transfer->body.cap > KEPT_BUFFER_MAX)
        buf_fini(&transfer->body);
    buf_clear(&transfer->body);
    transfer->got_answer = false;
    transfer->head_done = false;
    transfer->head_bytes = 0;
    transfer->socket_errno = 0;
    transfer->status = 0;
    transfer->is_tls = false;
    transfer->is_kept = false;
    transfer->stop = HTTP_STOP_NONE;
    transfer->code = CURLE_OK;
    transfer->error[0] = '\0';
}

void http_transfer_free(struct http_transfer *transfer) {
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    http_tls_unref(transfer->facts);
    arena_free(transfer->arena);
    if (transfer->deadline.timer)
        deadline_fini(&transfer->deadline);
    buf_fini(&transfer->head);
    buf_fini(&transfer->body);
    free(transfer);
}
