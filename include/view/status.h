/* All forms of /status. */
#ifndef VIEW_STATUS_H
#define VIEW_STATUS_H

#include "view/health_json.h"
#include "view/status_json.h"
#include "view/status_text.h"

#endif
