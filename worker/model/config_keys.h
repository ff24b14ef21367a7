#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/model/config_reader.h"

namespace ropewalk {

// Refuses a config.json with a key that would change the numbers and is not implemented. `read` are
// the keys that its family reads; they are not looked at. Of the others,
//   - keys that are known to change numbers somewhere must have a value that does not;
//   - keys that are known to be harmless (tokens, generation, bookkeeping) may have any value;
//   - a key that nobody knows is accepted, as transformers does, which ignores it, unless its name
//     speaks of the computation ("scal", "norm", "rope", "bias", ...) and its value is not null,
//     false or empty: then it is refused, because ignoring it could be wrong without a sign.
// The message names the key, its value and what is supported.
absl::Status CheckConfigKeys(const ConfigReader& reader, absl::Span<const absl::string_view> read);

}  // namespace ropewalk
