#include "tests/golden/models/golden_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "worker/model/float_tensor.h"

namespace ropewalk::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kRoot[] = "tests/golden/models";
constexpr char kTokenizer[] = "examples/pretrain/untrained";

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::map<std::string, std::string> FilesOf(const fs::path& family, const fs::path& rope) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(family)) {
    if (entry.is_regular_file()) files[entry.path().filename()] = Read(entry.path());
  }
  files["config.json"] = Read(rope / "config.json");
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
    files[name] = Read(fs::path(kTokenizer) / name);
  }
  return files;
}

std::vector<float> FloatsOf(const TensorView& tensor) {
  std::vector<float> values(tensor.bytes.size() / DtypeSize(tensor.dtype));
  ToFloat32(tensor, absl::MakeSpan(values));
  return values;
}

}  // namespace

std::vector<std::string> GoldenModel::Names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot)) {
    if (entry.path().filename() != "expected.json") continue;
    names.push_back(fs::relative(entry.path().parent_path(), kRoot));
  }
  std::sort(names.begin(), names.end());
  return names;
}

GoldenModel::GoldenModel(const std::string& name)
    : root_(fs::path(kRoot) / fs::path(name).parent_path()) {
  const fs::path rope = fs::path(kRoot) / name;
  folder_ = std::make_unique<TemporaryFolder>(FilesOf(root_, rope));
  model_ = std::make_unique<ModelFolder>(ModelFolder::Open(folder()).value());
  expected_ = nlohmann::json::parse(Read(rope / "expected.json"));
  const std::string bytes = Read(rope / "expected.safetensors");
  const Safetensors content = ParseSafetensors(bytes, "expected.safetensors").value();
  logits_ = FloatsOf(content.tensors.at("logits"));
  for (const WeightSpec& spec : WeightSpecs(config())) {
    gradients_.push_back(FloatsOf(content.tensors.at("gradient." + spec.name)));
  }
}

template <typename T>
std::unique_ptr<Transformer<T>> GoldenModel::Load(MatMulPrecision precision) const {
  auto transformer = std::make_unique<Transformer<T>>(config(), precision, nullptr);
  int64_t index = 0;
  for (const WeightSpec& spec : WeightSpecs(config())) {
    std::vector<float> values(spec.size);
    model_->ReadWeight(spec, absl::MakeSpan(values));
    transformer->SetWeight(index++, values);
  }
  return transformer;
}

template std::unique_ptr<Transformer<float>> GoldenModel::Load(MatMulPrecision) const;
template std::unique_ptr<Transformer<Bfloat16>> GoldenModel::Load(MatMulPrecision) const;

std::vector<std::vector<int32_t>> GoldenDocuments() {
  return nlohmann::json::parse(Read(fs::path(kRoot) / "documents.json"))
      .get<std::vector<std::vector<int32_t>>>();
}

std::string GoldenRows() { return std::string(kRoot) + "/documents.jsonl"; }

double RelativeError(const std::vector<float>& values, const std::vector<float>& expected) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(static_cast<double>(values[i]) - expected[i], 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::sqrt(difference / norm);
}

}  // namespace ropewalk::testing
