#include "tests/bench/train/step_matmuls.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <oneapi/dnnl/dnnl.hpp>
#include <random>
#include <tuple>
#include <utility>

#include "worker/model/weight_specs.h"
#include "worker/ops/linear_weight.h"

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

// Of several calls after one that is not counted.
template <typename Call>
double MedianSeconds(Call call) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (int i = 0; i <= kCalls; ++i) {
    const Clock::time_point start = Clock::now();
    call();
    if (i > 0) seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + kCalls / 2, seconds.end());
  return seconds[kCalls / 2];
}

// Small numbers of both signs.
template <typename T>
std::vector<T> RandomNumbers(int64_t n) {
  std::mt19937 random(1);
  std::vector<T> numbers(n);
  for (T& x : numbers) x = Narrow<T>((static_cast<int>(random() % 2001) - 1000) * 1e-4f);
  return numbers;
}

template <typename T>
double OwnSecondsOf(const MatMulShape& shape, MatMulPrecision precision) {
  const int64_t out = shape.backward ? shape.in : shape.out;
  const int64_t in = shape.backward ? shape.out : shape.in;
  LinearWeight<T> weight(out, in, precision);
  weight.Adopt(StoreMatrix(WeightStorage::kBfloat16, out, in,
                           RandomNumbers<float>(shape.in * shape.out).data()));
  const std::vector<T> x = RandomNumbers<T>(shape.rows * shape.in);
  std::vector<T> y(shape.rows * shape.out);
  return MedianSeconds([&] {
    if (shape.backward) {
      weight.BackwardInput(shape.rows, x.data(), y.data(), /*accumulate=*/false);
    } else {
      weight.Forward(shape.rows, x.data(), y.data());
    }
  });
}

// Adds to the shape that is there already, if it is.
void Add(const MatMulShape& added, std::vector<MatMulShape>* shapes) {
  const auto key = [](const MatMulShape& s) { return std::tuple(s.rows, s.in, s.out, s.backward); };
  for (MatMulShape& shape : *shapes) {
    if (key(shape) != key(added)) continue;
    shape.count += added.count;
    return;
  }
  shapes->push_back(added);
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
  const dnnl::matmul primitive(descriptor);
  return MedianSeconds([&] {
    primitive.execute(stream, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    stream.wait();
  });
}

std::vector<MatMulShape> FrozenMatMuls(const ModelConfig& config,
                                       const std::vector<BatchRows>& batches) {
  std::vector<MatMulShape> shapes;
  const std::vector<LinearPlace> places = LinearPlaces(config);
  for (const BatchRows& batch : batches) {
    for (size_t place = 0; place < places.size(); ++place) {
      const auto [in, out] = std::pair(places[place].in_size, places[place].out_size);
      Add({batch.tokens, in, out, false, 1}, &shapes);
      const bool lowest = place < static_cast<size_t>(Linear::kOutput);
      if (!lowest) Add({batch.tokens, out, in, true, 1}, &shapes);
    }
    const int64_t rows = std::min(batch.targets, kOutputRows);
    const double chunks = static_cast<double>(batch.targets) / rows;
    Add({rows, config.hidden_size, config.vocab_size, false, chunks}, &shapes);
    Add({rows, config.vocab_size, config.hidden_size, true, chunks}, &shapes);
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

MatMulSeconds MeasureMatMuls(const std::vector<MatMulShape>& shapes, bool bfloat16) {
  MatMulSeconds seconds;
  for (const MatMulShape& shape : shapes) {
    seconds.onednn += shape.count * OneDnnSecondsOf(shape, bfloat16);
    seconds.own +=
        shape.count * (bfloat16 ? OwnSecondsOf<Bfloat16>(shape, MatMulPrecision::kBfloat16)
                                : OwnSecondsOf<float>(shape, MatMulPrecision::kFull));
  }
  return seconds;
}

}  // namespace ropewalk
