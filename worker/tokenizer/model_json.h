#pragma once

#include "absl/status/statusor.h"
#include "worker/tokenizer/bpe.h"
#include "worker/tokenizer/json_reading.h"

namespace ropewalk {

// Reads the part `model`. INVALID_ARGUMENT: it is not supported (tokenizer_json.h says what is).
// Throws Json::exception if a value is missing or has another type than it should.
absl::StatusOr<Bpe> ReadModel(const Json& model);

}  // namespace ropewalk
