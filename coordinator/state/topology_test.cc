// The ring's order follows what workers have measured.
#include "coordinator/state/cluster_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

class TopologyTest : public ClusterFixture {
 protected:
  // Every way is fast but the one from a to b.
  void MeasureSlowAToB() {
    for (const char* from : {"a", "b", "c"}) {
      for (const char* to : {"a", "b", "c"}) {
        if (from == std::string(to)) continue;
        Measured(from, to, std::string(from) + to == "ab" ? 1e6 : 1e8);
      }
    }
  }
};

TEST_F(TopologyTest, FormsTheRingInTheBetterOrder) {
  Prepare({"a", "b", "c"});
  MeasureSlowAToB();
  for (const char* name : {"a", "b", "c"}) Prepared(name);
  EXPECT_THAT(Members(), ElementsAre("workers/a", "workers/c", "workers/b"));
  EXPECT_EQ(Assignment("c")->rank(), 1);
  EXPECT_EQ(Goal("a"), v1::Assignment::PREPARE);
  EXPECT_EQ(Assignment("a")->generation(), 2);
  for (const char* name : {"a", "b", "c"}) Prepared(name);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("a")->generation(), 2);
  EXPECT_THAT(Events(v1::JobEvent::GENERATION_STARTED), SizeIs(1));
}

TEST_F(TopologyTest, UsesAsManyConnectionsAsTheHopThatGainsMost) {
  Prepare({"a", "b", "c"});
  MeasureSlowAToB();
  Measured("c", "b", 1e8, /*connections=*/4);
  for (const char* name : {"a", "b", "c"}) Prepared(name);
  for (const char* name : {"a", "b", "c"}) Prepared(name);  // in the order a, c, b
  EXPECT_EQ(Goal("a"), v1::Assignment::RUN);
  EXPECT_EQ(Assignment("a")->stripes(), 4);
}

TEST_F(TopologyTest, LeavesARunningRingAlone) {
  Run({"a", "b", "c"});
  MeasureSlowAToB();
  Pass(absl::Seconds(2));
  EXPECT_THAT(Members(), ElementsAre("workers/a", "workers/b", "workers/c"));
  EXPECT_EQ(Assignment("a")->generation(), 1);
}

TEST_F(TopologyTest, TakesANewcomerInWhereItFits) {
  Run({"a", "b"});
  Attach("c");
  MeasureSlowAToB();
  Place("jobs/j", {"c"});
  Prepared("c");
  for (const char* name : {"a", "b", "c"}) Prepared(name, 1);  // as the last rank
  EXPECT_THAT(Members(), ElementsAre("workers/a", "workers/c", "workers/b"));
  for (const char* name : {"a", "b", "c"}) Prepared(name, 1);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(TopologyTest, AsksWorkersToMeasureTheWaysBetweenThem) {
  Attach("a");
  Attach("b");
  Pass(absl::Seconds(1));
  const auto link = cluster_->LinkToMeasure("workers/a");
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->peer().worker(), "workers/b");
  EXPECT_EQ(link->peer().ring_address(), "b:7090");
  Measured("a", "b", 1e8);
  EXPECT_FALSE(cluster_->LinkToMeasure("workers/a").has_value());
  EXPECT_EQ(cluster_->LinkToMeasure("workers/b")->peer().worker(), "workers/a");
}

TEST_F(TopologyTest, MeasuresAnewAWayThatCouldNotBeConnected) {
  Run({"a", "b"});
  Measured("a", "b", 1e8);
  Measured("b", "a", 1e8);
  Pass(absl::Seconds(1));
  EXPECT_FALSE(cluster_->LinkToMeasure("workers/a").has_value());
  v1::WorkerReport report = ReportOf("a", v1::WORKER_PHASE_INTERRUPTED, 1);
  report.mutable_interruption()->set_phase("connect");
  report.mutable_interruption()->set_to_rank(1);
  Send("a", report);
  Silence("a");
  cluster_->Tick(now_);
  EXPECT_EQ(cluster_->LinkToMeasure("workers/a")->peer().worker(), "workers/b");
}

TEST_F(TopologyTest, ShowsLinksAndSuccessors) {
  Prepare({"a", "b", "c"});
  Measured("a", "b", 1e8);
  const v1::Worker a = *cluster_->DescribeWorker("workers/a");
  EXPECT_EQ(a.ring_successor(), "workers/b");
  ASSERT_EQ(a.links_size(), 1);
  EXPECT_EQ(a.links(0).worker(), "workers/b");
  EXPECT_EQ(a.links(0).bytes_per_second(), 1e8);
  EXPECT_EQ(cluster_->DescribeWorker("workers/c")->ring_successor(), "workers/a");
}

}  // namespace
}  // namespace ropewalk
