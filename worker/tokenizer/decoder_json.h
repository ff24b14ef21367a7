#pragma once

#include "absl/status/statusor.h"
#include "worker/tokenizer/decoder.h"
#include "worker/tokenizer/json_reading.h"

namespace ropewalk {

// Reads the part `decoder`. INVALID_ARGUMENT: it is not supported (tokenizer_json.h says what is).
// Throws Json::exception if a value has another type than it should.
absl::StatusOr<Decoder> ReadDecoder(const Json& part);

}  // namespace ropewalk
