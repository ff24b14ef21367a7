#pragma once

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/chat/jinja/evaluator.h"

namespace ropewalk::jinja {

// One level of the evaluator's recursion, while it lives.
class Evaluator::Nesting {
 public:
  Nesting(Evaluator* evaluator, int line) : evaluator_(*evaluator) {
    ++evaluator_.depth_;
    evaluator_.line_ = line;
  }
  ~Nesting() { --evaluator_.depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

  absl::Status Check() const {
    const int limit = evaluator_.runtime_.budget.limits().depth;
    if (evaluator_.depth_ <= limit) return evaluator_.runtime_.budget.Step();
    return absl::InvalidArgumentError(
        absl::StrCat("the template nests expressions, loops and macros more than ", limit,
                     " deep; does a macro call itself without end?"));
  }

 private:
  Evaluator& evaluator_;
};

}  // namespace ropewalk::jinja
