#pragma once

#include "absl/status/statusor.h"
#include "worker/chat/jinja/runtime.h"

namespace ropewalk::jinja {

// Python's `format % values`: %s %r %d %i %x %X %o %c %e %f %g %%, with flags, width, precision and
// %(name)s. INVALID_ARGUMENT: too few or many values, or of a wrong type.
absl::StatusOr<Value> PercentFormat(Runtime& runtime, absl::string_view format,
                                    const Value& values);

}  // namespace ropewalk::jinja
