#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// A regular expression over whole module paths ("model.layers.0.self_attn.q_proj"), as Python's
// re.fullmatch reads it. Backtracking without end is cut off and counts as no match. Copies are
// cheap and may be used at the same time.
class ModulePattern {
 public:
  // INVALID_ARGUMENT: not a pattern; the message begins with `field`.
  static absl::StatusOr<ModulePattern> Compile(absl::string_view pattern, absl::string_view field);

  // A key of PEFT's rank_pattern and alpha_pattern: matches paths that are it, or end in it after a
  // dot.
  static absl::StatusOr<ModulePattern> CompileKey(absl::string_view key, absl::string_view field);

  bool Matches(absl::string_view path) const;

 private:
  explicit ModulePattern(std::shared_ptr<const void> code) : code_(std::move(code)) {}

  std::shared_ptr<const void> code_;  // pcre2_code
};

}  // namespace ropewalk
