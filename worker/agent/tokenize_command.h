#pragma once

#include <istream>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace ropewalk {

struct TokenizeOptions {
  std::string base;      // model folder; only its tokenizer is read
  bool offsets = false;  // says what bytes of the text each token stands for
  bool decode = false;   // says what text the tokens decode to
};

// Reads texts, one a line, each a JSON string or an object with a string "text", and writes for
// each a line of JSON: {"tokens": [...]}, with "begins" and "ends" if offsets, with "decoded" if
// decode. No special tokens are added, but those written out in a text are found. INVALID_ARGUMENT
// names the line that is neither, or that cannot be tokenised.
absl::Status RunTokenize(const TokenizeOptions& options, std::istream& in, std::ostream& out);

}  // namespace ropewalk
