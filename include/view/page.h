/* The status page for a person: HTML without scripts and without external parts. Pure. */
#ifndef VIEW_PAGE_H
#define VIEW_PAGE_H

#include "view/diagnosis.h"

struct buf;

/* The Content-Security-Policy that goes with the page. Static. */
const char *view_page_policy(void);

void view_page(const struct view_diagnosis *diagnosis, struct buf *out);

#endif
