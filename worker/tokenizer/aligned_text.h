#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk {

// Bytes [begin, end) of the original text.
struct TextRange {
  uint32_t begin, end;
};

// Text on its way from the original to words, together with what its bytes stand for. Costs nothing
// to copy; the bytes and ranges belong to someone else.
struct AlignedView {
  absl::string_view text;
  const TextRange* ranges = nullptr;  // one a byte; nullptr: not noted
  bool begins_original = false;       // begins with what the original begins with

  // Bytes [begin, end). REQUIRES: begin <= end <= text.size().
  AlignedView Part(size_t begin, size_t end) const;

  // What bytes [begin, end) stand for. REQUIRES: ranges; begin < end.
  TextRange Original(size_t begin, size_t end) const {
    return {ranges[begin].begin, ranges[end - 1].end};
  }
};

// A text that is written anew from an older one, piece by piece.
class AlignedText {
 public:
  // Nothing yet; ranges are noted if `from`, the text it will be made of, has them.
  explicit AlignedText(const AlignedView& from);

  // Notes for each byte of `text` the character that it belongs to. REQUIRES: valid UTF-8.
  static AlignedText OfOriginal(absl::string_view text);

  // Appends bytes [begin, end) of `from` as they are.
  void Copy(const AlignedView& from, size_t begin, size_t end);

  // Appends new bytes that stand for the same as byte `like` of `from`.
  void Insert(absl::string_view bytes, const AlignedView& from, size_t like);

  AlignedView view() const;

 private:
  AlignedText() = default;

  std::string text_;
  std::vector<TextRange> ranges_;
  bool noted_ = true;
  bool begins_original_ = true;
};

}  // namespace ropewalk
