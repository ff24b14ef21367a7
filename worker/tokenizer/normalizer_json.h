#pragma once

#include "absl/status/statusor.h"
#include "worker/tokenizer/json_reading.h"
#include "worker/tokenizer/normalizer.h"

namespace ropewalk {

// Reads the part `normalizer`. INVALID_ARGUMENT: it is not supported (tokenizer_json.h says what
// is). Throws Json::exception if a value has another type than it should.
absl::StatusOr<Normalizer> ReadNormalizer(const Json& part);

}  // namespace ropewalk
