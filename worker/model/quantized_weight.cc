#include "worker/model/quantized_weight.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "nlohmann/json.hpp"
#include "services/common/status_macros.h"
#include "worker/model/strict_json.h"
#include "worker/ops/int8_matrix.h"
#include "worker/ops/nf4.h"
#include "worker/ops/nf4_matrix.h"
#include "worker/tensor/dynamic_map.h"

namespace ropewalk {
namespace {

using Tensors = std::map<std::string, TensorView>;

template <typename T>
std::vector<T> Copy(const TensorView& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

// Takes the tensors that belong to one weight.
class Collector {
 public:
  Collector(const Tensors& tensors, QuantizedWeight* weight) : tensors_(tensors), weight_(weight) {}

  bool Has(const std::string& name) const { return tensors_.contains(name); }

  absl::Status Take(const std::string& name, Dtype dtype, const std::vector<int64_t>& shape,
                    TensorView* out) {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return Error(name, "is missing");
    if (found->second.dtype != dtype || found->second.shape != shape) {
      return Error(name, absl::StrCat("is ", DtypeName(found->second.dtype), " ",
                                      ShapeToString(found->second.shape), "; it should be ",
                                      DtypeName(dtype), " ", ShapeToString(shape)));
    }
    *out = found->second;
    weight_->names.push_back(name);
    return absl::OkStatus();
  }

  static absl::Status Error(const std::string& name, const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("tensor '", name, "' ", what));
  }

  const TensorView& tensor(const std::string& name) const { return tensors_.at(name); }

 private:
  const Tensors& tensors_;
  QuantizedWeight* const weight_;
};

absl::Status Find8Bit(const WeightSpec& spec, Collector* collector, QuantizedWeight* weight) {
  const std::string module(absl::StripSuffix(spec.name, "weight"));
  RETURN_IF_ERROR(collector->Take(spec.name, Dtype::kI8, spec.shape, &weight->codes));
  RETURN_IF_ERROR(collector->Take(module + "SCB", Dtype::kF32, {weight->rows}, &weight->scales));
  const std::string format = module + "weight_format";
  if (!collector->Has(format)) return absl::OkStatus();
  TensorView view;
  RETURN_IF_ERROR(collector->Take(format, Dtype::kU8, {}, &view));
  if (view.bytes[0] == 0) return absl::OkStatus();
  return Collector::Error(format, absl::StrCat("is ", static_cast<int>(view.bytes[0]),
                                               "; only 0, rows in order, is read"));
}

absl::Status CheckState(const std::string& name, const nlohmann::json& state,
                        const WeightSpec& spec, bool nested) {
  const auto expect = [&](const char* key, const nlohmann::json& value) {
    const auto found = state.find(key);
    if (found != state.end() && *found == value) return absl::OkStatus();
    return Collector::Error(
        name, absl::StrCat("says '", key, "' is ", found == state.end() ? "absent" : found->dump(),
                           "; only ", value.dump(), " is read"));
  };
  RETURN_IF_ERROR(expect("quant_type", "nf4"));
  RETURN_IF_ERROR(expect("blocksize", kNf4Block));
  RETURN_IF_ERROR(expect("shape", spec.shape));
  if (!nested) return absl::OkStatus();
  RETURN_IF_ERROR(expect("nested_blocksize", DynamicMap::kBlock));
  return expect("nested_dtype", "float32");
}

// The JSON that bitsandbytes keeps in a tensor.
absl::Status ReadState(const WeightSpec& spec, bool nested, Collector* collector,
                       QuantizedWeight* weight) {
  const std::string name = spec.name + ".quant_state.bitsandbytes__nf4";
  if (!collector->Has(name)) return Collector::Error(name, "is missing");
  const auto size = static_cast<int64_t>(collector->tensor(name).bytes.size());
  TensorView view;
  RETURN_IF_ERROR(collector->Take(name, Dtype::kU8, {size}, &view));
  ASSIGN_OR_RETURN(const nlohmann::json state, ParseStrictJson(view.bytes, name));
  RETURN_IF_ERROR(CheckState(name, state, spec, nested));
  if (!nested) return absl::OkStatus();
  const auto offset = state.find("nested_offset");
  if (offset == state.end() || !offset->is_number()) {
    return Collector::Error(name, "has no number 'nested_offset'");
  }
  weight->nested_offset = offset->get<float>();
  return absl::OkStatus();
}

absl::Status Find4Bit(const WeightSpec& spec, Collector* collector, QuantizedWeight* weight) {
  const int64_t bytes = Nf4Bytes(spec.size), blocks = Nf4Blocks(spec.size);
  const int64_t nested_blocks = (blocks + DynamicMap::kBlock - 1) / DynamicMap::kBlock;
  const std::string absmax = spec.name + ".absmax", map = spec.name + ".quant_map";
  const bool nested = collector->Has(spec.name + ".nested_absmax");
  RETURN_IF_ERROR(collector->Take(spec.name, Dtype::kU8, {bytes, 1}, &weight->codes));
  RETURN_IF_ERROR(ReadState(spec, nested, collector, weight));
  TensorView values;
  RETURN_IF_ERROR(collector->Take(map, Dtype::kF32, {16}, &values));
  if (!std::ranges::equal(Copy<float>(values), kNf4Values)) {
    return Collector::Error(map, "does not hold the 16 numbers of NF4");
  }
  const Dtype dtype = nested ? Dtype::kU8 : Dtype::kF32;
  RETURN_IF_ERROR(collector->Take(absmax, dtype, {blocks}, &weight->scales));
  if (!nested) return absl::OkStatus();
  RETURN_IF_ERROR(collector->Take(spec.name + ".nested_absmax", Dtype::kF32, {nested_blocks},
                                  &weight->nested_scales));
  return collector->Take(spec.name + ".nested_quant_map", Dtype::kF32, {256}, &weight->nested_map);
}

Nf4Scales ScalesOf(const QuantizedWeight& weight) {
  if (weight.nested_scales.bytes.empty()) return Nf4Scales(Copy<float>(weight.scales));
  return Nf4Scales(Nf4Scales::Quantized{Copy<uint8_t>(weight.scales),
                                        Copy<float>(weight.nested_scales),
                                        Copy<float>(weight.nested_map), weight.nested_offset});
}

}  // namespace

absl::StatusOr<QuantizedWeight> FindQuantizedWeight(
    Quantization kind, const WeightSpec& spec, const std::map<std::string, TensorView>& tensors) {
  QuantizedWeight weight;
  weight.kind = kind;
  weight.rows = spec.shape[0];
  weight.columns = spec.shape[1];
  Collector collector(tensors, &weight);
  RETURN_IF_ERROR(kind == Quantization::k8Bit ? Find8Bit(spec, &collector, &weight)
                                              : Find4Bit(spec, &collector, &weight));
  return weight;
}

std::unique_ptr<const StoredMatrix> LoadQuantizedWeight(const QuantizedWeight& weight) {
  if (weight.kind == Quantization::k8Bit) {
    return std::make_unique<Int8Matrix>(Copy<int8_t>(weight.codes), Copy<float>(weight.scales));
  }
  return std::make_unique<Nf4Matrix>(weight.rows, weight.columns, Copy<uint8_t>(weight.codes),
                                     ScalesOf(weight));
}

}  // namespace ropewalk
