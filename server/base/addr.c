/* Socket addresses and CIDR blocks. Numeric only: names are never resolved here. IPv4
 * addresses inside IPv6 (::ffff:a.b.c.d) count as the IPv4 address in every comparison.
 */
#include "base/addr.h"

#include "base/err.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const size_t path_offset = offsetof(struct sockaddr_un, sun_path);

static int family_of(const struct addr *addr) {
    return addr->len > 0 ? addr->u.sa.sa_family : AF_UNSPEC;
}

static struct addr unmapped(const struct addr *addr) {
    struct addr copy = *addr;
    addr_unmap(&copy);
    return copy;
}

/* The address bytes in network order; NULL where there is no IP address. */
static const uint8_t *ip_bytes(const struct addr *addr, size_t *len) {
    if (family_of(addr) == AF_INET) {
        *len = 4;
        return (const uint8_t *)&addr->u.in.sin_addr;
    }
    if (family_of(addr) == AF_INET6) {
        *len = 16;
        return (const uint8_t *)&addr->u.in6.sin6_addr;
    }
    return NULL;
}

static bool parse_unix(const char *name, struct addr *addr, struct err *err) {
    struct addr result = {0};
    size_t len = strlen(name);
    bool abstract = name[0] == '@';
    if (len == (abstract ? 1 : 0))
        return err_set(err, ERR_INVALID, "expected a path behind \"unix:\"");
    if (len > sizeof result.u.un.sun_path - 1)
        return err_set(err, ERR_LIMIT, "a socket path has at most %zu bytes, got %zu",
                       sizeof result.u.un.sun_path - 1, len);
    result.u.un.sun_family = AF_UNIX;
    memcpy(result.u.un.sun_path, name, len);
    if (abstract)
        result.u.un.sun_path[0] = '\0';
    /* An abstract name ends with its length, a path with a NUL. */
    result.len = (socklen_t)(path_offset + len + (abstract ? 0 : 1));
    *addr = result;
    return true;
}

static char *format_unix(const struct addr *addr, char out[ADDR_TEXT_MAX]) {
    char name[sizeof addr->u.un.sun_path];
    size_t len = addr->len > path_offset ? addr->len - path_offset : 0;
    memcpy(name, addr->u.un.sun_path, len);
    if (len > 0 && name[0] == '\0')
        name[0] = '@';
    else
        len = strnlen(name, len);
    char shown[sizeof name + 1];
    snprintf(out, ADDR_TEXT_MAX, "unix:%s", text_clean(shown, sizeof shown, name, len));
    return out;
}

/* Clear every bit behind the prefix. False if one of them was set. */
static bool clear_host_bits(struct cidr *cidr) {
    bool clean = true;
    size_t len = cidr->family == AF_INET ? 4 : 16;
    for (size_t i = 0; i < len; i++) {
        int kept = (int)cidr->bits - (int)(8 * i);
        kept = kept < 0 ? 0 : kept > 8 ? 8 : kept;
        uint8_t masked = cidr->bytes[i] & (uint8_t)(0xff00 >> kept);
        clean = clean && masked == cidr->bytes[i];
        cidr->bytes[i] = masked;
    }
    return clean;
}

bool addr_parse_ip(const char *text, uint16_t port, struct addr *addr) {
    struct addr result = {0};
    if (inet_pton(AF_INET, text, &result.u.in.sin_addr) == 1) {
        result.len = sizeof result.u.in;
        result.u.in.sin_family = AF_INET;
    } else if (inet_pton(AF_INET6, text, &result.u.in6.sin6_addr) == 1) {
        result.len = sizeof result.u.in6;
        result.u.in6.sin6_family = AF_INET6;
    } else {
        return false;
    }
    addr_set_port(&result, port);
    *addr = result;
    return true;
}

bool addr_parse_listen(const char *text, struct addr *addr, struct err *err) {
    if (text_has_prefix(text, "unix:"))
        return parse_unix(text + 5, addr, err);

    char host[INET6_ADDRSTRLEN + 2];
    const char *colon = strrchr(text, ':');
    int64_t port;
    if (!colon || !text_parse_int(colon + 1, 0, UINT16_MAX, &port))
        return err_set(err, ERR_INVALID,
                       "expected an address with a port such as \"[::]:8080\", or "
                       "\"unix:/path\", got \"%s\"",
                       text);
    size_t len = (size_t)(colon - text);
    bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (brackets) {
        text++;
        len -= 2;
    }
    if (len == 0)
        return err_set(err, ERR_INVALID,
                       "the address is missing, expected \"[::]:%" PRId64
                       "\" for every address",
                       port);
    struct addr result;
    bool numeric = len < sizeof host;
    if (numeric) {
        memcpy(host, text, len);
        host[len] = '\0';
        numeric = addr_parse_ip(host, (uint16_t)port, &result);
    }
    if (!numeric)
        return err_set(err, ERR_INVALID,
                       "expected a numeric address, got \"%.*s\": names are not resolved",
                       (int)len, text);
    if (brackets != (family_of(&result) == AF_INET6))
        return err_set(err, ERR_INVALID, "expected \"%s%s%s:%" PRId64 "\"",
                       brackets ? "" : "[", host, brackets ? "" : "]", port);
    *addr = result;
    return true;
}

void addr_from_sockaddr(struct addr *addr, const struct sockaddr *sa, socklen_t len) {
    struct addr result = {0};
    /* For a unix socket the kernel may count a NUL behind a full sun_path; that is the
     * largest member, and the union is padded behind it. */
    size_t size = len < sizeof result.u.un ? len : sizeof result.u.un;
    if (sa && size >= sizeof sa->sa_family)
        memcpy(&result.u, sa, size);
    if (result.u.sa.sa_family == AF_INET && size >= sizeof result.u.in)
        result.len = sizeof result.u.in;
    else if (result.u.sa.sa_family == AF_INET6 && size >= sizeof result.u.in6)
        result.len = sizeof result.u.in6;
    else if (result.u.sa.sa_family == AF_UNIX)
        result.len = (socklen_t)size;
    *addr = result;
    addr_unmap(addr);
}

char *addr_format(const struct addr *addr, char out[ADDR_TEXT_MAX]) {
    char ip[ADDR_TEXT_MAX];
    addr_format_ip(addr, ip);
    if (family_of(addr) == AF_INET)
        snprintf(out, ADDR_TEXT_MAX, "%.*s:%d", INET6_ADDRSTRLEN, ip, addr_port(addr));
    else if (family_of(addr) == AF_INET6)
        snprintf(out, ADDR_TEXT_MAX, "[%.*s]:%d", INET6_ADDRSTRLEN, ip, addr_port(addr));
    else
        memcpy(out, ip, sizeof ip);
    return out;
}

char *addr_format_ip(const struct addr *addr, char out[ADDR_TEXT_MAX]) {
    size_t len;
    const uint8_t *bytes = ip_bytes(addr, &len);
    if (addr_is_unix(addr))
        return format_unix(addr, out);
    if (!bytes || !inet_ntop(family_of(addr), bytes, out, ADDR_TEXT_MAX))
        memcpy(out, "-", 2);
    return out;
}

uint16_t addr_port(const struct addr *addr) {
    if (family_of(addr) == AF_INET)
        return ntohs(addr->u.in.sin_port);
    return family_of(addr) == AF_INET6 ? ntohs(addr->u.in6.sin6_port) : 0;
}

void addr_set_port(struct addr *addr, uint16_t port) {
    if (family_of(addr) == AF_INET)
        addr->u.in.sin_port = htons(port);
    else if (family_of(addr) == AF_INET6)
        addr->u.in6.sin6_port = htons(port);
}

void addr_unmap(struct addr *addr) {
    if (family_of(addr) != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&addr->u.in6.sin6_addr))
        return;
    struct addr result = {.len = sizeof result.u.in};
    result.u.in.sin_family = AF_INET;
    result.u.in.sin_port = addr->u.in6.sin6_port;
    memcpy(&result.u.in.sin_addr, addr->u.in6.sin6_addr.s6_addr + 12, 4);
    *addr = result;
}

bool addr_equal_ip(const struct addr *a, const struct addr *b) {
    struct addr left = unmapped(a);
    struct addr right = unmapped(b);
    size_t left_len;
    size_t right_len;
    const uint8_t *left_bytes = ip_bytes(&left, &left_len);
    const uint8_t *right_bytes = ip_bytes(&right, &right_len);
    return left_bytes && right_bytes && left_len == right_len &&
           memcmp(left_bytes, right_bytes, left_len) == 0;
}

bool addr_is_unix(const struct addr *addr) {
    return family_of(addr) == AF_UNIX;
}

bool addr_is_any(const struct addr *addr) {
    static const uint8_t zeros[16];
    struct addr plain = unmapped(addr);
    size_t len;
    const uint8_t *bytes = ip_bytes(&plain, &len);
    return bytes && memcmp(bytes, zeros, len) == 0;
}

bool addr_is_link_local(const struct addr *addr) {
    static const struct cidr blocks[] = {
        {.family = AF_INET, .bytes = {169, 254}, .bits = 16},
        {.family = AF_INET6, .bytes = {0xfe, 0x80}, .bits = 10},
    };
    return cidr_contains(&blocks[0], addr) || cidr_contains(&blocks[1], addr);
}

bool cidr_parse(const char *text, struct cidr *cidr, struct err *err) {
    char host[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t host_len = slash ? (size_t)(slash - text) : strlen(text);
    struct addr addr = {0};
    size_t len = 0;
    const uint8_t *bytes = NULL;
    if (host_len < sizeof host) {
        memcpy(host, text, host_len);
        host[host_len] = '\0';
        if (addr_parse_ip(host, 0, &addr))
            bytes = ip_bytes(&addr, &len);
    }
    int64_t bits = (int64_t)len * 8;
    if (!bytes || (slash && !text_parse_int(slash + 1, 0, bits, &bits)) ||
        (slash && slash[1] == '-'))
        return err_set(
            err, ERR_INVALID,
            "expected a block such as \"10.0.0.0/8\" or \"fd00::/8\", got \"%s\"", text);

    struct cidr result = {.family = family_of(&addr), .bits = (uint8_t)bits};
    /* Addresses are compared unmapped, so a block of mapped ones must be as well. */
    if (bits >= 96 && len == 16 && IN6_IS_ADDR_V4MAPPED(&addr.u.in6.sin6_addr)) {
        result.family = AF_INET;
        result.bits = (uint8_t)(bits - 96);
        bytes += 12;
        len = 4;
    }
    memcpy(result.bytes, bytes, len);
    if (!clear_host_bits(&result)) {
        inet_ntop(result.family, result.bytes, host, sizeof host);
        return err_set(err, ERR_INVALID,
                       "%s has bits set behind its prefix, expected %s/%d", text, host,
                       result.bits);
    }
    *cidr = result;
    return true;
}

bool cidr_contains(const struct cidr *cidr, const struct addr *addr) {
    struct addr plain = unmapped(addr);
    size_t len;
    const uint8_t *bytes = ip_bytes(&plain, &len);
    if (!bytes || family_of(&plain) != cidr->family)
        return false;
    struct cidr block = {.family = cidr->family, .bits = cidr->bits};
    memcpy(block.bytes, bytes, len);
    clear_host_bits(&block);
    return memcmp(block.bytes, cidr->bytes, len) == 0;
}

bool cidr_list_contains(const struct cidr_list *list, const struct addr *addr) {
    for (size_t i = 0; i < list->count; i++) {
        if (cidr_contains(&list->items[i], addr))
            return true;
    }
    return false;
}
