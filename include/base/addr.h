/* Socket addresses and CIDR blocks: IPv4, IPv6, unix. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct err;

enum { ADDR_TEXT_MAX = 120 };

struct addr {
    socklen_t len; /* 0: no address */
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    } u;
};

struct cidr {
    int family; /* AF_INET or AF_INET6 */
    uint8_t bytes[16];
    uint8_t bits;
};

struct cidr_list {
    const struct cidr *items;
    size_t count;
};

/* A numeric address without a port: "10.0.0.1", "fe80::1", "::". */
bool addr_parse_ip(const char *text, uint16_t port, struct addr *addr);

/* Where to listen: "[::]:8080", "0.0.0.0:8080", "127.0.0.1:0", "unix:/run/x.sock",
 * "unix:@abstract". Names are refused. */
bool addr_parse_listen(const char *text, struct addr *addr, struct err *err);

/* From what accept() or recvfrom() filled in; ::ffff:a.b.c.d becomes a.b.c.d. */
void addr_from_sockaddr(struct addr *addr, const struct sockaddr *sa, socklen_t len);

/* "10.0.0.1:80", "[::1]:80", "unix:/run/x.sock"; "-" for no address. Returns out. */
char *addr_format(const struct addr *addr, char out[ADDR_TEXT_MAX]);
/* The same without the port. */
char *addr_format_ip(const struct addr *addr, char out[ADDR_TEXT_MAX]);

uint16_t addr_port(const struct addr *addr); /* 0 for unix */
void addr_set_port(struct addr *addr, uint16_t port);
void addr_unmap(struct addr *addr);
bool addr_equal_ip(const struct addr *a,
                   const struct addr *b); /* mapped forms are equal */
bool addr_is_unix(const struct addr *addr);
bool addr_is_any(const struct addr *addr); /* 0.0.0.0 or :: */
bool addr_is_link_local(
    const struct addr *addr); /* 169.254.0.0/16 (metadata), fe80::/10 */

/* "10.0.0.0/8", "fd00::/8", or a bare address as a whole-length block. Host bits are an
 * error that names the block meant. */
bool cidr_parse(const char *text, struct cidr *cidr, struct err *err);
bool cidr_contains(const struct cidr *cidr, const struct addr *addr);
bool cidr_list_contains(const struct cidr_list *list, const struct addr *addr);

#endif
