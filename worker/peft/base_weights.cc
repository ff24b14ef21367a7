#include "worker/peft/base_weights.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"
#include "worker/model/weight_specs.h"
#include "worker/peft/full.h"

namespace ropewalk {
namespace {

constexpr char kEmbedding[] = "model.embed_tokens", kOutput[] = "lm_head";

absl::Status Error(absl::string_view field, const absl::AlphaNum& message) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", message));
}

// The module that a weight belongs to.
std::string ModuleOf(absl::string_view weight) {
  return std::string(weight.substr(0, weight.rfind('.')));
}

// The path of a module, and those of the modules it lies in: "a.b", "a".
std::vector<absl::string_view> PathsUpwards(absl::string_view module) {
  std::vector<absl::string_view> paths = {module};
  for (size_t dot; (dot = paths.back().rfind('.')) != absl::string_view::npos;) {
    paths.push_back(paths.back().substr(0, dot));
  }
  return paths;
}

// Those of a module's paths that end in one of the names.
std::vector<absl::string_view> SavedPaths(absl::string_view module,
                                          const std::vector<std::string>& names) {
  std::vector<absl::string_view> saved = PathsUpwards(module);
  std::erase_if(saved, [&](absl::string_view path) {
    return std::none_of(names.begin(), names.end(),
                        [&](const std::string& name) { return absl::EndsWith(path, name); });
  });
  return saved;
}

// Whether a path ends in one of the names after a dot: to those PEFT gives no adapter.
bool IsNamed(absl::string_view path, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return path == name || absl::EndsWith(path, "." + name);
  });
}

// The modules that have weights. A tied output embedding is one, too.
std::set<std::string> Modules(const ModelConfig& model) {
  std::set<std::string> modules = {kOutput};
  for (const WeightSpec& spec : WeightSpecs(model)) modules.insert(ModuleOf(spec.name));
  return modules;
}

std::string LastNames(const std::set<std::string>& modules) {
  std::set<std::string> names;
  for (const std::string& module : modules) names.insert(module.substr(module.rfind('.') + 1));
  return absl::StrJoin(names, ", ");
}

absl::Status CheckNoneWithinAnother(const ModelConfig& model,
                                    const std::vector<std::string>& names) {
  for (const std::string& module : Modules(model)) {
    const auto saved = SavedPaths(module, names);
    if (saved.size() < 2) continue;
    return Error("modules_to_save",
                 absl::StrCat(saved[0], " lies within ", saved[1], ", which is saved already"));
  }
  return absl::OkStatus();
}

absl::Status CheckTied(const ModelConfig& model, const BaseWeights& weights) {
  if (!model.tie_word_embeddings || weights.ensure_weight_tying) return absl::OkStatus();
  for (const char* module : {kEmbedding, kOutput}) {
    if (SavedPaths(module, weights.modules_to_save).empty()) continue;
    return Error("modules_to_save",
                 absl::StrCat(module,
                              " is tied to the other embedding, which training one alone would "
                              "break; set ensure_weight_tying to train them as one"));
  }
  return absl::OkStatus();
}

// Whether modules_to_save chooses the module. Tied embeddings are one.
bool IsSaved(const ModelConfig& model, const std::string& module,
             const std::vector<std::string>& names) {
  if (!SavedPaths(module, names).empty()) return true;
  return model.tie_word_embeddings && module == kEmbedding && !SavedPaths(kOutput, names).empty();
}

bool IsChosen(LoraBias bias, bool has_adapter) {
  return bias == LoraBias::kAll || (bias == LoraBias::kLoraOnly && has_adapter);
}

}  // namespace

absl::StatusOr<LoraBias> ParseLoraBias(absl::string_view text) {
  for (const LoraBias bias : {LoraBias::kNone, LoraBias::kAll, LoraBias::kLoraOnly}) {
    if (text == LoraBiasName(bias)) return bias;
  }
  return Error("bias", absl::StrCat("'", text, "' is none of none, all, lora_only"));
}

const char* LoraBiasName(LoraBias bias) {
  if (bias == LoraBias::kNone) return "none";
  return bias == LoraBias::kAll ? "all" : "lora_only";
}

absl::StatusOr<std::vector<int64_t>> WithoutSavedModules(
    const ModelConfig& model, const std::vector<int64_t>& places,
    const std::vector<std::string>& modules_to_save) {
  const std::vector<LinearPlace> model_places = LinearPlaces(model);
  std::vector<int64_t> left;
  for (const int64_t place : places) {
    const auto saved = SavedPaths(model_places[place].name, modules_to_save);
    if (saved.empty() || !IsNamed(saved.front(), modules_to_save)) left.push_back(place);
  }
  if (!left.empty()) return left;
  return Error("modules_to_save", "leaves nothing of target_modules");
}

absl::Status SelectBaseWeights(const ModelConfig& model, const std::vector<int64_t>& places,
                               BaseWeights* weights) {
  RETURN_IF_ERROR(CheckNoneWithinAnother(model, weights->modules_to_save));
  RETURN_IF_ERROR(CheckTied(model, *weights));
  if (!model.tie_word_embeddings) weights->ensure_weight_tying = false;
  const std::vector<LinearPlace> model_places = LinearPlaces(model);
  std::set<std::string> adapted;
  for (const int64_t place : places) adapted.insert(model_places[place].name);
  const std::vector<WeightSpec> specs = WeightSpecs(model);
  const ParameterLayout full = FullLayout(model);
  for (size_t i = 0; i < specs.size(); ++i) {
    const std::string module = ModuleOf(specs[i].name);
    const bool has_adapter = adapted.count(module) > 0;
    const bool saved = IsSaved(model, module, weights->modules_to_save);
    if (saved && has_adapter) {
      return Error("modules_to_save",
                   absl::StrCat(module,
                                " has an adapter, too; give its whole last name, or leave "
                                "it out of target_modules"));
    }
    if (!saved && !(specs[i].is_bias && IsChosen(weights->bias, has_adapter))) continue;
    const std::string name = has_adapter ? module + ".base_layer.bias" : specs[i].name;
    weights->indices.push_back(static_cast<int64_t>(i));
    weights->layout.Add(kPeftPrefix + name, specs[i].shape, full.entries[i].decay);
    weights->layout.entries.back().per_token = full.entries[i].per_token;
  }
  return absl::OkStatus();
}

absl::Status CheckNothingMissing(const ModelConfig& model, const BaseWeights& weights) {
  const std::set<std::string> modules = Modules(model);
  for (const std::string& name : weights.modules_to_save) {
    if (std::any_of(modules.begin(), modules.end(),
                    [&](const std::string& m) { return !SavedPaths(m, {name}).empty(); })) {
      continue;
    }
    return Error("modules_to_save", absl::StrCat("no module of the model ends in '", name,
                                                 "'; there are ", LastNames(modules)));
  }
  const auto is_bias = [](const ParameterEntry& entry) {
    return absl::EndsWith(entry.name, ".bias");
  };
  const auto& entries = weights.layout.entries;
  if (weights.bias == LoraBias::kNone || std::any_of(entries.begin(), entries.end(), is_bias)) {
    return absl::OkStatus();
  }
  return Error("bias", absl::StrCat("'", LoraBiasName(weights.bias), "' trains nothing: ",
                                    weights.bias == LoraBias::kAll
                                        ? "the model has no biases"
                                        : "the layers of target_modules have no biases"));
}

}  // namespace ropewalk
