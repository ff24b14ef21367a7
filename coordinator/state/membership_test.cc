// Planned changes of membership: newcomers and drained workers.
#include "coordinator/state/cluster_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MembershipTest : public ClusterFixture {
 protected:
  void Invite(const std::string& name) {
    Attach(name);
    Place("jobs/j", {name});
  }
  absl::Status Drain(const std::string& name) {
    return cluster_->DrainWorker("workers/" + name, now_);
  }
};

TEST_F(MembershipTest, PreparesANewcomerWhileTheOthersTrain) {
  Run({"a"});
  Invite("b");
  const v1::Assignment assignment = *Assignment("b");
  EXPECT_EQ(assignment.goal(), v1::Assignment::PREPARE);
  EXPECT_EQ(assignment.rank(), -1);
  EXPECT_EQ(assignment.members_size(), 0);
  EXPECT_EQ(assignment.generation(), 1);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(WorkerState("b"), v1::Worker::BUSY);
}

TEST_F(MembershipTest, TakesAPreparedNewcomerInAsTheLastRank) {
  Run({"a"});
  Invite("b");
  Prepared("b");
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_THAT(Members(), ElementsAre("workers/a", "workers/b"));
  EXPECT_EQ(Assignment("b")->generation(), 2);
  EXPECT_EQ(Assignment("b")->rank(), 1);
  Prepared("b");
  Prepared("a", 5);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("b")->start_step(), 5);
  EXPECT_EQ(Assignment("b")->state_source_rank(), 0);
  EXPECT_THAT(Events(v1::JobEvent::WORKER_JOINED), SizeIs(1));
}

TEST_F(MembershipTest, FinishesAStepBeforeItTakesInTheNext) {
  Prepare({"a"});
  Prepared("a");
  Invite("b");
  Prepared("b");
  EXPECT_EQ(Assignment("a")->generation(), 1);
  Running("a", 1);
  EXPECT_EQ(Assignment("a")->generation(), 2);
}

TEST_F(MembershipTest, GivesAnUnmeasuredNewcomerTheMeanWeight) {
  Run({"a", "b"});
  for (const auto& [name, tokens] : {std::pair("a", 100), std::pair("b", 300)}) {
    v1::WorkerReport report = ReportOf(name, v1::WORKER_PHASE_RUNNING, 2);
    report.add_steps()->set_own_tokens(tokens);
    report.mutable_steps(0)->set_compute_seconds(1);
    Send(name, report);
  }
  Invite("c");
  Prepared("c");
  for (const char* name : {"a", "b", "c"}) Prepared(name, 2);
  EXPECT_DOUBLE_EQ(Assignment("a")->members(0).weight(), 100);
  EXPECT_DOUBLE_EQ(Assignment("a")->members(1).weight(), 300);
  EXPECT_DOUBLE_EQ(Assignment("a")->members(2).weight(), 200);
}

TEST_F(MembershipTest, SendsANewcomerWithAnotherPlanAway) {
  Run({"a"});
  Invite("b");
  v1::WorkerReport other = ReportOf("b", v1::WORKER_PHASE_PREPARED);
  other.set_plan_digest("other");
  Send("b", other);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_THAT((*cluster_->FindJob("jobs/j"))->refused(), ElementsAre("workers/b"));
  EXPECT_THAT(Events(v1::JobEvent::WARNING), SizeIs(1));
}

TEST_F(MembershipTest, SendsANewcomerThatFailsAway) {
  Run({"a"});
  Invite("b");
  Failed("b", "not enough memory");
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_THAT(Events(v1::JobEvent::WARNING)[0].message(), HasSubstr("not enough memory"));
}

TEST_F(MembershipTest, ForgetsANewcomerThatIsLost) {
  Run({"a"});
  Invite("b");
  Detach("b");
  Pass(absl::Seconds(1));
  Attach("b");
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(MembershipTest, LetsANewcomerGoWhenAllMembersAreLost) {
  Run({"a"});
  Invite("b");
  Detach("a");
  Pass(absl::Seconds(10));
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_TRUE((*cluster_->FindJob("jobs/j"))->WantsGang());
}

TEST_F(MembershipTest, KeepsANewcomerWaitingThroughARecovery) {
  Run({"a", "b"});
  Invite("c");
  Detach("b");
  Interrupted("a", 1);
  EXPECT_EQ(Assignment("c")->generation(), 2);
  EXPECT_EQ(Assignment("c")->rank(), -1);
  Prepared("c");
  Prepared("a", 1);
  Running("a", 2);
  EXPECT_THAT(Members(), ElementsAre("workers/a", "workers/c"));
}

TEST_F(MembershipTest, DoesNotGrowAtTheEnd) {
  Run({"a"});
  Invite("b");
  Report("a", v1::WORKER_PHASE_RUNNING, 100);
  EXPECT_FALSE((*cluster_->FindJob("jobs/j"))->WantsNewcomers());
  Prepared("b");
  Finished("a", "adapters/x/y/versions/1");
  EXPECT_EQ(State(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_FALSE(Assignment("b").has_value());
}

TEST_F(MembershipTest, SendsNewcomersAwayWhenTheJobStops) {
  Run({"a"});
  Invite("b");
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  EXPECT_FALSE(Assignment("b").has_value());
}

TEST_F(MembershipTest, DrainsAMemberOnceTheOthersHaveLeftItsRing) {
  Run({"a", "b", "c"});
  ASSERT_TRUE(Drain("a").ok());
  EXPECT_THAT(Members(), ElementsAre("workers/b", "workers/c"));
  EXPECT_EQ(Assignment("b")->generation(), 2);
  EXPECT_EQ(Goal("a"), v1::Assignment::RUN);
  EXPECT_EQ(Assignment("a")->generation(), 1);
  EXPECT_EQ(WorkerState("a"), v1::Worker::DRAINING);
  Running("a", 3);
  Prepared("b", 3);
  Prepared("c", 3);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_FALSE(Assignment("a").has_value());
  EXPECT_EQ(WorkerState("a"), v1::Worker::DRAINED);
  EXPECT_EQ(Assignment("b")->start_step(), 3);
  EXPECT_TRUE(Drain("a").ok());
}

TEST_F(MembershipTest, DrainsAMemberOnlyWhenAnotherHasTheState) {
  Run({"a"});
  Invite("b");
  Prepared("b");
  Prepared("b");
  Prepared("a", 5);
  ASSERT_TRUE(Drain("a").ok());
  EXPECT_THAT(Members(), SizeIs(2));
  Running("a", 6);
  EXPECT_THAT(Members(), SizeIs(2));
  Running("b", 6);
  EXPECT_THAT(Members(), ElementsAre("workers/b"));
}

TEST_F(MembershipTest, StopsAndQueuesTheJobWhenItsLastWorkerIsDrained) {
  Run({"a"});
  ASSERT_TRUE(Drain("a").ok());
  EXPECT_EQ(Goal("a"), v1::Assignment::STOP);
  Stopped("a", 4, "checkpoints/j/versions/4");
  EXPECT_EQ(State(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(WorkerState("a"), v1::Worker::DRAINED);
  EXPECT_EQ(Job().checkpoint_step(), 4);
}

TEST_F(MembershipTest, DrainsAtOnceBeforeTheFirstStep) {
  Prepare({"a", "b"});
  ASSERT_TRUE(Drain("a").ok());
  EXPECT_THAT(Members(), ElementsAre("workers/b"));
  EXPECT_FALSE(Assignment("a").has_value());
  ASSERT_TRUE(Drain("b").ok());
  EXPECT_EQ(State(), v1::JOB_STATE_QUEUED);
}

TEST_F(MembershipTest, SendsADrainedNewcomerAway) {
  Run({"a"});
  Invite("b");
  ASSERT_TRUE(Drain("b").ok());
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(MembershipTest, GivesNoWorkToADrainedWorkerUntilANewProcessComes) {
  Attach("a");
  ASSERT_TRUE(Drain("a").ok());
  EXPECT_EQ(WorkerState("a"), v1::Worker::DRAINED);
  const auto* worker = cluster_->workers().Find("workers/a");
  EXPECT_FALSE(cluster_->workers().IsIdle(*worker, now_));
  Attach("a");
  EXPECT_FALSE(cluster_->workers().IsIdle(*worker, now_));
  Attach("a", "2");
  EXPECT_TRUE(cluster_->workers().IsIdle(*worker, now_));
}

TEST_F(MembershipTest, RemembersDrainsAfterARestart) {
  Attach("a");
  ASSERT_TRUE(Drain("a").ok());
  const std::vector<WorkerDrain> drains = cluster_->TakeChanges(now_).drains;
  ASSERT_THAT(drains, SizeIs(1));
  cluster_ = std::make_unique<Cluster>(Timing());
  cluster_->Restore({}, drains, now_);
  Attach("a");
  EXPECT_EQ(WorkerState("a"), v1::Worker::DRAINED);
  EXPECT_THAT(cluster_->TakeChanges(now_).drains, IsEmpty());
}

TEST_F(MembershipTest, KnowsNoWorkerThatNeverAttached) {
  EXPECT_EQ(Drain("nobody").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(cluster_->DescribeWorker("workers/nobody").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace ropewalk
