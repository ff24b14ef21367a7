#include "worker/tokenizer/text_stream.h"

namespace ropewalk {

TextStream::TextStream(const Tokenizer& tokenizer)
    : tokenizer_(tokenizer), steps_(tokenizer.parts_.decoder.Start()) {}

void TextStream::Push(int32_t token, std::string* text) {
  const std::string* name = tokenizer_.NameForDecoding(token);
  if (name == nullptr) return;
  Decoder::Push(steps_, *name,
                [text](absl::string_view piece) { text->append(piece.data(), piece.size()); });
}

void TextStream::Finish(std::string* text) {
  Decoder::Finish(steps_,
                  [text](absl::string_view piece) { text->append(piece.data(), piece.size()); });
}

}  // namespace ropewalk
