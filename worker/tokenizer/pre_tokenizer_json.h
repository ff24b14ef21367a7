#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/tokenizer/json_reading.h"
#include "worker/tokenizer/pre_tokenizer.h"

namespace ropewalk {

// How a tokenizer.json cuts text into words.
struct Splitting {
  std::vector<std::unique_ptr<const PreTokenizerStep>> steps;
  // The last step is ByteCharacters, and not yet among them: a model may rather read bytes.
  bool ends_with_bytes = false;
};

// Reads the part `pre_tokenizer`. INVALID_ARGUMENT: it is not supported (tokenizer_json.h says what
// is). Throws Json::exception if a value has another type than it should.
absl::StatusOr<Splitting> ReadPreTokenizer(const Json& part);

}  // namespace ropewalk
