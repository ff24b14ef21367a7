#include "worker/ops/bfloat16_matmul.h"

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "worker/ops/linear_weight.h"
#include "worker/tensor/bfloat16.h"
#include "worker/tensor/parallel.h"
#include "worker/tensor/simd.h"

namespace ropewalk {
namespace {

using dnnl::memory;

// Rows that one thread multiplies at a time. Fixed: one primitive serves any number of rows, and
// the number of threads does not touch the bits.
constexpr int64_t kChunk = 64;

const dnnl::engine& Engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& Stream() {
  thread_local dnnl::stream stream(Engine());
  return stream;
}

ROPEWALK_SIMD void Round(int64_t n, const float* x, Bfloat16* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = ToBfloat16(x[i]);
}

// A thread's buffers for one chunk.
struct Buffers {
  std::vector<Bfloat16> x;
  std::vector<float> y;
  std::vector<uint8_t> scratchpad;
};

}  // namespace

struct Bfloat16Matrix::Product {
  memory::desc x_desc, y_desc;
  dnnl::matmul::primitive_desc descriptor;
  dnnl::matmul primitive;
  memory weights;

  Product(int64_t k, int64_t n)
      : x_desc({kChunk, k}, memory::data_type::bf16, memory::format_tag::ab),
        y_desc({kChunk, n}, memory::data_type::f32, memory::format_tag::ab) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const memory::desc any({k, n}, memory::data_type::bf16, memory::format_tag::any);
    descriptor =
        dnnl::matmul::primitive_desc(dnnl::matmul::desc(x_desc, any, y_desc), attributes, Engine());
    primitive = dnnl::matmul(descriptor);
    weights = memory(descriptor.weights_desc(), Engine());
  }

  void Multiply(Buffers* buffers) const {
    buffers->scratchpad.resize(std::max<size_t>(1, descriptor.scratchpad_desc().get_size()));
    primitive.execute(
        Stream(), {{DNNL_ARG_SRC, memory(x_desc, Engine(), buffers->x.data())},
                   {DNNL_ARG_WEIGHTS, weights},
                   {DNNL_ARG_DST, memory(y_desc, Engine(), buffers->y.data())},
                   {DNNL_ARG_SCRATCHPAD,
                    memory(descriptor.scratchpad_desc(), Engine(), buffers->scratchpad.data())}});
    Stream().wait();
  }
};

bool CpuHasBfloat16() {
  return dnnl::get_effective_cpu_isa() >= dnnl::cpu_isa::avx512_core_bf16 &&
         (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) &
          static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16)) ==
             static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
}

Bfloat16Matrix::Bfloat16Matrix(int64_t k, int64_t n)
    : k_(k), n_(n), product_(std::make_unique<Product>(k, n)) {}
Bfloat16Matrix::~Bfloat16Matrix() = default;

void Bfloat16Matrix::Pack(const float* w, Transpose transpose) {
  std::vector<Bfloat16> rounded(k_ * n_);
  Round(k_ * n_, w, rounded.data());
  const auto tag = transpose == Transpose::kYes ? memory::format_tag::ba : memory::format_tag::ab;
  memory plain({{k_, n_}, memory::data_type::bf16, tag}, Engine(), rounded.data());
  dnnl::reorder(plain, product_->weights).execute(Stream(), plain, product_->weights);
  Stream().wait();
}

void Bfloat16Matrix::LeftMultiply(int64_t rows, const float* x, float* y, bool accumulate) const {
  ParallelForEach((rows + kChunk - 1) / kChunk, [&](int64_t chunk) {
    thread_local Buffers buffers;
    const int64_t first = chunk * kChunk, count = std::min(kChunk, rows - first);
    buffers.x.assign(kChunk * k_, 0);
    buffers.y.resize(kChunk * n_);
    Round(count * k_, x + first * k_, buffers.x.data());
    product_->Multiply(&buffers);
    float* const out = y + first * n_;
    for (int64_t i = 0; i < count * n_; ++i) out[i] = (accumulate ? out[i] : 0.0f) + buffers.y[i];
  });
}

}  // namespace ropewalk
