#include "worker/tokenizer/normalizer.h"

#include <optional>

#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// How long a text may become: so many times its length, and somewhat more if it is short.
constexpr size_t kMostGrowth = 64, kGrowthOfAny = 1 << 16;

}  // namespace

absl::Status Normalizer::Run(const AlignedView& text,
                             absl::FunctionRef<absl::Status(const AlignedView&)> visit) const {
  std::optional<AlignedText> rewritten;
  AlignedView view = text;
  for (const auto& step : steps_) {
    if (view.text.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(AlignedText next, step->Rewrite(view));
    rewritten = std::move(next);
    view = rewritten->view();
    if (view.text.size() / kMostGrowth > text.text.size() + kGrowthOfAny) {
      return absl::InvalidArgumentError("the normalizer makes the text more than 64 times longer");
    }
  }
  return view.text.empty() ? absl::OkStatus() : visit(view);
}

}  // namespace ropewalk
