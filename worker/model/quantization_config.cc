#include "worker/model/quantization_config.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;

constexpr absl::string_view kKnownKeys[] = {
    "quant_method",
    "load_in_4bit",
    "load_in_8bit",
    "_load_in_4bit",
    "_load_in_8bit",
    "bnb_4bit_compute_dtype",
    "bnb_4bit_quant_storage",
    "bnb_4bit_quant_type",
    "bnb_4bit_use_double_quant",
    "llm_int8_enable_fp32_cpu_offload",
    "llm_int8_has_fp16_weight",
    "llm_int8_skip_modules",
    "llm_int8_threshold",
    "modules_to_not_convert",
};

absl::Status CheckKeys(const ConfigReader& reader) {
  for (const auto& [key, value] : reader.json().items()) {
    if (std::find(std::begin(kKnownKeys), std::end(kKnownKeys), key) != std::end(kKnownKeys)) {
      continue;
    }
    return reader.Error("'quantization_config' has the key '", key,
                        "', which is not known and may change the numbers");
  }
  return absl::OkStatus();
}

absl::Status CheckMethod(const ConfigReader& reader) {
  const Json& method = reader.Get("quant_method");
  if (method.is_null() || method == "bitsandbytes") return absl::OkStatus();
  return reader.Error("'quantization_config' has the quant_method ", method.dump(),
                      ", which is not supported; only \"bitsandbytes\", with load_in_8bit or, as "
                      "nf4, load_in_4bit; or start from the model that is not quantised");
}

// A key that, where it is given, must have this value.
absl::Status CheckIs(const ConfigReader& reader, absl::string_view key, absl::string_view only) {
  const Json& value = reader.Get(key);
  if (value.is_null() || value == std::string(only)) return absl::OkStatus();
  return reader.Error("'quantization_config' has the ", key, " ", value.dump(),
                      ", which is not supported; only \"", only, "\"");
}

absl::StatusOr<Quantization> BitsOf(const ConfigReader& reader) {
  bool four = false, eight = false;
  RETURN_IF_ERROR(reader.Bool("load_in_4bit", &four));
  RETURN_IF_ERROR(reader.Bool("load_in_8bit", &eight));
  if (four == eight) {
    return reader.Error("'quantization_config' sets not just one of load_in_4bit and load_in_8bit");
  }
  return four ? Quantization::k4Bit : Quantization::k8Bit;
}

}  // namespace

absl::StatusOr<Quantization> ReadQuantization(const ConfigReader& config) {
  const Json& json = config.Get("quantization_config");
  if (json.is_null()) return Quantization::kNone;
  if (!json.is_object()) {
    return config.Error("'quantization_config' is ", json.dump(), ", not an object");
  }
  const ConfigReader reader(json, config.file());
  RETURN_IF_ERROR(CheckMethod(reader));
  RETURN_IF_ERROR(CheckKeys(reader));
  ASSIGN_OR_RETURN(const Quantization result, BitsOf(reader));
  if (result == Quantization::k8Bit) return result;
  if (reader.Get("bnb_4bit_quant_type").is_null()) {
    return reader.Error(
        "'quantization_config' has no bnb_4bit_quant_type, which then is fp4; only "
        "\"nf4\" is supported");
  }
  RETURN_IF_ERROR(CheckIs(reader, "bnb_4bit_quant_type", "nf4"));
  RETURN_IF_ERROR(CheckIs(reader, "bnb_4bit_quant_storage", "uint8"));
  return result;
}

}  // namespace ropewalk
