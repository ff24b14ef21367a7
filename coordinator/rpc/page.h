#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// Page tokens are opaque to callers: inside is which list they belong to and the last item's key.
std::string PageToken(absl::string_view list, absl::string_view last_key);

// The last item's key; empty for an empty token. INVALID_ARGUMENT: no PageToken() of that list.
absl::StatusOr<std::string> ParsePageToken(absl::string_view list, absl::string_view token);

// What a caller asked for, or the default of 100, and at most 1000. INVALID_ARGUMENT: it is
// negative.
absl::StatusOr<int> PageSize(int32_t asked);

}  // namespace ropewalk
