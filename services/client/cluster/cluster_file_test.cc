#include "services/client/cluster/cluster_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "services/client/cluster/cluster_plan.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ClusterFile TwoMembers() {
  ClusterFile cluster;
  cluster.supervisor = {10, 100};
  cluster.members = {{"coordinator", {11, 101}, "127.0.0.1:1", "127.0.0.1:2", "/s/c.log"},
                     {"registry", {12, 102}, "127.0.0.1:3", "127.0.0.1:4", "/s/r.log"}};
  return cluster;
}

TEST(ClusterFile, ReadsWhatItWrites) {
  const std::string text = FormatClusterFile(TwoMembers());
  const absl::StatusOr<ClusterFile> cluster = ParseClusterFile(text);
  ASSERT_TRUE(cluster.ok()) << cluster.status();
  EXPECT_EQ(FormatClusterFile(*cluster), text);
  EXPECT_EQ(cluster->members[1].process.start_time, 102u);
  EXPECT_EQ(cluster->AddressOf("registry"), "127.0.0.1:3");
  EXPECT_EQ(cluster->AddressOf("worker-0"), "");
}

TEST(ClusterFile, GivesScriptsTheAddressesAtTheTop) {
  EXPECT_THAT(FormatClusterFile(TwoMembers()), HasSubstr("{\n  \"coordinator\": \"127.0.0.1:1\",\n"
                                                         "  \"registry\": \"127.0.0.1:3\","));
}

TEST(ClusterFile, RefusesWhatIsNoClusterFile) {
  EXPECT_TRUE(absl::IsInvalidArgument(ParseClusterFile("{}").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseClusterFile("half a").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ParseClusterFile("[]").status()));
}

TEST(ClusterFile, SaysThatNoClusterRuns) {
  EXPECT_TRUE(absl::IsNotFound(ReadClusterFile(::testing::TempDir() + "no-cluster").status()));
}

TEST(ClusterPlan, SpreadsPortsFromTheBase) {
  EXPECT_THAT(PortsFrom(7070, 2), ElementsAre(7070, 7071, 7080, 7081, 7090, 7091, 7092, 7093));
}

TEST(ClusterPlan, FindsDifferentFreePorts) {
  const auto ports = FreePorts(8);
  ASSERT_TRUE(ports.ok());
  EXPECT_EQ(std::set<int>(ports->begin(), ports->end()).size(), 8u);
}

TEST(ClusterPlan, GivesEveryProgramItsFlags) {
  ClusterOptions options;
  options.state_folder = "/s";
  options.program_folder = "/bin";
  options.workers = 2;
  const auto members = PlanCluster(options, PortsFrom(7070, 2), 8);
  ASSERT_EQ(members.size(), 4u);
  EXPECT_THAT(members[0].command,
              ElementsAre("/bin/ropewalk-coordinator", "--listen", "127.0.0.1:7070",
                          "--http-listen", "127.0.0.1:7071", "--database", "/s/coordinator.db"));
  EXPECT_THAT(members[1].command,
              ElementsAre("/bin/ropewalk-registry", "--listen", "127.0.0.1:7080", "--http-listen",
                          "127.0.0.1:7081", "--data", "/s/registry"));
  EXPECT_THAT(members[3].command,
              ElementsAre("/bin/ropewalk-worker", "--listen", "127.0.0.1:7092", "--http-listen",
                          "127.0.0.1:7093", "--name", "worker-1", "--coordinator", "127.0.0.1:7070",
                          "--registry", "127.0.0.1:7080", "--cache", "/s/cache/worker-1",
                          "--threads", "4"));
  EXPECT_EQ(members[3].log, "/s/logs/worker-1.log");
}

TEST(ClusterPlan, GivesEveryWorkerAThread) {
  ClusterOptions options;
  options.workers = 4;
  EXPECT_EQ(PlanCluster(options, PortsFrom(1, 4), 2).back().command.back(), "1");
  options.threads = 3;
  EXPECT_EQ(PlanCluster(options, PortsFrom(1, 4), 2).back().command.back(), "3");
}

}  // namespace
}  // namespace ropewalk
