/* Certificates made at run time: a CA, and TLS servers with certificates of it. */
#ifndef TESTS_UNIT_CHECK_CERTS_H
#define TESTS_UNIT_CHECK_CERTS_H

#include <openssl/ssl.h>

struct certs;

/* A new CA; its certificate lies in a file until certs_free. */
struct certs *certs_new(void);
void certs_free(struct certs *certs);
const char *certs_ca_file(const struct certs *certs);

/* A server whose certificate is for `san` ("DNS:a.example") and valid from and until so
 * many seconds from now. Free with SSL_CTX_free. */
SSL_CTX *certs_server(const struct certs *certs, const char *san, long from_s,
                      long until_s);

#endif
