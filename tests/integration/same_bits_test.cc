#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/testing/process_cluster_test_base.h"

// A version's name is the digest of its files, of weights and the record of every step alike: equal
// names are equal bits. The record holds each step's loss in as many digits as a double has.

namespace ropewalk {
namespace {

class FourWorkers : public ProcessClusterTest {
 protected:
  void SetUp() override {
    ProcessClusterTest::SetUp();
    StartWorkers({"w0", "w1", "w2", "w3"});
  }
};

class SameBits : public FourWorkers, public testing::WithParamInterface<std::string> {
 protected:
  std::string ResultWith(int workers, const std::vector<std::string>& more = {}) {
    return ResultOf(Sample(GetParam()), workers, more);
  }
};

TEST_P(SameBits, ForOneTwoThreeAndFourWorkers) {
  const std::string alone = ResultWith(1);
  EXPECT_NE(alone.find("test/sample/versions/"), std::string::npos);
  for (const int workers : {2, 3, 4})
    EXPECT_EQ(ResultWith(workers), alone) << workers << " workers";
}

TEST_P(SameBits, AndOtherBitsForAnotherSeed) {
  EXPECT_NE(ResultWith(2, {"training.seed=12"}), ResultWith(2));
}

INSTANTIATE_TEST_SUITE_P(Methods, SameBits, testing::Values("lora", "full"),
                         [](const auto& info) { return info.param; });

// Not the same bits as another number of workers has, but all workers the same: the coordinator
// compares them after every step. Losses are nearly those of the exact sum.
TEST_P(SameBits, RoundedGradientsAndLocalStepsLeadNearlyToTheSameLoss) {
  const auto loss = [&](const std::vector<std::string>& settings) {
    const std::string version = ResultWith(3, settings);
    const auto text = cluster_->Command({"adapters", "get", version, "-o", "json"});
    EXPECT_TRUE(text.ok()) << text.status();
    const auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
    return json["lineage"]["metrics"]["loss"].get<double>();
  };
  const double exact = loss({});
  EXPECT_NEAR(loss({"sync.reduction=bfloat16"}), exact, 0.01 * exact);
  EXPECT_NEAR(loss({"sync.reduction=int8"}), exact, 0.02 * exact);
  // Another way to the minimum: it must lead there.
  const double untrained = loss({"training.max_steps=1"});
  EXPECT_LT(loss({"sync.local_steps=3", "sync.reduction=bfloat16"}), 0.5 * (untrained + exact))
      << untrained << ", " << exact;
}

class MainJob : public FourWorkers {
 protected:
  // The SHA-256 of each file that the main job publishes.
  std::map<std::string, std::string> FilesWith(int workers) {
    const std::string version = ResultOf("examples/dates/job.yaml", workers);
    const auto text = cluster_->Command({"adapters", "get", version, "-o", "json"});
    EXPECT_TRUE(text.ok()) << text.status();
    std::map<std::string, std::string> files;
    const auto json = nlohmann::json::parse(text.value_or(""), nullptr, false);
    for (const auto& file : json.value("files", nlohmann::json::array())) {
      files[file.value("path", "")] = file.value("digest", "");
    }
    return files;
  }
};

TEST_F(MainJob, IsTheSameForOneTwoThreeAndFourWorkers) {
  const std::map<std::string, std::string> alone = FilesWith(1);
  ASSERT_EQ(alone.count("adapter_model.safetensors"), 1u);
  ASSERT_EQ(alone.count("training.jsonl"), 1u);
  for (const int workers : {2, 3, 4}) EXPECT_EQ(FilesWith(workers), alone) << workers << " workers";
}

}  // namespace
}  // namespace ropewalk
