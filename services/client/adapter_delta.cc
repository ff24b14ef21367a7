#include "services/client/adapter_delta.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/files.h"
#include "services/common/safetensors_header.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr char kA[] = ".lora_A.weight";
constexpr char kB[] = ".lora_B.weight";

// IEEE 754 binary16.
float FromHalf(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int mantissa = bits & 1023;
  const float sign = bits >> 15 ? -1.0f : 1.0f;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31) return mantissa == 0 ? sign * INFINITY : NAN;
  return sign * std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
}

float FromBfloat16(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

absl::StatusOr<std::vector<float>> Decode(const TensorInfo& tensor, absl::string_view data) {
  const absl::string_view bytes = data.substr(tensor.begin, tensor.end - tensor.begin);
  const size_t element = tensor.type == "F32" ? 4 : 2;
  std::vector<float> values(bytes.size() / element);
  if (tensor.type == "F32") {
    std::memcpy(values.data(), bytes.data(), values.size() * element);
    return values;
  }
  if (tensor.type != "F16" && tensor.type != "BF16") {
    return absl::InvalidArgumentError(
        absl::StrCat("tensors of type ", tensor.type, " are not compared; F32, F16 and BF16 are"));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes.data() + i * element, sizeof(bits));
    values[i] = tensor.type == "F16" ? FromHalf(bits) : FromBfloat16(bits);
  }
  return values;
}

// As PEFT matches rank_pattern and alpha_pattern: the first key that a module's name ends with.
absl::StatusOr<double> AlphaOf(const nlohmann::json& config, const std::string& module) {
  const auto patterns = config.find("alpha_pattern");
  if (patterns != config.end() && patterns->is_object()) {
    for (const auto& [key, alpha] : patterns->items()) {
      try {
        const std::regex pattern(absl::StrCat("(.*\\.)?(", key, ")"));
        if (alpha.is_number() && std::regex_match(module, pattern)) return alpha.get<double>();
      } catch (const std::regex_error& error) {
        return absl::InvalidArgumentError(
            absl::StrCat("alpha_pattern has '", key, "', which is no pattern: ", error.what()));
      }
    }
  }
  const auto alpha = config.find("lora_alpha");
  if (alpha != config.end() && alpha->is_number()) return alpha->get<double>();
  return absl::InvalidArgumentError("adapter_config.json has no lora_alpha");
}

absl::StatusOr<nlohmann::json> ReadConfig(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/adapter_config.json"));
  nlohmann::json config = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object() || config.value("peft_type", nlohmann::json()) != "LORA") {
    return absl::InvalidArgumentError(absl::StrCat(folder, " is no LoRA adapter"));
  }
  if (config.value("use_dora", nlohmann::json()) == true) {
    return absl::UnimplementedError(
        absl::StrCat(folder, " is a DoRA adapter, whose changes are not products of two factors"));
  }
  return config;
}

// The tensors of a file and the bytes that they lie in.
struct Tensors {
  TensorsByName by_name;
  std::string file;
  int64_t data_begin = 0;

  absl::string_view data() const { return absl::string_view(file).substr(data_begin); }
};

absl::StatusOr<Tensors> ReadTensors(const std::string& path) {
  Tensors tensors;
  ASSIGN_OR_RETURN(tensors.file, ReadFile(path));
  const int64_t size = static_cast<int64_t>(tensors.file.size());
  ASSIGN_OR_RETURN(const int64_t length, ParseHeaderLength(tensors.file, size));
  const absl::string_view header =
      absl::string_view(tensors.file).substr(kHeaderLengthBytes, length);
  ASSIGN_OR_RETURN(tensors.by_name, ParseSafetensorsHeader(header, size));
  tensors.data_begin = kHeaderLengthBytes + length;
  return tensors;
}

absl::StatusOr<LoraFactors> ReadFactors(const Tensors& tensors, const std::string& stem,
                                        const nlohmann::json& config, const std::string& module) {
  const TensorInfo& a = tensors.by_name.at(stem + kA);
  const auto b = tensors.by_name.find(stem + kB);
  const bool good = b != tensors.by_name.end() && a.shape.size() == 2 &&
                    b->second.shape.size() == 2 && a.shape[0] == b->second.shape[1];
  if (!good) return absl::InvalidArgumentError(absl::StrCat(module, ": A and B are no pair"));
  LoraFactors factors;
  factors.rank = a.shape[0];
  ASSIGN_OR_RETURN(const double alpha, AlphaOf(config, module));
  const bool root = config.value("use_rslora", nlohmann::json()) == true;
  const double rank = static_cast<double>(factors.rank);
  factors.scale = alpha / (root ? std::sqrt(rank) : rank);
  ASSIGN_OR_RETURN(factors.a, Decode(a, tensors.data()));
  ASSIGN_OR_RETURN(factors.b, Decode(b->second, tensors.data()));
  const bool whole = static_cast<int64_t>(factors.a.size()) == a.shape[0] * a.shape[1] &&
                     static_cast<int64_t>(factors.b.size()) == b->second.shape[0] * factors.rank;
  if (whole) return factors;
  return absl::InvalidArgumentError(absl::StrCat(module, ": a tensor's bytes are not its shape's"));
}

// Rows of A with each other.
double RowProduct(const LoraFactors& x, int64_t i, const LoraFactors& y, int64_t j) {
  const int64_t in = static_cast<int64_t>(x.a.size()) / x.rank;
  double sum = 0;
  for (int64_t k = 0; k < in; ++k) {
    sum += static_cast<double>(x.a[i * in + k]) * y.a[j * in + k];
  }
  return sum;
}

// Columns of B with each other.
double ColumnProduct(const LoraFactors& x, int64_t i, const LoraFactors& y, int64_t j) {
  const int64_t out = static_cast<int64_t>(x.b.size()) / x.rank;
  double sum = 0;
  for (int64_t k = 0; k < out; ++k) {
    sum += static_cast<double>(x.b[k * x.rank + i]) * y.b[k * y.rank + j];
  }
  return sum;
}

bool SameShape(const LoraFactors& x, const LoraFactors& y) {
  return x.a.size() * y.rank == y.a.size() * x.rank && x.b.size() * y.rank == y.b.size() * x.rank;
}

// Squares and inner product of two differences.
struct Products {
  double aa = 0, bb = 0, ab = 0;

  DeltaDifference Finish(const std::string& module) const {
    DeltaDifference difference{module, std::sqrt(aa), std::sqrt(bb)};
    difference.distance = std::sqrt(std::max(0.0, aa + bb - 2 * ab));
    if (aa > 0 && bb > 0) difference.cosine = ab / (difference.norm_a * difference.norm_b);
    return difference;
  }
};

absl::StatusOr<Products> Multiply(const std::string& module, const LoraModules& a,
                                  const LoraModules& b) {
  Products products;
  const auto x = a.find(module), y = b.find(module);
  if (x != a.end()) products.aa = InnerProduct(x->second, x->second);
  if (y != b.end()) products.bb = InnerProduct(y->second, y->second);
  if (x == a.end() || y == b.end()) return products;
  if (!SameShape(x->second, y->second)) {
    return absl::InvalidArgumentError(absl::StrCat(
        module, " has different shapes in the two adapters; are their bases the same?"));
  }
  products.ab = InnerProduct(x->second, y->second);
  return products;
}

}  // namespace

absl::StatusOr<LoraModules> ReadLora(const std::string& folder) {
  ASSIGN_OR_RETURN(const nlohmann::json config, ReadConfig(folder));
  ASSIGN_OR_RETURN(const Tensors tensors, ReadTensors(folder + "/adapter_model.safetensors"));
  LoraModules modules;
  for (const auto& [name, tensor] : tensors.by_name) {
    absl::string_view stem = name;
    if (!absl::ConsumeSuffix(&stem, kA)) continue;
    const std::string module(absl::StripPrefix(stem, "base_model.model."));
    ASSIGN_OR_RETURN(modules[module], ReadFactors(tensors, std::string(stem), config, module));
  }
  return modules;
}

double InnerProduct(const LoraFactors& x, const LoraFactors& y) {
  double sum = 0;
  for (int64_t i = 0; i < x.rank; ++i) {
    for (int64_t j = 0; j < y.rank; ++j) sum += ColumnProduct(x, i, y, j) * RowProduct(x, i, y, j);
  }
  return x.scale * y.scale * sum;
}

absl::StatusOr<std::vector<DeltaDifference>> CompareDeltas(const LoraModules& a,
                                                           const LoraModules& b) {
  std::set<std::string> modules;
  for (const LoraModules* const adapter : {&a, &b}) {
    for (const auto& [module, factors] : *adapter) modules.insert(module);
  }
  std::vector<DeltaDifference> differences;
  Products all;
  for (const std::string& module : modules) {
    ASSIGN_OR_RETURN(const Products products, Multiply(module, a, b));
    differences.push_back(products.Finish(module));
    all.aa += products.aa;
    all.bb += products.bb;
    all.ab += products.ab;
  }
  differences.push_back(all.Finish("(all)"));
  return differences;
}

}  // namespace ropewalk
