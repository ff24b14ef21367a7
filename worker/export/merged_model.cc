#include "worker/export/merged_model.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/model/float_tensor.h"
#include "worker/peft/full.h"
#include "worker/peft/merge.h"

namespace ropewalk {
namespace {

// Weights that one file holds, by index in WeightSpecs.
using Shard = std::vector<size_t>;

absl::Status CheckDtypes(const ModelFolder& base, const std::vector<WeightSpec>& specs) {
  for (const WeightSpec& spec : specs) {
    const TensorView& stored = base.StoredWeight(spec);
    if (IsFloat(stored.dtype)) continue;
    return absl::InvalidArgumentError(absl::StrCat("merged: the base's weight ", spec.name, " is ",
                                                   DtypeName(stored.dtype),
                                                   "; only F32, F16 and BF16 can be merged into"));
  }
  return absl::OkStatus();
}

std::vector<Shard> PlanShards(const ModelFolder& base, const std::vector<WeightSpec>& specs,
                              int64_t max_bytes) {
  std::vector<Shard> shards(1);
  int64_t used = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    const int64_t bytes = base.StoredWeight(specs[i]).bytes.size();
    if (used > 0 && used + bytes > max_bytes) {
      shards.emplace_back();
      used = 0;
    }
    shards.back().push_back(i);
    used += bytes;
  }
  return shards;
}

std::string ShardName(size_t shard, size_t count) {
  if (count == 1) return "model.safetensors";
  return absl::StrFormat("model-%05d-of-%05d.safetensors", shard + 1, count);
}

std::string Index(const ModelFolder& base, const std::vector<WeightSpec>& specs,
                  const std::vector<Shard>& shards) {
  nlohmann::json map = nlohmann::json::object();
  int64_t total = 0;
  for (size_t s = 0; s < shards.size(); ++s) {
    for (const size_t i : shards[s]) {
      map[specs[i].name] = ShardName(s, shards.size());
      total += base.StoredWeight(specs[i]).bytes.size();
    }
  }
  const nlohmann::json index = {{"metadata", {{"total_size", total}}}, {"weight_map", map}};
  return index.dump(2) + "\n";
}

// Gives each row, an output's weights, the length that DoRA has learnt for it.
void SetMagnitudes(absl::Span<const float> magnitudes, std::vector<float>* weight) {
  const size_t in = weight->size() / magnitudes.size();
  for (size_t row = 0; row < magnitudes.size(); ++row) {
    const absl::Span<float> values = absl::MakeSpan(*weight).subspan(row * in, in);
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    const double factor = magnitudes[row] / std::sqrt(squares);
    for (float& value : values) value = static_cast<float>(factor * value);
  }
}

// The bytes of the base's weights with the adapter's changes.
class Merger {
 public:
  Merger(const ModelFolder& base, const LoraAdapter& adapter)
      : base_(base),
        adapter_(adapter),
        places_(LinearPlaces(base.config())),
        layout_(LoraLayout(places_, adapter.config)) {
    for (size_t i = 0; i < adapter.config.places.size(); ++i) {
      branch_of_[places_[adapter.config.places[i]].name + ".weight"] = {
          adapter.config.places[i], i * (adapter.config.dora ? 3 : 2)};
    }
    const BaseWeights& replaced = adapter.config.base;
    const std::vector<WeightSpec> specs = WeightSpecs(base.config());
    const auto values = absl::MakeConstSpan(adapter.parameters).last(replaced.layout.size);
    for (size_t i = 0; i < replaced.indices.size(); ++i) {
      const ParameterEntry& entry = replaced.layout.entries[i];
      const auto of_entry = values.subspan(entry.offset, entry.size);
      saved_[specs[replaced.indices[i]].name] = {of_entry.begin(), of_entry.end()};
    }
  }

  std::string Weight(const WeightSpec& spec) const {
    const TensorView& stored = base_.StoredWeight(spec);
    const auto saved = saved_.find(spec.name);
    if (saved != saved_.end()) return FromFloat32(saved->second, stored.dtype);
    const auto branch = branch_of_.find(spec.name);
    if (branch == branch_of_.end()) return std::string(stored.bytes);
    std::vector<float> weight(spec.size);
    base_.ReadWeight(spec, absl::MakeSpan(weight));
    const auto [place, first] = branch->second;
    const ParameterEntry& a = layout_.entries[first];
    const ParameterEntry& b = layout_.entries[first + 1];
    const LoraShape shape = {spec.shape[1], spec.shape[0], a.shape[0],
                             adapter_.config.ScaleAt(place)};
    MergeLora<float>(shape, Of(a), Of(b), absl::MakeSpan(weight));
    if (adapter_.config.dora) SetMagnitudes(Of(layout_.entries[first + 2]), &weight);
    return FromFloat32(weight, stored.dtype);
  }

 private:
  absl::Span<const float> Of(const ParameterEntry& entry) const {
    return absl::MakeConstSpan(adapter_.parameters).subspan(entry.offset, entry.size);
  }

  const ModelFolder& base_;
  const LoraAdapter& adapter_;
  const std::vector<LinearPlace> places_;
  const ParameterLayout layout_;

  // By the weight's name: its place, and the first of its entries in the layout.
  std::map<std::string, std::pair<int64_t, size_t>> branch_of_;

  // By name: the weights that the adapter has in the place of the base's.
  std::map<std::string, std::vector<float>> saved_;
};

std::string ShardBytes(const Merger& merger, const ModelFolder& base,
                       const std::vector<WeightSpec>& specs, const Shard& shard) {
  std::vector<std::string> bytes;
  std::vector<TensorView> tensors;
  for (const size_t i : shard) {
    bytes.push_back(merger.Weight(specs[i]));
    tensors.push_back({specs[i].name, base.StoredWeight(specs[i]).dtype, specs[i].shape, {}});
  }
  for (size_t i = 0; i < tensors.size(); ++i) tensors[i].bytes = bytes[i];
  return SerializeSafetensors(std::move(tensors));
}

}  // namespace

absl::Status WriteMergedModel(const std::string& base_folder, const ModelFolder& base,
                              const LoraAdapter& adapter, int64_t max_shard_bytes,
                              const FileSink& sink) {
  if (!base.has_weights()) {
    return absl::FailedPreconditionError(absl::StrCat(base_folder, " has no weights"));
  }
  const std::vector<WeightSpec> specs = WeightSpecs(base.config());
  RETURN_IF_ERROR(CheckDtypes(base, specs));
  ASSIGN_OR_RETURN(const auto companions, ReadCompanions(base_folder));
  for (const auto& [path, bytes] : companions) RETURN_IF_ERROR(sink(path, bytes));
  const Merger merger(base, adapter);
  const std::vector<Shard> shards = PlanShards(base, specs, max_shard_bytes);
  for (size_t s = 0; s < shards.size(); ++s) {
    RETURN_IF_ERROR(sink(ShardName(s, shards.size()), ShardBytes(merger, base, specs, shards[s])));
  }
  if (shards.size() == 1) return absl::OkStatus();
  return sink("model.safetensors.index.json", Index(base, specs, shards));
}

}  // namespace ropewalk
