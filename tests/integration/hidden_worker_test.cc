#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/testing/process_cluster_test_base.h"
#include "tests/testing/until.h"

// A worker that others cannot dial, as behind a firewall; tests/fault/blocked_inbound.py has a real
// one.

namespace ropewalk {
namespace {

// Nobody listens there.
constexpr char kNowhere[] = "127.0.0.1:1";

class HiddenWorker : public ProcessClusterTest {
 protected:
  void SetUp() override {
    ProcessClusterTest::SetUp();
    StartWorkers({"w0", "w1"});
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
};

TEST_F(HiddenWorker, TrainsThroughARelay) {
  StartWorkerAt("hidden", kNowhere);
  ASSERT_TRUE(
      Until(absl::Seconds(60), [&] { return Reaches("w0", "hidden") && Reaches("w1", "hidden"); })
          .ok())
      << Describe("w0");
  EXPECT_NE(Describe("hidden").value("relay", ""), "");
  EXPECT_EQ(ResultOf(Sample("lora"), 3), ResultOf(Sample("lora"), 1));
}

TEST_F(HiddenWorker, IsReachedAtTheAddressThatWorks) {
  const ReservedAddress works;
  ASSERT_TRUE(cluster_
                  ->StartWorker("w2", {"--listen", works.text(), "--advertise", kNowhere,
                                       "--advertise", works.text()})
                  .ok());
  ASSERT_TRUE(cluster_->AwaitWorkers(3).ok());
  EXPECT_EQ(ResultOf(Sample("lora"), 3), ResultOf(Sample("lora"), 1));
  EXPECT_TRUE(Reaches("w0", "w2"));
  EXPECT_EQ(Describe("w2").value("relay", ""), "");
}

}  // namespace
}  // namespace ropewalk
