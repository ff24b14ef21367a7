#include "worker/ops/lora.h"

#include <gtest/gtest.h>

#include "tests/testing/gradient_check.h"
#include "worker/ops/ops_testing.h"

namespace ropewalk {
namespace {

struct Case {
  int64_t rows;
  LoraShape shape;
};

const Case kCases[] = {{1, {1, 1, 1, 2.0}}, {5, {7, 3, 2, 0.5}}, {130, {33, 48, 16, 2.0}}};

template <typename T>
struct Tensors {
  explicit Tensors(const Case& c)
      : x(Convert<T>(RandomDoubles(c.rows * c.shape.in, 1))),
        a(Convert<T>(RandomDoubles(c.shape.rank * c.shape.in, 2))),
        b(Convert<T>(RandomDoubles(c.shape.out * c.shape.rank, 3))),
        y(Convert<T>(RandomDoubles(c.rows * c.shape.out, 4))),
        dy(Convert<T>(RandomDoubles(c.rows * c.shape.out, 5))),
        xa(Poisoned<T>(c.rows * c.shape.rank)),
        workspace(Poisoned<T>(c.rows * c.shape.rank)),
        da(a.size(), 0),
        db(b.size(), 0),
        dx(x.size(), 0) {}
  std::vector<T> x, a, b, y, dy, xa, workspace, da, db, dx;
};

template <typename T>
Tensors<T> RunOp(const Case& c) {
  Tensors<T> t(c);
  LoraForward(c.shape, c.rows, t.x.data(), t.a.data(), t.b.data(), t.xa.data(), t.y.data());
  LoraBackward(c.shape, c.rows, t.x.data(), t.xa.data(), t.dy.data(), t.a.data(), t.b.data(),
               t.workspace.data(), t.da.data(), t.db.data(), t.dx.data());
  return t;
}

TEST(Lora, AddsTheLowRankProduct) {
  const LoraShape shape{2, 1, 1, 10.0};
  const std::vector<double> x = {1, 2}, a = {3, 4}, b = {5};
  std::vector<double> xa(1), y = {7};
  LoraForward(shape, 1, x.data(), a.data(), b.data(), xa.data(), y.data());
  EXPECT_DOUBLE_EQ(y[0], 7 + 10.0 * (1 * 3 + 2 * 4) * 5);
}

TEST(Lora, GradientsAreThoseOfTheForwardPass) {
  for (const Case& c : kCases) {
    Tensors<double> t = RunOp<double>(c);
    const auto loss = [&] {
      std::vector<double> y(t.y.size(), 0.0), xa = Poisoned<double>(t.xa.size());
      LoraForward(c.shape, c.rows, t.x.data(), t.a.data(), t.b.data(), xa.data(), y.data());
      return WeightedSum(t.dy, y);
    };
    ExpectGradient("x", t.x, t.dx, loss);
    ExpectGradient("a", t.a, t.da, loss);
    ExpectGradient("b", t.b, t.db, loss);
  }
}

template <typename T>
std::vector<T> Results(const Case& c) {
  const Tensors<T> t = RunOp<T>(c);
  return Joined<T>({t.y, t.da, t.db, t.dx});
}

TEST(Lora, FloatAgreesWithDouble) {
  for (const Case& c : kCases) ExpectClose(Results<float>(c), Results<double>(c), 1e-5);
}

TEST(Lora, SameBitsForAnyThreads) {
  for (const Case& c : kCases) ExpectSameBitsForAnyThreads([&] { return Results<float>(c); });
}

}  // namespace
}  // namespace ropewalk
