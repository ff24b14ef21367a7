#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/model/quantization_config.h"
#include "worker/model/safetensors.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/stored_matrix.h"

namespace ropewalk {

// A linear layer's matrix [out, in] as bitsandbytes writes it into a checkpoint: a tensor of codes
// in place of the weight, and tensors beside it. Bytes belong to someone else.
//
// 8 bits: M.weight (I8 [out, in]) and M.SCB (F32 [out]), the largest magnitude of each row; perhaps
// M.weight_format, 0 for rows in order.
// 4 bits: M.weight (U8 [out * in / 2, 1]), and beside it M.weight.absmax (F32 [blocks]),
// M.weight.quant_map (F32 [16]) and M.weight.quant_state.bitsandbytes__nf4, the rest as JSON. With
// double quantisation absmax is U8 and has M.weight.nested_absmax and M.weight.nested_quant_map.
struct QuantizedWeight {
  Quantization kind = Quantization::kNone;
  int64_t rows = 0;
  int64_t columns = 0;
  TensorView codes;
  TensorView scales;
  TensorView nested_scales;  // without bytes unless the scales are quantised
  TensorView nested_map;
  float nested_offset = 0;
  std::vector<std::string> names;  // of all tensors that belong to it
};

// Finds the tensors of a weight and checks them: dtypes, shapes, block sizes and maps.
// INVALID_ARGUMENT: not as above, with the tensor's name.
absl::StatusOr<QuantizedWeight> FindQuantizedWeight(
    Quantization kind, const WeightSpec& spec, const std::map<std::string, TensorView>& tensors);

// The matrix, with a copy of the codes as they are.
std::unique_ptr<const StoredMatrix> LoadQuantizedWeight(const QuantizedWeight& weight);

}  // namespace ropewalk
