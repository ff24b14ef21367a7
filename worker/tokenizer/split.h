#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/pre_tokenizer.h"
#include "worker/tokenizer/regex.h"

namespace ropewalk {

// What becomes of the matches at which a text is cut.
enum class SplitBehavior {
  kIsolated,            // each is a piece
  kRemoved,             // none is
  kMergedWithPrevious,  // the first of neighbours belongs to the piece before it
  kMergedWithNext,      // the last of neighbours belongs to the piece after it
  kContiguous,          // neighbours are one piece
};

// INVALID_ARGUMENT: none of the five, by the names of tokenizer.json.
absl::StatusOr<SplitBehavior> SplitBehaviorByName(absl::string_view name);

// Cuts text into stretches that match and stretches that do not, and joins them again as the
// behaviour says.
class Split : public PreTokenizerStep {
 public:
  // GPT-2's expression, which the ByteLevel pre-tokenizer means by `use_regex`.
  static constexpr char kGpt2Regex[] =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

  // If `invert`, what lies between the matches is taken to match.
  Split(Regex regex, SplitBehavior behavior, bool invert)
      : regex_(std::move(regex)), behavior_(behavior), invert_(invert) {}

  // The errors of Regex::ForEachMatch.
  absl::Status Cut(const AlignedView& text, VisitWord visit) const override;

 private:
  Regex regex_;
  SplitBehavior behavior_;
  bool invert_;
};

}  // namespace ropewalk
