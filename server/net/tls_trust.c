/* Trusted certificates from files, and ways up to them. Owns the parsed files; decides
 * nothing about a server. */
#include "tls_internal.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "list.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    STORES_MAX = 16,
    CA_FILE_MAX = 4 * 1024 * 1024,
    WAY_MAX = 8, /* certificates between a server's own and the trusted one */
};

struct store {
    struct list node;
    char *file;
    struct stat info; /* of the file when it was read */
    X509_STORE *x509;
};

struct tls_stores {
    struct list oldest_first; /* by their last use */
    size_t count;
};

/* Where systems keep their bundle: Debian and Ubuntu (and a container image that copies
 * theirs), Alpine, Fedora. */
static const char *const system_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
};

static const char *system_file(void) {
    const char *file = getenv(X509_get_default_cert_file_env());
    struct stat info;
    if (file)
        return file;
    for (size_t i = 0; i < sizeof system_files / sizeof *system_files; i++) {
        if (stat(system_files[i], &info) == 0)
            return system_files[i];
    }
    return system_files[0];
}

static void free_store(struct tls_stores *stores, struct store *store) {
    list_remove(&store->node);
    stores->count--;
    X509_STORE_free(store->x509);
    free(store->file);
    free(store);
}

/* A Kubernetes Secret is replaced by moving a link: then it is another inode. */
static bool is_unchanged(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct store *find_store(struct tls_stores *stores, const char *file) {
    struct list *head = &stores->oldest_first;
    for (struct list *node = head->next; node != head; node = node->next) {
        struct store *store = LIST_ITEM(node, struct store, node);
        if (strcmp(store->file, file) == 0)
            return store;
    }
    return NULL;
}

static X509_STORE *read_store(const char *file, struct err *err) {
    BUF_AUTO struct buf text = {0};
    if (!file_read(file, CA_FILE_MAX, &text, err))
        return NULL;
    X509_STORE *store = X509_STORE_new();
    BIO *bio = BIO_new_mem_buf(text.len > 0 ? text.data : "", (int)text.len);
    size_t count = 0;
    X509 *certificate;
    while (store && bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
        count += X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(bio);
    if (count > 0)
        return store;
    X509_STORE_free(store);
    err_set(err, ERR_INVALID, "%s holds no certificate in PEM form", file);
    return NULL;
}

struct tls_stores *tls_stores_new(void) {
    struct tls_stores *stores = MEM_NEW(struct tls_stores);
    list_init(&stores->oldest_first);
    return stores;
}

void tls_stores_free(struct tls_stores *stores) {
    if (!stores)
        return;
    while (stores->count > 0)
        free_store(stores, LIST_ITEM(stores->oldest_first.next, struct store, node));
    free(stores);
}

X509_STORE *tls_stores_get(struct tls_stores *stores, const char *file, struct err *err) {
    struct list *head = &stores->oldest_first;
    struct stat info;
    if (!file)
        file = system_file();
    if (stat(file, &info) != 0)
        info = (struct stat){.st_size = -1}; /* file_read tells why */
    struct store *store = find_store(stores, file);
    if (store && !is_unchanged(&store->info, &info)) {
        free_store(stores, store);
        store = NULL;
    }
    if (!store) {
        X509_STORE *x509 = read_store(file, err);
        if (!x509)
            return NULL;
        store = MEM_NEW(struct store);
        store->file = mem_copy_text(file);
        store->info = info;
        store->x509 = x509;
        if (stores->count++ == STORES_MAX)
            free_store(stores, LIST_ITEM(head->next, struct store, node));
    }
    list_remove(&store->node);
    list_append(head, &store->node);
    return store->x509;
}

static struct tls_way find_way(X509_STORE *store, STACK_OF(X509) * served,
                               unsigned long flags) {
    struct tls_way way = {.error = X509_V_ERR_OUT_OF_MEM};
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context &&
        X509_STORE_CTX_init(context, store, sk_X509_value(served, 0), served) == 1) {
        /* Dates are facts of their own. */
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME | flags);
        X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
        X509_STORE_CTX_set_depth(context, WAY_MAX);
        X509_verify_cert(context);
        way.error = X509_STORE_CTX_get_error(context);
        way.certificates = X509_STORE_CTX_get1_chain(context);
    }
    X509_STORE_CTX_free(context);
    return way;
}

/* A trusted intermediate is an end as well: so it is for curl and browsers. But OpenSSL
 * stops at it even where the root is known, and a pin is about the root. */
struct tls_way tls_way_find(X509_STORE *store, STACK_OF(X509) * served) {
    struct tls_way way = find_way(store, served, 0);
    if (way.error != X509_V_OK) {
        tls_way_fini(&way);
        way = find_way(store, served, X509_V_FLAG_PARTIAL_CHAIN);
    }
    return way;
}

void tls_way_fini(struct tls_way *way) {
    sk_X509_pop_free(way->certificates, X509_free);
    way->certificates = NULL;
}

static bool is_pinned(X509 *certificate, const char *fingerprint) {
    char hex[MAC_HEX_MAX];
    return certificate && strcasecmp(tls_fingerprint(certificate, hex), fingerprint) == 0;
}

/* Is there a way to this one, if nothing else is trusted? */
static bool leads_to(X509 *root, STACK_OF(X509) * served) {
    X509_STORE *store = X509_STORE_new();
    bool does = false;
    if (store && X509_STORE_add_cert(store, root) == 1) {
        struct tls_way way = tls_way_find(store, served);
        does = way.error == X509_V_OK;
        tls_way_fini(&way);
    }
    X509_STORE_free(store);
    return does;
}

bool tls_way_fits(const struct tls_way *way, X509_STORE *store, STACK_OF(X509) * served,
                  const char *fingerprint) {
    int last = sk_X509_num(way->certificates) - 1;
    if (way->error == X509_V_OK &&
        is_pinned(sk_X509_value(way->certificates, last), fingerprint))
        return true;
    for (int i = 0; i < sk_X509_num(served); i++) {
        if (is_pinned(sk_X509_value(served, i), fingerprint))
            return leads_to(sk_X509_value(served, i), served);
    }
    STACK_OF(X509_OBJECT) *trusted = store ? X509_STORE_get0_objects(store) : NULL;
    for (int i = 0; i < sk_X509_OBJECT_num(trusted); i++) {
        X509 *root = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));
        if (is_pinned(root, fingerprint))
            return leads_to(root, served);
    }
    return false;
}
