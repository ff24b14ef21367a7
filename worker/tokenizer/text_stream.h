#pragma once

#include <cstdint>
#include <string>

#include "worker/tokenizer/decoder.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

// The text of tokens that come one by one, such as a model writes them. Only whole characters come
// out, as soon as no later token can change them; all together they are what Tokenizer::Decode
// makes of all the tokens.
class TextStream {
 public:
  // REQUIRES: the tokenizer outlives the stream.
  explicit TextStream(const Tokenizer& tokenizer);

  // Appends to `text` what has become certain with this token; nothing for a special one.
  void Push(int32_t token, std::string* text);

  // Appends the rest. No more tokens may come.
  void Finish(std::string* text);

 private:
  const Tokenizer& tokenizer_;
  const Decoder::Steps steps_;
};

}  // namespace ropewalk
