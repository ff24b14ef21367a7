#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

// The scale of each block of an NF4 array: as float32, or quantised themselves ("double
// quantisation" in QLoRA). Then a scale is offset + map[code] * absmax, one byte each and an absmax
// for 256 of them, as bitsandbytes lays them out: offset is the mean of the scales, and map the
// signed dynamic map of worker/tensor/dynamic_map.h. Const calls may run at the same time.
class Nf4Scales {
 public:
  // A quantised scale's parts, one code a scale and one absmax for each 256 of them, the last
  // perhaps for fewer.
  struct Quantized {
    std::vector<uint8_t> codes;
    std::vector<float> absmax;
    std::vector<float> map;  // [256]
    float offset = 0;
  };

  // Scales as they are.
  explicit Nf4Scales(std::vector<float> scales);
  explicit Nf4Scales(Quantized quantized);

  // The nearest number of the map, as bitsandbytes' CUDA kernels and its reference in PyTorch
  // choose it; its CPU library takes a neighbour of that for one scale in 700.
  static Quantized Quantize(const std::vector<float>& scales);
  static Quantized Quantize(const std::vector<float>& scales, float offset);

  // Scales [first, first + n), in float32.
  void Read(int64_t first, int64_t n, float* out) const;

  bool quantized() const { return plain_.empty(); }
  int64_t bytes() const;

 private:
  std::vector<float> plain_;
  Quantized quantized_;
};

}  // namespace ropewalk
