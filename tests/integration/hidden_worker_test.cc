#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/testing/process_cluster.h"
#include "tests/testing/sample_job.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/until.h"

// A worker that others cannot dial, as behind a firewall; tests/fault/blocked_inbound.py has a real
// one.

namespace ropewalk {
namespace {

// Nobody listens there.
constexpr char kNowhere[] = "127.0.0.1:1";

class HiddenWorker : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteSampleJobs(folder_.path()).ok());
    auto cluster = ProcessCluster::Start(folder_.path());
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
    for (const char* name : {"w0", "w1"}) ASSERT_TRUE(cluster_->StartWorker(name).ok());
  }

  void StartWorkerAt(const std::string& name, const std::string& advertised) {
    ASSERT_TRUE(
        cluster_->StartWorker(name, {"--listen", "127.0.0.1:0", "--advertise", advertised}).ok());
  }

  nlohmann::json Describe(const std::string& worker) const {
    const auto text = cluster_->Command({"workers", "get", worker, "-o", "json"});
    return nlohmann::json::parse(text.value_or(""), nullptr, false);
  }

  // Whether `from` has found a way to `to`.
  bool Reaches(const std::string& from, const std::string& to) const {
    const nlohmann::json worker = Describe(from);
    if (!worker.is_object()) return false;
    for (const auto& link : worker.value("links", nlohmann::json::array())) {
      if (link.value("worker", "") == "workers/" + to) return !link.value("address", "").empty();
    }
    return false;
  }

  std::string ResultOf(int workers) {
    const auto job = cluster_->Submit(
        folder_.path() + "/lora.yaml",
        {absl::StrCat("workers.min=", workers), absl::StrCat("workers.max=", workers)});
    EXPECT_TRUE(job.ok()) << job.status();
    const auto version = cluster_->AwaitResult(job.value_or(""), absl::Minutes(4));
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or("");
  }

  TemporaryFolder folder_;
  std::unique_ptr<ProcessCluster> cluster_;
};

TEST_F(HiddenWorker, TrainsThroughARelay) {
  StartWorkerAt("hidden", kNowhere);
  ASSERT_TRUE(
      Until(absl::Seconds(60), [&] { return Reaches("w0", "hidden") && Reaches("w1", "hidden"); })
          .ok())
      << Describe("w0");
  EXPECT_NE(Describe("hidden").value("relay", ""), "");
  EXPECT_EQ(ResultOf(3), ResultOf(1));
}

TEST_F(HiddenWorker, IsReachedAtTheAddressThatWorks) {
  const std::string works = ProcessCluster::FreeAddress();
  ASSERT_TRUE(
      cluster_
          ->StartWorker("w2", {"--listen", works, "--advertise", kNowhere, "--advertise", works})
          .ok());
  ASSERT_TRUE(cluster_->AwaitWorkers(3).ok());
  EXPECT_EQ(ResultOf(3), ResultOf(1));
  EXPECT_TRUE(Reaches("w0", "w2"));
  EXPECT_EQ(Describe("w2").value("relay", ""), "");
}

}  // namespace
}  // namespace ropewalk
