#pragma once

#include <memory>
#include <string>
#include <utility>

#include "worker/tokenizer/decoder.h"
#include "worker/tokenizer/regex.h"

// The steps of decoding that tokenizer.json knows. Where a step makes one piece of all, those after
// it (`fused`) see that piece in parts.
namespace ropewalk {

// Spaces between tokens: what becomes of them without a decoder.
class JoinWithSpaces : public DecoderStep {
 public:
  void Push(absl::string_view piece, Pass pass) override;

 private:
  bool first_ = true;
};

// Characters of the byte alphabet to bytes, and those to text, with U+FFFD for what is no UTF-8. A
// token with a character outside the alphabet stands for itself. Fuses.
class ByteLevelDecoder : public DecoderStep {
 public:
  void Push(absl::string_view piece, Pass pass) override;
  void Finish(Pass pass) override;

 private:
  std::string bytes_;  // that may be the beginning of a character
  std::string text_;
};

// Tokens like <0xE7> to the characters that they spell, or to U+FFFD, one a byte, if any of those
// in a row are no UTF-8.
class ByteFallbackDecoder : public DecoderStep {
 public:
  void Push(absl::string_view piece, Pass pass) override;
  void Finish(Pass pass) override;

 private:
  std::string bytes_;  // of the tokens in a row
};

// Puts a text in place of every match. After a fusing step all is held back to the end, as a match
// may lie across parts.
class ReplaceDecoder : public DecoderStep {
 public:
  ReplaceDecoder(std::shared_ptr<const Regex> regex, std::string content, bool fused)
      : regex_(std::move(regex)), content_(std::move(content)), fused_(fused) {}

  void Push(absl::string_view piece, Pass pass) override;
  void Finish(Pass pass) override;

 private:
  void PassReplaced(absl::string_view piece, Pass pass) const;

  const std::shared_ptr<const Regex> regex_;
  const std::string content_;
  const bool fused_;
  std::string held_;
};

// Takes away up to `start` times the character at the beginning of each piece and `stop` times at
// its end.
class StripDecoder : public DecoderStep {
 public:
  StripDecoder(std::string character, size_t start, size_t stop, bool fused)
      : character_(std::move(character)), start_(start), stop_(stop), fused_(fused) {}

  void Push(absl::string_view piece, Pass pass) override;
  void Finish(Pass pass) override;

 private:
  absl::string_view WithoutStart(absl::string_view piece, size_t* left) const;
  absl::string_view WithoutStop(absl::string_view piece) const;

  const std::string character_;
  const size_t start_, stop_;
  const bool fused_;
  size_t start_left_ = start_;  // of the fused piece
  std::string held_;            // its end so far, if it may have to go
};

// Spaces in place of Metaspace's character, but for the first token, which loses it, if `drops`.
class MetaspaceDecoder : public DecoderStep {
 public:
  MetaspaceDecoder(std::string replacement, bool drops, bool fused)
      : replacement_(std::move(replacement)), drops_(drops), fused_(fused) {}

  void Push(absl::string_view piece, Pass pass) override;

 private:
  const std::string replacement_;
  const bool drops_, fused_;
  bool first_ = true;
};

}  // namespace ropewalk
