/* Status codes and their reason phrases (RFC 9110 section 15). */
#ifndef ITKD_HTTP_STATUS_H
#define ITKD_HTTP_STATUS_H

#include "itkd/span.h"

/* "Unknown Reason" for one that nobody has a name for. */
struct span http_status_reason(int status);
bool http_status_is_known(int status);
/* Whether nothing more may follow such an answer on its connection. */
bool http_status_closes(int status);

#endif
