#include "worker/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <cstddef>

namespace ropewalk {

bool PreTokenizer::NeedsBeginning() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const auto& step) { return step->NeedsBeginning(); });
}

absl::Status PreTokenizer::Cut(size_t step, const AlignedView& text, VisitWord visit) const {
  if (text.text.empty()) return absl::OkStatus();
  if (step == steps_.size()) return visit(text);
  return steps_[step]->Cut(text,
                           [&](const AlignedView& piece) { return Cut(step + 1, piece, visit); });
}

}  // namespace ropewalk
