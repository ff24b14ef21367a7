#include "tests/bench/train/random_model.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "nlohmann/json.hpp"
#include "services/common/status_macros.h"
#include "worker/model/config.h"
#include "worker/model/float_tensor.h"
#include "worker/model/weight_specs.h"
#include "worker/tensor/philox.h"

namespace ropewalk {
namespace {

// The file's head: where each tensor lies in what follows it.
std::string SafetensorsHead(const std::vector<WeightSpec>& specs) {
  nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
  int64_t offset = 0;
  for (const WeightSpec& spec : specs) {
    const int64_t end = offset + spec.size * DtypeSize(Dtype::kBF16);
    header[spec.name] = {
        {"dtype", DtypeName(Dtype::kBF16)}, {"shape", spec.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t size = text.size();
  return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + text;
}

std::vector<float> RandomWeight(const WeightSpec& spec, uint64_t stream, float deviation) {
  std::vector<float> values(spec.size, spec.is_norm ? 1.0f : 0.0f);
  if (!spec.is_norm && !spec.is_bias) {
    FillNormal(/*seed=*/1, stream, deviation, values.data(), spec.size);
  }
  return values;
}

}  // namespace

absl::Status WriteRandomModel(const std::string& folder, const std::string& config_json) {
  ASSIGN_OR_RETURN(const ModelConfig config, ParseModelConfig(config_json, "config.json"));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::vector<WeightSpec> specs = WeightSpecs(config);
  std::ofstream file(folder + "/model.safetensors", std::ios::binary);
  file << SafetensorsHead(specs);
  for (size_t i = 0; i < specs.size(); ++i) {
    file << FromFloat32(RandomWeight(specs[i], i, config.initializer_range), Dtype::kBF16);
  }
  file.close();
  // Last, so that a folder with a config is a whole one.
  std::ofstream config_file(folder + "/config.json");
  config_file << config_json << "\n";
  config_file.close();
  if (file && config_file) return absl::OkStatus();
  return absl::InvalidArgumentError("cannot write the model to " + folder);
}

}  // namespace ropewalk
