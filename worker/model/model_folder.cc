#include "worker/model/model_folder.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "services/common/status_macros.h"
#include "worker/model/float_tensor.h"
#include "worker/model/strict_json.h"
#include "worker/ops/half_matrix.h"
#include "worker/ops/plain_matrix.h"

namespace ropewalk {
namespace {

bool Exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// Tensors that some files carry and no model needs: a copy of the tied embedding, and tables of
// rotary frequencies.
bool IsRedundant(const std::string& name, const ModelConfig& config) {
  return (config.tie_word_embeddings && name == "lm_head.weight") ||
         absl::EndsWith(name, ".rotary_emb.inv_freq");
}

// A matrix that a checkpoint may hold quantised: any but the table of embeddings.
bool IsLinear(const WeightSpec& spec) {
  return spec.shape.size() == 2 && spec.name != "model.embed_tokens.weight";
}

absl::StatusOr<std::set<std::string>> FilesOfIndex(const nlohmann::json& index,
                                                   const std::string& path) {
  const auto map = index.find("weight_map");
  if (map == index.end() || !map->is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": 'weight_map' is missing"));
  }
  std::set<std::string> files;
  for (const nlohmann::json& file : *map) {
    if (!file.is_string() || absl::StrContains(file.get<std::string>(), '/')) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", file.dump(), " is not the name of a file beside it"));
    }
    files.insert(file.get<std::string>());
  }
  return files;
}

template <typename T>
bool IsAligned(const char* bytes) {
  return reinterpret_cast<uintptr_t>(bytes) % alignof(T) == 0;
}

}  // namespace

absl::StatusOr<ModelFolder> ModelFolder::Open(const std::string& folder) {
  const std::string path = folder + "/config.json";
  ASSIGN_OR_RETURN(const MappedFile config, MappedFile::Open(path));
  ModelFolder result;
  ASSIGN_OR_RETURN(result.config_, ParseModelConfig(config.bytes(), path));
  RETURN_IF_ERROR(result.OpenWeights(folder));
  if (result.has_weights()) RETURN_IF_ERROR(result.CheckWeights(folder));
  return result;
}

absl::Status ModelFolder::OpenWeights(const std::string& folder) {
  const std::string index = folder + "/model.safetensors.index.json";
  if (Exists(index)) return OpenIndexed(folder, index);
  const std::string single = folder + "/model.safetensors";
  if (Exists(single)) return OpenFile(single);
  for (const char* other : {"/pytorch_model.bin", "/pytorch_model.bin.index.json"}) {
    if (Exists(folder + other)) {
      return absl::InvalidArgumentError(absl::StrCat(
          folder + other, ": only weights in safetensors are read; save the model again"));
    }
  }
  return absl::OkStatus();
}

absl::Status ModelFolder::OpenIndexed(const std::string& folder, const std::string& index) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(index));
  ASSIGN_OR_RETURN(const nlohmann::json json, ParseStrictJson(file.bytes(), index));
  ASSIGN_OR_RETURN(const std::set<std::string> names, FilesOfIndex(json, index));
  for (const std::string& name : names) RETURN_IF_ERROR(OpenFile(folder + "/" + name));
  return absl::OkStatus();
}

absl::Status ModelFolder::OpenFile(const std::string& path) {
  ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  ASSIGN_OR_RETURN(Safetensors content, ParseSafetensors(file.bytes(), path));
  files_.push_back(std::make_shared<const MappedFile>(std::move(file)));
  for (auto& [name, tensor] : content.tensors) {
    file_of_[name] = files_.size() - 1;
    if (!tensors_.emplace(name, std::move(tensor)).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": tensor '", name, "' is in another file, too"));
    }
  }
  return absl::OkStatus();
}

absl::Status ModelFolder::CheckWeights(const std::string& folder) {
  std::set<std::string> unknown;
  for (const auto& [name, tensor] : tensors_) {
    if (!IsRedundant(name, config_)) unknown.insert(name);
  }
  for (const WeightSpec& spec : WeightSpecs(config_)) {
    const absl::Status status = CheckWeight(spec, &unknown);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(folder, ": ", status.message()));
    }
  }
  if (unknown.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(folder, ": tensor '", *unknown.begin(),
                                                 "' is not part of a ", config_.architecture,
                                                 " with this config.json"));
}

absl::Status ModelFolder::CheckWeight(const WeightSpec& spec, std::set<std::string>* unknown) {
  const auto found = tensors_.find(spec.name);
  const auto error = [&](const auto&... parts) {
    return absl::InvalidArgumentError(absl::StrCat("tensor '", spec.name, "' ", parts...));
  };
  if (found == tensors_.end()) return error("is missing");
  const TensorView& tensor = found->second;
  if (config_.quantization != Quantization::kNone && IsLinear(spec) && !IsFloat(tensor.dtype)) {
    ASSIGN_OR_RETURN(QuantizedWeight weight,
                     FindQuantizedWeight(config_.quantization, spec, tensors_));
    for (const std::string& name : weight.names) unknown->erase(name);
    quantized_[spec.name] = std::move(weight);
    return absl::OkStatus();
  }
  if (tensor.shape != spec.shape) {
    return error("has the shape ", ShapeToString(tensor.shape), "; config.json wants ",
                 ShapeToString(spec.shape));
  }
  if (!IsFloat(tensor.dtype)) {
    return error("is ", DtypeName(tensor.dtype), "; only F32, F16 and BF16 are read");
  }
  unknown->erase(spec.name);
  return absl::OkStatus();
}

void ModelFolder::ReadWeight(const WeightSpec& spec, absl::Span<float> out) const {
  const std::unique_ptr<const StoredMatrix> stored = ReadStored(spec);
  if (stored == nullptr) return ToFloat32(tensors_.at(spec.name), out);
  stored->Read(0, stored->rows(), 0, stored->columns(), out.data());
}

void ModelFolder::Release(const WeightSpec& spec) const {
  files_[file_of_.at(spec.name)]->Release(tensors_.at(spec.name).bytes);
}

std::shared_ptr<const StoredMatrix> ModelFolder::Map(const WeightSpec& spec) const {
  const TensorView& tensor = tensors_.at(spec.name);
  if (spec.shape.size() != 2 || tensor.shape != spec.shape) return nullptr;
  const auto& file = files_[file_of_.at(spec.name)];
  const char* const bytes = tensor.bytes.data();
  if (tensor.dtype == Dtype::kBF16 && IsAligned<uint16_t>(bytes)) {
    return std::make_shared<HalfMatrix>(WeightStorage::kBfloat16, spec.shape[0], spec.shape[1],
                                        reinterpret_cast<const uint16_t*>(bytes), file);
  }
  if (tensor.dtype == Dtype::kF32 && IsAligned<float>(bytes)) {
    return std::make_shared<PlainMatrix>(spec.shape[0], spec.shape[1],
                                         reinterpret_cast<const float*>(bytes), file);
  }
  return nullptr;
}

std::unique_ptr<const StoredMatrix> ModelFolder::ReadStored(const WeightSpec& spec) const {
  const auto found = quantized_.find(spec.name);
  return found == quantized_.end() ? nullptr : LoadQuantizedWeight(found->second);
}

}  // namespace ropewalk
