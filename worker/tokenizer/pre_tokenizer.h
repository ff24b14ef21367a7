#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/tokenizer/aligned_text.h"

namespace ropewalk {

using VisitWord = absl::FunctionRef<absl::Status(const AlignedView&)>;

// One way of cutting text, and perhaps rewriting it. Const calls may run at the same time.
class PreTokenizerStep {
 public:
  virtual ~PreTokenizerStep() = default;

  // Calls `visit` with the pieces of `text`, valid UTF-8 and not empty, in order, and stops at its
  // first error. Pieces may be empty.
  virtual absl::Status Cut(const AlignedView& text, VisitWord visit) const = 0;

  // Whether it asks if a text begins the original.
  virtual bool NeedsBeginning() const { return false; }
};

// Cuts text into words: each step cuts the pieces of the one before it.
class PreTokenizer {
 public:
  // No step: the whole text is one word.
  explicit PreTokenizer(std::vector<std::unique_ptr<const PreTokenizerStep>> steps)
      : steps_(std::move(steps)) {}

  // Calls `visit` with each word of `text`, valid UTF-8, in order, and stops at its first error.
  absl::Status ForEachWord(const AlignedView& text, VisitWord visit) const {
    return Cut(0, text, visit);
  }

  bool NeedsBeginning() const;

 private:
  absl::Status Cut(size_t step, const AlignedView& text, VisitWord visit) const;

  std::vector<std::unique_ptr<const PreTokenizerStep>> steps_;
};

}  // namespace ropewalk
