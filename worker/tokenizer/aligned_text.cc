#include "worker/tokenizer/aligned_text.h"

#include "worker/tokenizer/utf8.h"

namespace ropewalk {

AlignedView AlignedView::Part(size_t begin, size_t end) const {
  const absl::string_view part = text.substr(begin, end - begin);
  if (ranges == nullptr) return {part, nullptr, begins_original && begin == 0};
  return {part, ranges + begin, !part.empty() && ranges[begin].begin == 0};
}

AlignedText::AlignedText(const AlignedView& from)
    : noted_(from.ranges != nullptr), begins_original_(from.begins_original) {
  text_.reserve(from.text.size() + from.text.size() / 4 + 8);
  if (noted_) ranges_.reserve(text_.capacity());
}

AlignedText AlignedText::OfOriginal(absl::string_view text) {
  AlignedText original;
  original.text_ = std::string(text);
  original.ranges_.reserve(text.size());
  for (size_t begin = 0; begin < text.size();) {
    const size_t size = FirstCharacter(text.substr(begin)).size();
    original.ranges_.insert(original.ranges_.end(), size,
                            {static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + size)});
    begin += size;
  }
  return original;
}

void AlignedText::Copy(const AlignedView& from, size_t begin, size_t end) {
  text_.append(from.text.data() + begin, end - begin);
  if (noted_) ranges_.insert(ranges_.end(), from.ranges + begin, from.ranges + end);
}

void AlignedText::Insert(absl::string_view bytes, const AlignedView& from, size_t like) {
  text_.append(bytes.data(), bytes.size());
  if (noted_) ranges_.insert(ranges_.end(), bytes.size(), from.ranges[like]);
}

AlignedView AlignedText::view() const {
  if (!noted_) return {text_, nullptr, begins_original_};
  return {text_, ranges_.data(), !ranges_.empty() && ranges_[0].begin == 0};
}

}  // namespace ropewalk
