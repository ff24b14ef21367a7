#include <gtest/gtest.h>

#include <string>

#include "tests/testing/process_cluster.h"
#include "tests/testing/sample_job.h"
#include "tests/testing/temporary_folder.h"

// A version's name is the digest of its files, weights and record of every step alike: equal names
// are equal bits.

namespace ropewalk {
namespace {

class SameBits : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteSampleJobs(folder_.path()).ok());
    auto cluster = ProcessCluster::Start(folder_.path());
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    for (const char* name : {"w0", "w1", "w2", "w3"}) ASSERT_TRUE(cluster_->StartWorker(name).ok());
    ASSERT_TRUE(cluster_->AwaitWorkers(4).ok());
  }

  std::string ResultWith(int workers, const std::vector<std::string>& more = {}) {
    std::vector<std::string> settings = {"workers.min=" + std::to_string(workers),
                                         "workers.max=" + std::to_string(workers)};
    settings.insert(settings.end(), more.begin(), more.end());
    const auto job = cluster_->Submit(folder_.path() + "/" + GetParam() + ".yaml", settings);
    EXPECT_TRUE(job.ok()) << job.status();
    const auto version = cluster_->AwaitResult(*job);
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or("");
  }

  TemporaryFolder folder_;
  std::unique_ptr<ProcessCluster> cluster_;
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

}  // namespace
}  // namespace ropewalk
