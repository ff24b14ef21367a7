#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace ropewalk {

// Asks again and again until `holds` is true; DEADLINE_EXCEEDED if that does not happen in time.
// For what a test can only ask another process about.
absl::Status Until(absl::Duration timeout, absl::FunctionRef<bool()> holds);

}  // namespace ropewalk
