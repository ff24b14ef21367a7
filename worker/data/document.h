#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ropewalk {

// Tokens [begin, end) of a document.
struct TokenRange {
  int32_t begin = 0;
  int32_t end = 0;

  bool operator==(const TokenRange&) const = default;
};

// A row, tokenised.
struct Document {
  std::vector<int32_t> tokens;
  std::vector<TokenRange> targets;  // what is learnt: ascending, apart, none empty, without token 0
  int32_t prompt_length = 0;        // leading tokens to generate from; 0: nothing to generate
  std::string completion;           // the wanted text, for exact match

  int64_t target_count() const;

  // Adds a target behind the others; token 0, which has nothing before it, and tokens that are
  // targets already are left out.
  void Learn(int32_t begin, int32_t end);

  // Keeps the first `length` tokens.
  void Cut(int32_t length);
};

}  // namespace ropewalk
