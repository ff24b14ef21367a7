#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A token that says where the next page begins and to which request it belongs: `request` is
// whatever selects and orders the list. Opaque to clients. Pure.
std::string EncodePageToken(absl::string_view request, absl::string_view position);

// The position; empty for an empty token, the first page.
// INVALID_ARGUMENT: the token was not issued for this request.
absl::StatusOr<std::string> DecodePageToken(absl::string_view request, absl::string_view token);

}  // namespace ropewalk
