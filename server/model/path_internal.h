/* What the parts of path diagnosis share: what one check says, the facts of one case, and
 * the shape of a rule. */
#ifndef SERVER_MODEL_PATH_INTERNAL_H
#define SERVER_MODEL_PATH_INTERNAL_H

#include "model/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of what a check says; bits, so that a rule can name several. */
enum sight_kind {
    SIGHT_NONE = 0, /* nothing: no such check, no outcome yet, not available */
    SIGHT_PASS = 1,
    SIGHT_WARN = 2,
    SIGHT_FAIL = 4,
    SIGHT_OURS = 8, /* our own fault: says nothing about its target */
};

struct sight {
    enum sight_kind kind;
    enum reason reason; /* of a warning or failure, or of our own fault */
    enum hop hop;       /* where it is seen, unless other evidence says better */
    uint32_t check;     /* UINT32_MAX: no such check */
    const struct check_record *record;
    const struct outcome *outcome; /* the one that explains */
};

/* Whom a rule asks, in the order in which their words are taken for a hop. */
enum source {
    FROM_STATUS,
    FROM_STATS, /* statistics or admin port, whichever is worse */
    FROM_TLS,
    FROM_LOOPBACK,
    FROM_ROUTED,
    FROM_DIRECT,
    FROM_TENANT_CHECK, /* the operator's own, of this tenant */
    FROM_SELF_CHECK,   /* of scope self */
    FROM_SHARED_CHECK, /* the operator's own, shared */
    FROM_BLOCKER,      /* what a blocked check of this tenant waits for */
    SOURCE_COUNT,
    FROM_DECIDER = SOURCE_COUNT, /* routed; direct where there is no gateway */
    FROM_OURS,                   /* any of the above that is our own fault */
    FROM_NOBODY,                 /* facts alone */
};

/* Facts that tell rules apart. */
enum fact {
    USERS_FINE = 1 << 0, /* the deciding check passes, and nothing critical fails */
    DECIDER_PASSES = 1 << 1,
    DECIDER_BLOCKED = 1 << 2,
    DIRECT_DECIDES = 1 << 3, /* there is no routed check */
    DIRECT_PASSES = 1 << 4,  /* and did when the routed check failed */
    DIRECT_FAILS = 1 << 5,   /* in a way that explains what the routed check says */
    DIRECT_NO_NAME = 1 << 6,
    APP_ANSWERS = 1 << 7, /* the routed check fails at what the application said */
    STATUS_PASSES = 1 << 8,
    STATUS_PARTIAL = 1 << 9,  /* some pods fail, some do not */
    STATUS_NO_PODS = 1 << 10, /* the pods' name has no address */
    DATA_ANSWERS = 1 << 11,   /* the data port did since the routed check fails */
    HAS_TLS = 1 << 12,
    LOOP_PASSES = 1 << 13,
    LOOP_NO_ROUTE = 1 << 14,
    ALL_NO_ROUTE = 1 << 15, /* every tenant's routed check says so */
    MANY_TENANTS = 1 << 16,
    ALL_REDIRECT = 1 << 17, /* several tenants, or one and the loopback; these two too */
    ALL_UPSTREAM = 1 << 18,
    ALL_HANG = 1 << 19,
    ALL_DIRECT_BLOCKED = 1 << 20,
    ALL_DIRECT_NO_NAME = 1 << 21,
    NO_NAMES = 1 << 22, /* not one name can be resolved */
    NOTHING_ANSWERS = 1 << 23,
    OLD_CONFIG_EXPLAINS = 1 << 24, /* what routed says comes from old configuration too */
    APPGW_PASSES = 1 << 25, /* its probe came through while the routed check failed */
    APPGW_SILENT = 1 << 26,
    APPGW_AS_NODE = 1 << 27,
    APPGW_RETRIED = 1 << 28,
    IS_STUCK = 1 << 29,
    IS_STARVED = 1 << 30,
};

/* Everything that rules look at, for one tenant. */
struct path_case {
    const struct path_survey *survey;
    uint32_t tenant; /* whose names go into the texts; may be CONFIG_NO_TENANT */
    bool is_shared;  /* the report is about what all tenants share */
    uint32_t facts;
    enum source decider;
    struct sight sights[SOURCE_COUNT];
};

/* HOP_COUNT in a rule: where the source's sight is. */
enum { HOP_OF_SIGHT = HOP_COUNT };

enum blame {
    BLAME_US,
    BLAME_PLATFORM,
    BLAME_GATEWAY,
    BLAME_TENANT,
    BLAME_CHECK, /* whoever the source's check belongs to */
};

enum weight {
    WEIGHT_USERS,    /* fails, unless users are fine or the source only warns */
    WEIGHT_WARN,     /* only ever a warning */
    WEIGHT_SEVERITY, /* fails if the source's check is critical */
};

struct path_rule {
    const char *id;
    enum source source;
    unsigned kinds;      /* sight kinds of the source; 0: SIGHT_FAIL */
    uint64_t reasons;    /* bits by enum reason; 0: any */
    unsigned at;         /* bits by enum hop, of the source's sight; 0: any */
    unsigned severities; /* bits by enum severity, of the source's check; 0: any */
    uint32_t with;       /* facts that must hold */
    uint32_t without;    /* facts that must not */
    int hop;             /* enum hop, or HOP_OF_SIGHT */
    enum blame blame;
    enum weight weight;
    enum reason reason; /* instead of the source's; REASON_NONE: the source's */
    const char *summary;
    const char *next;
};

/* The table, first match wins. A rule that blames a tenant says nothing about what all
 * tenants share. Ends with a row whose id is NULL. */
extern const struct path_rule path_rules[];

/* What the check says; UINT32_MAX gives an empty sight. */
struct sight path_see(const struct snapshot *snapshot, uint32_t check);
/* How bad what the check says is; 0: nothing is wrong or known. A failure before our own
 * fault before a warning; of equals the critical check. */
int path_badness(const struct snapshot *snapshot, uint32_t check);
/* Does `check` say something worse than `than` (UINT32_MAX: nothing)? Informational and
 * blocked checks never do. */
bool path_is_worse(const struct snapshot *snapshot, uint32_t check, uint32_t than);
/* The newest outcome that says something about the target, counted or not; NULL: none. A
 * failing check whose newest run passed still fails. */
const struct outcome *path_newest(const struct check_record *record);
/* The target was silent: no connection, or a connection without one byte. */
bool path_is_silent(const struct outcome *outcome);
/* A name was asked for and has an address; false for numeric targets. */
bool path_has_name(const struct outcome *outcome);
bool path_is_name_failure(enum reason reason);
bool path_is_tls_failure(enum reason reason); /* the peer has sent its certificate */
/* Bits of path_rule.reasons and path_rule.at. */
#define REASON_BIT(code) (UINT64_C(1) << (code))
#define HOP_BIT(hop) (1U << (hop))
bool path_is_among(enum reason reason, uint64_t reasons);

/* What the snapshot's census says. */
struct path_inbound path_inbound(const struct snapshot *snapshot);

/* Fill in sights and facts. */
void path_case_make(struct path_case *c, const struct path_survey *survey,
                    uint32_t tenant);
/* The sight a source stands for; an empty one for FROM_NOBODY. */
const struct sight *path_sight(const struct path_case *c, enum source source);

/* While the hops are filled in: who speaks for each. */
struct path_picture {
    const struct path_case *c;
    struct path_report *report;
    const struct sight *sights[HOP_COUNT];
    enum source sources[HOP_COUNT];
};

/* What every check says about its hops. */
void path_picture_make(struct path_picture *picture, const struct path_case *c,
                       struct path_report *report);
/* report->broken_hop is broken, as `sight` (may be empty) says. */
void path_picture_break(struct path_picture *picture, const struct sight *sight,
                        enum path_state state);
/* Write evidence, reasons and ages, last of all. */
void path_picture_tell(struct path_picture *picture);

/* Replace {tokens} in a rule's text by names of the configuration. In commands a name
 * that is not known or not safe in a shell becomes a placeholder such as <gateway>. */
void path_write_summary(const struct path_case *c, const struct sight *sight,
                        const char *template, char out[PATH_SUMMARY_MAX]);
void path_write_command(const struct path_case *c, const struct sight *sight,
                        const char *template, char out[PATH_NEXT_MAX]);
/* What the sight's check says, in one line. */
void path_write_evidence(const struct snapshot *snapshot, const struct sight *sight,
                         char out[PATH_EVIDENCE_MAX]);
/* The same of the probes that arrive. */
void path_write_inbound(const struct path_inbound *inbound, char out[PATH_EVIDENCE_MAX]);

#endif
