#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/model/config.h"
#include "worker/model/parameter_layout.h"

namespace ropewalk {

// Which biases of the base train; PEFT's `bias`.
enum class LoraBias {
  kNone,
  kAll,
  kLoraOnly,  // those of the linear layers that have an adapter
};

// From "none", "all" or "lora_only", and back. INVALID_ARGUMENT: another text.
absl::StatusOr<LoraBias> ParseLoraBias(absl::string_view text);
const char* LoraBiasName(LoraBias bias);

// Before the names of the model's modules in PEFT's files.
inline constexpr char kPeftPrefix[] = "base_model.model.";

// The names that tied embeddings have in PEFT's files; the values are the same.
inline constexpr char kPeftEmbedding[] = "base_model.model.model.embed_tokens.weight";
inline constexpr char kPeftOutput[] = "base_model.model.lm_head.weight";

// Weights of the base that train whole beside an adapter.
struct BaseWeights {
  LoraBias bias = LoraBias::kNone;
  std::vector<std::string> modules_to_save = {};  // PEFT's
  bool ensure_weight_tying = false;               // PEFT's

  // What these choose, filled in by SelectBaseWeights: indices in WeightSpecs, ascending, and the
  // parameters they are. Offsets begin at 0; names are those of PEFT's files.
  std::vector<int64_t> indices = {};
  ParameterLayout layout = {};
};

// Takes away those of `places`, numbers of the model's linear layers, that belong to
// `modules_to_save`: PEFT gives a module that is saved whole no adapter. INVALID_ARGUMENT: nothing
// is left, or a module would be both to PEFT.
absl::StatusOr<std::vector<int64_t>> WithoutSavedModules(
    const ModelConfig& model, const std::vector<int64_t>& places,
    const std::vector<std::string>& modules_to_save);

// Fills in indices and layout for an adapter of these places. As in PEFT, a name in
// modules_to_save chooses every module whose path ends in it, also in the middle of a name ("norm"
// chooses input_layernorm, too), with all that is in the module.
//
// With tied embeddings embed_tokens and lm_head are one weight, which trains if ensure_weight_tying
// says that it is to stay one; for other models ensure_weight_tying becomes false.
//
// INVALID_ARGUMENT: a module lies within another, tied embeddings are chosen without
// ensure_weight_tying, or a layer would have an adapter and be saved.
absl::Status SelectBaseWeights(const ModelConfig& model, const std::vector<int64_t>& places,
                               BaseWeights* weights);

// INVALID_ARGUMENT: what SelectBaseWeights has chosen has no bias though there should be one, or
// nothing for a name in modules_to_save. PEFT passes over either.
absl::Status CheckNothingMissing(const ModelConfig& model, const BaseWeights& weights);

}  // namespace ropewalk
