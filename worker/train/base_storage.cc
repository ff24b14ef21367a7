#include "worker/train/base_storage.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/common/status_macros.h"
#include "worker/model/weight_specs.h"
#include "worker/tensor/float16.h"

namespace ropewalk {
namespace {

struct NamedStorage {
  const char* name;
  v1::BaseStorage choice;
  WeightStorage storage;
};

constexpr NamedStorage kStorages[] = {
    {"float32", v1::BASE_STORAGE_FLOAT32, WeightStorage::kFloat32},
    {"bf16", v1::BASE_STORAGE_BF16, WeightStorage::kBfloat16},
    {"float16", v1::BASE_STORAGE_FLOAT16, WeightStorage::kFloat16},
    {"int8", v1::BASE_STORAGE_INT8, WeightStorage::kInt8},
    {"nf4", v1::BASE_STORAGE_NF4, WeightStorage::kNf4},
};

WeightStorage Doubled(WeightStorage storage, bool double_quantization) {
  const bool nf4 = storage == WeightStorage::kNf4;
  return nf4 && double_quantization ? WeightStorage::kNf4Double : storage;
}

// What rounding to `storage` would turn into something else altogether.
absl::Status CheckRange(const WeightSpec& spec, WeightStorage storage,
                        absl::Span<const float> values) {
  float largest = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tensor '", spec.name, "' has a number that is not finite and cannot be quantised"));
    }
    largest = std::max(largest, std::abs(value));
  }
  const bool halves = storage == WeightStorage::kFloat16 || storage == WeightStorage::kInt8;
  if (!halves || largest <= kMaxFloat16) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("tensor '", spec.name, "' has the number ", largest, ", beyond float16's ",
                   kMaxFloat16, ", in which float16 and int8 are held; use bf16 or nf4"));
}

bool IsNf4(WeightStorage storage) {
  return storage == WeightStorage::kNf4 || storage == WeightStorage::kNf4Double;
}

// Whether a weight that the folder has as `had` is used as it is, or dequantised for `wanted`.
absl::StatusOr<bool> StaysAsItIs(WeightStorage had, WantedStorage wanted) {
  if (!wanted.has_value() || *wanted == had || (IsNf4(*wanted) && IsNf4(had))) return true;
  if (*wanted != WeightStorage::kInt8 && !IsNf4(*wanted)) return false;
  return absl::InvalidArgumentError(absl::StrCat(
      "the base is quantised as ", IsNf4(had) ? "nf4" : "int8",
      " already, and base_storage would quantise it a second time; leave it out, or use float32, "
      "bf16 or float16"));
}

// Whether a weight is held just as the file has it: bfloat16 numbers are what float32 and bfloat16
// products want, float32 numbers those of float32.
bool StaysMapped(const WeightSpec& spec, const StoredMatrix& mapped, WeightStorage wanted) {
  if (mapped.storage() == wanted) return true;
  const bool whole =
      wanted == WeightStorage::kFloat32 || !absl::EndsWith(spec.name, "_proj.weight");
  return whole && mapped.storage() == WeightStorage::kBfloat16;
}

}  // namespace

WantedStorage WantedStorageOf(const v1::Lora& lora) {
  for (const NamedStorage& known : kStorages) {
    if (known.choice != lora.base_storage()) continue;
    return Doubled(known.storage, !lora.has_double_quantization() || lora.double_quantization());
  }
  return std::nullopt;
}

absl::StatusOr<WantedStorage> ParseWantedStorage(const std::string& text,
                                                 bool double_quantization) {
  if (text.empty()) return std::nullopt;
  for (const NamedStorage& known : kStorages) {
    if (text == known.name) return Doubled(known.storage, double_quantization);
  }
  return absl::InvalidArgumentError(absl::StrCat("the base storage '", text,
                                                 "' is not known; allowed are float32, bf16, "
                                                 "float16, int8 and nf4"));
}

absl::Status CheckHoldsFloat32(const ModelFolder& folder, WantedStorage storage,
                               absl::string_view what) {
  const bool whole =
      folder.config().quantization == Quantization::kNone || storage == WeightStorage::kFloat32;
  if (whole && storage.value_or(WeightStorage::kFloat32) == WeightStorage::kFloat32) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      what, " computes with the base's weights themselves; it needs base_storage float32"));
}

absl::Status CheckTrainsHeldWeights(const ModelFolder& folder, WantedStorage storage,
                                    const BaseWeights& weights) {
  const std::vector<WeightSpec> specs = WeightSpecs(folder.config());
  for (const int64_t index : weights.indices) {
    if (!absl::EndsWith(specs[index].name, "_proj.weight")) continue;
    RETURN_IF_ERROR(CheckHoldsFloat32(folder, storage,
                                      absl::StrCat("modules_to_save with ", specs[index].name)));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status LoadWeights(const ModelFolder& folder, WantedStorage storage,
                         Transformer<T>* transformer) {
  const std::vector<WeightSpec> specs = WeightSpecs(folder.config());
  const WeightStorage held = storage.value_or(WeightStorage::kFloat32);
  std::vector<float> values;
  for (size_t index = 0; index < specs.size(); ++index) {
    const WeightSpec& spec = specs[index];
    if (auto stored = folder.ReadStored(spec); stored != nullptr) {
      ASSIGN_OR_RETURN(const bool as_it_is, StaysAsItIs(stored->storage(), storage));
      if (as_it_is) {
        transformer->AdoptWeight(index, std::move(stored));
        continue;
      }
    }
    if (auto mapped = folder.Map(spec); mapped != nullptr && StaysMapped(spec, *mapped, held)) {
      transformer->AdoptWeight(index, std::move(mapped));
      continue;
    }
    values.resize(spec.size);
    folder.ReadWeight(spec, absl::MakeSpan(values));
    if (held != WeightStorage::kFloat32) RETURN_IF_ERROR(CheckRange(spec, held, values));
    transformer->SetWeight(index, values);
    folder.Release(spec);
  }
  return absl::OkStatus();
}

template absl::Status LoadWeights(const ModelFolder&, WantedStorage, Transformer<float>*);
template absl::Status LoadWeights(const ModelFolder&, WantedStorage, Transformer<Bfloat16>*);

}  // namespace ropewalk
