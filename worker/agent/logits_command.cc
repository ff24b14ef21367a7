#include "worker/agent/logits_command.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/status_macros.h"
#include "worker/model/mapped_file.h"
#include "worker/model/safetensors.h"
#include "worker/train/inference_model.h"
#include "worker/train/precision.h"

namespace ropewalk {
namespace {

// Tensors to write, which own their values.
class TensorFile {
 public:
  void Add(std::string name, std::vector<int64_t> shape, absl::Span<const float> values) {
    const char* const bytes = reinterpret_cast<const char*>(values.data());
    bytes_.emplace_back(bytes, values.size() * sizeof(float));
    tensors_.push_back({std::move(name), Dtype::kF32, std::move(shape), {}});
  }

  absl::Status Write(const std::string& path) {
    for (size_t i = 0; i < tensors_.size(); ++i) tensors_[i].bytes = bytes_[i];
    std::ofstream file(path, std::ios::binary);
    file << SerializeSafetensors(tensors_);
    file.close();
    return file ? absl::OkStatus() : absl::InvalidArgumentError("cannot write " + path);
  }

 private:
  std::vector<TensorView> tensors_;
  std::vector<std::string> bytes_;
};

absl::StatusOr<PackedTokens> ReadDocuments(const std::string& path) {
  ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  const auto json = nlohmann::json::parse(file.bytes().begin(), file.bytes().end(), nullptr,
                                          /*allow_exceptions=*/false);
  const auto error = [&] {
    return absl::InvalidArgumentError(path + ": not a JSON list of lists of token ids");
  };
  if (!json.is_array()) return error();
  PackedTokens packed;
  packed.document_starts = {0};
  for (const nlohmann::json& document : json) {
    if (!document.is_array()) return error();
    for (size_t i = 0; i < document.size(); ++i) {
      const nlohmann::json& id = document[i];
      if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX) return error();
      packed.tokens.push_back(id.get<int32_t>());
      packed.positions.push_back(i);
      packed.targets.push_back(i + 1 < document.size() ? 0 : -1);
    }
    packed.document_starts.push_back(packed.tokens.size());
  }
  for (size_t i = 0; i < packed.targets.size(); ++i) {
    if (packed.targets[i] < 0) continue;
    packed.targets[i] = packed.tokens[i + 1];
    ++packed.target_count;
  }
  return packed;
}

void AddLogits(const PackedTokens& tokens, const std::vector<float>& logits, int64_t vocabulary,
               TensorFile* out) {
  for (size_t d = 0; d + 1 < tokens.document_starts.size(); ++d) {
    const int64_t begin = tokens.document_starts[d], rows = tokens.document_starts[d + 1] - begin;
    out->Add(absl::StrCat("logits.", d), {rows, vocabulary},
             absl::MakeSpan(logits).subspan(begin * vocabulary, rows * vocabulary));
  }
}

absl::Status AddGradients(const LogitsOptions& options, MatMulPrecision precision,
                          const PackedTokens& tokens, TensorFile* out) {
  ASSIGN_OR_RETURN(const ModelFolder folder, ModelFolder::Open(options.base));
  Transformer<float> transformer(folder.config(), precision, nullptr);
  RETURN_IF_ERROR(LoadWeights(folder, WeightStorage::kFloat32, &transformer));
  const TrainableWeights& weights = transformer.trainable();
  std::vector<float> gradient(weights.size());
  RETURN_IF_ERROR(transformer.AccumulateGradient(tokens, RandomKey(), gradient.data()).status());
  int64_t index = 0;
  for (const WeightSpec& spec : WeightSpecs(folder.config())) {
    out->Add("gradient." + spec.name, spec.shape,
             absl::MakeSpan(gradient).subspan(weights.OffsetOf(index++), spec.size));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RunLogits(const LogitsOptions& options) {
  if (options.gradients && !options.adapter.empty()) {
    return absl::InvalidArgumentError(
        "--gradients are those of the base's weights and do not go with --adapter");
  }
  ASSIGN_OR_RETURN(
      const MatMulPrecision precision,
      SupportedPrecision(options.precision == "bf16" ? v1::PRECISION_BF16 : v1::PRECISION_FLOAT32));
  ASSIGN_OR_RETURN(const PackedTokens tokens, ReadDocuments(options.tokens));
  TensorFile out;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<InferenceModel> model,
                     InferenceModel::Open(options.base, options.adapter, precision));
    ASSIGN_OR_RETURN(const std::vector<float> logits, model->Logits(tokens));
    AddLogits(tokens, logits, model->config().vocab_size, &out);
    ASSIGN_OR_RETURN(const double loss, model->Loss(tokens));
    out.Add("loss", {1}, {static_cast<float>(loss)});
  }
  if (options.gradients) RETURN_IF_ERROR(AddGradients(options, precision, tokens, &out));
  return out.Write(options.output);
}

}  // namespace ropewalk
