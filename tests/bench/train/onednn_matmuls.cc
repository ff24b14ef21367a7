#include "tests/bench/train/onednn_matmuls.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <unordered_map>
#include <utility>

#include "worker/model/weight_specs.h"

namespace ropewalk {
namespace {

using dnnl::memory;

constexpr int64_t kOutputRows = 1024;
constexpr int kCalls = 7;

// Small numbers of both signs with random digits, of either type: the upper bits make them so.
void FillRandomly(const memory& target, bool bfloat16) {
  std::mt19937 random(1);
  char* const bytes = static_cast<char*>(target.get_data_handle());
  const size_t size = bfloat16 ? 2 : 4;
  for (size_t at = 0; at + size <= target.get_desc().get_size(); at += size) {
    const uint32_t bits = 0x3c000000 | (random() & 0x807fffff);
    std::memcpy(bytes + at, reinterpret_cast<const char*>(&bits) + (4 - size), size);
  }
}

double MedianSeconds(const dnnl::matmul& primitive, dnnl::stream* stream,
                     const std::unordered_map<int, memory>& arguments) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (int call = 0; call <= kCalls; ++call) {
    const Clock::time_point start = Clock::now();
    primitive.execute(*stream, arguments);
    stream->wait();
    if (call > 0) seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kCalls / 2, seconds.end());
  return seconds[kCalls / 2];
}

// Adds to the shape that is there already, if it is.
void Add(int64_t rows, int64_t in, int64_t out, double count, std::vector<MatMulShape>* shapes) {
  for (MatMulShape& shape : *shapes) {
    if (shape.rows != rows || shape.in != in || shape.out != out) continue;
    shape.count += count;
    return;
  }
  shapes->push_back({rows, in, out, count});
}

}  // namespace

double OneDnnSecondsOf(const MatMulShape& shape, bool bfloat16) {
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto type = bfloat16 ? memory::data_type::bf16 : memory::data_type::f32;
  const memory::desc x_desc({shape.rows, shape.in}, type, memory::format_tag::ab);
  const memory::desc w_desc({shape.in, shape.out}, type, memory::format_tag::any);
  const memory::desc y_desc({shape.rows, shape.out}, type, memory::format_tag::ab);
  const dnnl::matmul::primitive_desc descriptor(dnnl::matmul::desc(x_desc, w_desc, y_desc), engine);
  const memory x(x_desc, engine), w(descriptor.weights_desc(), engine), y(y_desc, engine);
  FillRandomly(x, bfloat16);
  FillRandomly(w, bfloat16);
  return MedianSeconds(dnnl::matmul(descriptor), &stream,
                       {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
}

std::vector<MatMulShape> FrozenMatMuls(const ModelConfig& config,
                                       const std::vector<BatchRows>& batches) {
  std::vector<MatMulShape> shapes;
  const std::vector<LinearPlace> places = LinearPlaces(config);
  for (const BatchRows& batch : batches) {
    for (size_t place = 0; place < places.size(); ++place) {
      const auto [in, out] = std::pair(places[place].in_size, places[place].out_size);
      Add(batch.tokens, in, out, 1, &shapes);
      const bool lowest = place < static_cast<size_t>(Linear::kOutput);
      if (!lowest) Add(batch.tokens, out, in, 1, &shapes);
    }
    const int64_t rows = std::min(batch.targets, kOutputRows);
    const double chunks = static_cast<double>(batch.targets) / rows;
    Add(rows, config.hidden_size, config.vocab_size, chunks, &shapes);
    Add(rows, config.vocab_size, config.hidden_size, chunks, &shapes);
  }
  return shapes;
}

double FlopsOf(const std::vector<MatMulShape>& shapes) {
  double flops = 0;
  for (const MatMulShape& shape : shapes) {
    flops += 2.0 * shape.rows * shape.in * shape.out * shape.count;
  }
  return flops;
}

double OneDnnSeconds(const std::vector<MatMulShape>& shapes, bool bfloat16) {
  double seconds = 0;
  for (const MatMulShape& shape : shapes) seconds += shape.count * OneDnnSecondsOf(shape, bfloat16);
  return seconds;
}

}  // namespace ropewalk
