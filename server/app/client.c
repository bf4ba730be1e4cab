/* A blocking GET by libcurl for command-line use; the server itself never comes here. */
#include "app/client.h"

#include "base/err.h"

#include <curl/curl.h>
#include <stdio.h>

static size_t on_body(char *data, size_t size, size_t count, void *user) {
    buf_append(user, data, size * count);
    return size * count;
}

static struct curl_slist *authorization(const char *token) {
    BUF_AUTO struct buf line = {0};
    buf_printf(&line, "Authorization: Bearer %s", token);
    return curl_slist_append(NULL, line.data);
}

bool client_get(const struct client_request *request, int *status, struct buf *body,
                struct err *err) {
    CURL *curl = curl_easy_init();
    if (!curl)
        return err_set(err, ERR_UNAVAILABLE, "libcurl does not start");
    BUF_AUTO struct buf url = {0};
    size_t len = 0;
    while (request->base[len])
        len++;
    while (len > 0 && request->base[len - 1] == '/')
        len--;
    buf_append(&url, request->base, len);
    buf_puts(&url, request->path);
    struct curl_slist *headers = request->token ? authorization(request->token) : NULL;
    curl_easy_setopt(curl, CURLOPT_URL, url.data);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    CURLcode code = curl_easy_perform(curl);
    long answered = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answered);
    *status = (int)answered;
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) {
        return err_set(
            err, ERR_UNAVAILABLE,
            "no answer from %s: %s; is the server running, and is --url right?", url.data,
            curl_easy_strerror(code));
    }
    return true;
}
