#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/tokenizer/json_reading.h"

namespace ropewalk {

// How a tokenizer.json cuts text into words.
struct Splitting {
  std::vector<std::string> expressions;  // PreTokenizer::Create's
  bool add_prefix_space = false;
};

// Reads the part `pre_tokenizer`. INVALID_ARGUMENT: it is not supported (tokenizer_json.h says what
// is). Throws Json::exception if a value has another type than it should.
absl::StatusOr<Splitting> ReadPreTokenizer(const Json& part);

}  // namespace ropewalk
