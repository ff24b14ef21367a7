#include "worker/tokenizer/split.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Joins stretches that come one after another, and passes the pieces on.
class Joiner {
 public:
  Joiner(SplitBehavior behavior, const AlignedView& text, VisitWord visit)
      : behavior_(behavior), text_(text), visit_(visit) {}

  absl::Status Add(size_t begin, size_t end, bool match) {
    const bool joins = open_ && Joins(match);
    previous_matches_ = match;
    if (joins) {
      end_ = end;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Close());
    if (match && behavior_ == SplitBehavior::kRemoved) return absl::OkStatus();
    open_ = true;
    begin_ = begin;
    end_ = end;
    return absl::OkStatus();
  }

  absl::Status Close() {
    if (!std::exchange(open_, false)) return absl::OkStatus();
    return visit_(text_.Part(begin_, end_));
  }

 private:
  // Whether a stretch belongs to the piece that is open.
  bool Joins(bool match) const {
    switch (behavior_) {
      case SplitBehavior::kMergedWithPrevious:
        return match && !previous_matches_;
      case SplitBehavior::kMergedWithNext:
        return !match && previous_matches_;
      case SplitBehavior::kContiguous:
        return match == previous_matches_;
      default:
        return false;
    }
  }

  const SplitBehavior behavior_;
  const AlignedView& text_;
  VisitWord visit_;
  bool open_ = false;  // there is a piece [begin_, end_) that may yet grow
  bool previous_matches_ = false;
  size_t begin_ = 0, end_ = 0;
};

}  // namespace

absl::StatusOr<SplitBehavior> SplitBehaviorByName(absl::string_view name) {
  constexpr std::array<std::pair<absl::string_view, SplitBehavior>, 5> kNames = {{
      {"Isolated", SplitBehavior::kIsolated},
      {"Removed", SplitBehavior::kRemoved},
      {"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
      {"MergedWithNext", SplitBehavior::kMergedWithNext},
      {"Contiguous", SplitBehavior::kContiguous},
  }};
  for (const auto& [known, behavior] : kNames) {
    if (name == known) return behavior;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "the pre_tokenizer's behavior \"", name, "\" is not supported; supported: Isolated, ",
      "Removed, MergedWithPrevious, MergedWithNext, Contiguous"));
}

absl::Status Split::Cut(const AlignedView& text, VisitWord visit) const {
  Joiner joiner(behavior_, text, visit);
  size_t done = 0;
  RETURN_IF_ERROR(regex_.ForEachMatch(text.text, [&](size_t begin, size_t end) {
    if (done != begin) RETURN_IF_ERROR(joiner.Add(done, begin, invert_));
    done = end;
    return joiner.Add(begin, end, !invert_);
  }));
  if (done != text.text.size()) RETURN_IF_ERROR(joiner.Add(done, text.text.size(), invert_));
  return joiner.Close();
}

}  // namespace ropewalk
