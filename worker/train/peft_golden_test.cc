#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "worker/model/testing/tiny_model.h"
#include "worker/tensor/parallel.h"
#include "worker/train/inference_model.h"

// Adapters that PEFT made, and the losses that it computes with them.
// tests/golden/peft/make_peft.py says how the files came about.

namespace ropewalk {
namespace {

TEST(PeftGolden, AdaptersOfEveryKindGivePeftsLoss) {
  SetThreads(1);
  const std::string folder = "tests/golden/peft/";
  const auto golden = nlohmann::json::parse(std::ifstream(folder + "losses.json"));
  const PackedTokens tokens = testing::Pack({golden["tokens"].get<std::vector<int32_t>>()});
  ASSERT_EQ(golden["losses"].size(), 5u);
  for (const auto& [name, loss] : golden["losses"].items()) {
    auto model = InferenceModel::Open(folder + "base", folder + name, MatMulPrecision::kFull);
    ASSERT_TRUE(model.ok()) << model.status();
    EXPECT_NEAR((*model)->Loss(tokens).value(), loss.get<double>(), 1e-4) << name;
  }
}

}  // namespace
}  // namespace ropewalk
