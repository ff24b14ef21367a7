#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/model/config.h"
#include "worker/model/mapped_file.h"
#include "worker/model/quantized_weight.h"
#include "worker/model/safetensors.h"
#include "worker/model/weight_specs.h"

namespace ropewalk {

// A Hugging Face model folder, mapped: config.json, and the weights in model.safetensors or in the
// files that model.safetensors.index.json names; linear layers perhaps quantised by bitsandbytes.
// Its tensors have been checked against the config.
// Threads may read at the same time.
class ModelFolder {
 public:
  // NOT_FOUND: no such folder, or no config.json in it.
  // INVALID_ARGUMENT: a file is not what it should be, weights are in another format, or a tensor
  // is missing, unknown, or of the wrong shape or dtype; the message names it.
  static absl::StatusOr<ModelFolder> Open(const std::string& folder);

  const ModelConfig& config() const { return config_; }

  // False: the folder has no weights, only a config to start from.
  bool has_weights() const { return !files_.empty(); }

  // Writes a weight, dequantised if need be, as float32 to `out`, of the weight's size. REQUIRES,
  // here and below: has_weights(), and the model has the weight.
  void ReadWeight(const WeightSpec& spec, absl::Span<float> out) const;

  // Gives back the memory in which the file's bytes of a weight lie, once they have been read.
  void Release(const WeightSpec& spec) const;

  // The weight as the file has it. REQUIRES: as above. Valid while this object, or one it was moved
  // to, lives.
  const TensorView& StoredWeight(const WeightSpec& spec) const { return tensors_.at(spec.name); }

  // A matrix of bfloat16 or float32 numbers where it lies in the file, which stays mapped as long
  // as the matrix lives; null for others.
  std::shared_ptr<const StoredMatrix> Map(const WeightSpec& spec) const;

  // A weight that is quantised in the folder, as it is there; null for others.
  std::unique_ptr<const StoredMatrix> ReadStored(const WeightSpec& spec) const;

 private:
  absl::Status OpenWeights(const std::string& folder);
  absl::Status OpenIndexed(const std::string& folder, const std::string& index);
  absl::Status OpenFile(const std::string& path);
  absl::Status CheckWeights(const std::string& folder);
  absl::Status CheckWeight(const WeightSpec& spec, std::set<std::string>* unknown);

  ModelConfig config_;
  std::vector<std::shared_ptr<const MappedFile>> files_;
  std::map<std::string, TensorView> tensors_;
  std::map<std::string, size_t> file_of_;             // by tensor
  std::map<std::string, QuantizedWeight> quantized_;  // by the weight's name
};

}  // namespace ropewalk
