#include "worker/model/float_tensor.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;

TEST(ToFloat32, WidensHalves) {
  const std::string bf16("\x80\x3f\x20\xc0", 4), f16("\x00\x3c\x00\xc1", 4);  // 1, -2.5
  std::vector<float> out(2);
  ToFloat32({"a", Dtype::kBF16, {2}, bf16}, absl::MakeSpan(out));
  EXPECT_THAT(out, ElementsAre(1.0f, -2.5f));
  ToFloat32({"a", Dtype::kF16, {2}, f16}, absl::MakeSpan(out));
  EXPECT_THAT(out, ElementsAre(1.0f, -2.5f));
}

TEST(FromFloat32, RoundsToNearestEven) {
  const std::vector<float> values = {1.0f, 1.00390625f, 1.01171875f,
                                     -2.5f};  // the middle two are ties
  const std::string bytes = FromFloat32(values, Dtype::kBF16);
  std::vector<float> out(4);
  ToFloat32({"a", Dtype::kBF16, {4}, bytes}, absl::MakeSpan(out));
  EXPECT_THAT(out, ElementsAre(1.0f, 1.0f, 1.015625f, -2.5f));
}

}  // namespace
}  // namespace ropewalk
