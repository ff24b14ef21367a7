#pragma once

#include "absl/status/statusor.h"

namespace ropewalk {

// How many items a page has when a client asks for `asked`: 50 for 0, and 500 at most.
// INVALID_ARGUMENT: negative. Pure.
absl::StatusOr<int> PageSize(int asked);

}  // namespace ropewalk
