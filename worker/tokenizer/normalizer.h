#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/aligned_text.h"

namespace ropewalk {

// One way of rewriting text before it is cut. Const calls may run at the same time.
class NormalizerStep {
 public:
  virtual ~NormalizerStep() = default;

  // `text` rewritten: valid UTF-8, and not empty. The errors of Regex::ForEachMatch.
  virtual absl::StatusOr<AlignedText> Rewrite(const AlignedView& text) const = 0;
};

// Rewrites text step by step.
class Normalizer {
 public:
  explicit Normalizer(std::vector<std::unique_ptr<const NormalizerStep>> steps)
      : steps_(std::move(steps)) {}

  // No step: text stays as it is.
  bool empty() const { return steps_.empty(); }

  // Calls `visit` with what becomes of `text`, unless nothing is left. The errors of the steps and
  // of `visit`.
  absl::Status Run(const AlignedView& text,
                   absl::FunctionRef<absl::Status(const AlignedView&)> visit) const;

 private:
  std::vector<std::unique_ptr<const NormalizerStep>> steps_;
};

}  // namespace ropewalk
