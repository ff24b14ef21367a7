#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/common/http_client.h"
#include "services/registry/s3/s3_options.h"

namespace ropewalk {

// What an S3 store's answer to `what` ("PUT blobs/...") means: OK for those of success, unless the
// body is an error, which the store may find after it has begun to answer. Pure.
//
// NOT_FOUND: there is no such key or upload. UNAUTHENTICATED, PERMISSION_DENIED: the credentials.
// FAILED_PRECONDITION: there is no such bucket; it lies in another region; the clock is wrong.
// RESOURCE_EXHAUSTED: the store is full. UNAVAILABLE: the store is busy or broken, or the bytes
// changed on their way; trying again may help. Messages say what would mend it.
absl::Status StatusOfReply(const S3Options& options, absl::string_view what,
                           const HttpReply& reply);

// Whether trying again may help.
bool IsPassing(const absl::Status& status);

}  // namespace ropewalk
