/* The health of a pool in the shape in which
 * `az network application-gateway show-backend-health` prints it. Pure. */
#ifndef VIEW_BACKEND_HEALTH_H
#define VIEW_BACKEND_HEALTH_H

#include "azure/state.h"

#include <stddef.h>

struct buf;

struct backend_health {
    const char *settings; /* name of the backend settings */
    const char *address;
    enum appgw_health health;
    const char *log;
};

/* One pool with one entry of backendHttpSettingsCollection for each run of equal
 * settings. */
void view_backend_health(const char *pool, const struct backend_health *servers,
                         size_t count, struct buf *out);

#endif
