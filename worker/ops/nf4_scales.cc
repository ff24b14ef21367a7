#include "worker/ops/nf4_scales.h"

#include <algorithm>
#include <utility>

#include "worker/tensor/dynamic_map.h"

namespace ropewalk {
namespace {

float Mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return static_cast<float>(sum / values.size());
}

}  // namespace

Nf4Scales::Nf4Scales(std::vector<float> scales) : plain_(std::move(scales)) {}
Nf4Scales::Nf4Scales(Quantized quantized) : quantized_(std::move(quantized)) {}

Nf4Scales::Quantized Nf4Scales::Quantize(const std::vector<float>& scales) {
  return Quantize(scales, Mean(scales));
}

Nf4Scales::Quantized Nf4Scales::Quantize(const std::vector<float>& scales, float offset) {
  const DynamicMap& map = DynamicMap::Signed();
  Quantized result;
  result.map.assign(map.values().begin(), map.values().end());
  result.offset = offset;
  result.codes.resize(scales.size());
  std::vector<float> centred(scales);
  for (float& scale : centred) scale -= offset;
  for (size_t first = 0; first < scales.size(); first += DynamicMap::kBlock) {
    const int64_t count = std::min<int64_t>(DynamicMap::kBlock, scales.size() - first);
    map.Quantize(count, centred.data() + first, result.codes.data() + first,
                 &result.absmax.emplace_back());
  }
  return result;
}

void Nf4Scales::Read(int64_t first, int64_t n, float* out) const {
  if (!quantized()) {
    std::copy_n(plain_.begin() + first, n, out);
    return;
  }
  const Quantized& q = quantized_;
  for (int64_t i = 0; i < n; ++i) {
    const float centred = q.map[q.codes[first + i]] * q.absmax[(first + i) / DynamicMap::kBlock];
    out[i] = centred + q.offset;
  }
}

int64_t Nf4Scales::bytes() const {
  const int64_t floats = plain_.size() + quantized_.absmax.size() + quantized_.map.size();
  return floats * sizeof(float) + quantized_.codes.size();
}

}  // namespace ropewalk
