// Losses: of a member, of the ring, of everybody.
#include "coordinator/state/cluster_fixture.h"

namespace ropewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using RecoveryTest = ClusterFixture;

TEST_F(RecoveryTest, GoesOnWithTheSurvivorsAtOnceWhenARingBreaksAndAStreamDid) {
  Run({"a", "b", "c"});
  Detach("b");
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  Interrupted("a", 1, 0, 1);
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_THAT(Members(), ElementsAre("workers/a", "workers/c"));
  EXPECT_EQ(Assignment("c")->generation(), 2);
  EXPECT_EQ(Assignment("c")->goal(), v1::Assignment::PREPARE);
  EXPECT_EQ(Assignment("c")->rank(), 1);
  EXPECT_FALSE(Assignment("b").has_value());
  const auto lost = Events(v1::JobEvent::WORKER_LOST);
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].worker(), "workers/b");
  EXPECT_THAT(lost[0].message(), HasSubstr("its stream broke"));
}

TEST_F(RecoveryTest, DoesTheSameWhenTheNewsComesInTheOtherOrder) {
  Run({"a", "b"});
  Interrupted("a", 1, 0, 1);
  EXPECT_EQ(Assignment("a")->generation(), 1);
  Detach("b");
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
  EXPECT_EQ(Assignment("a")->generation(), 2);
}

TEST_F(RecoveryTest, LosesAMemberWhoseStreamStaysBrokenForASecond) {
  Run({"a", "b"});
  Detach("b");
  Pass(absl::Milliseconds(750));
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  Pass(absl::Milliseconds(250));
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_EQ(WorkerState("b"), v1::Worker::LOST);
}

TEST_F(RecoveryTest, LosesNobodyWhenAStreamComesBackInTime) {
  Run({"a", "b"});
  Detach("b");
  Pass(absl::Milliseconds(750));
  ASSERT_TRUE(AttachOnly("b").ok());
  Running("b", 2);
  Pass(absl::Seconds(5));
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("b")->generation(), 1);
}

TEST_F(RecoveryTest, LosesNobodyWhenTheCoordinatorItselfWasCutOff) {
  Run({"a", "b"});
  Detach("a");
  Detach("b");
  Pass(absl::Seconds(9));
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(AttachOnly(name).ok());
    Running(name, 20);
  }
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("b")->generation(), 1);
}

TEST_F(RecoveryTest, LosesWhoDoesNotComeBackWithTheOthers) {
  Run({"a", "b"});
  Detach("a");
  Detach("b");
  Pass(absl::Seconds(5));
  ASSERT_TRUE(AttachOnly("b").ok());
  Running("b", 20);
  EXPECT_THAT(Members(), SizeIs(2));
  Pass(absl::Seconds(5));
  EXPECT_THAT(Members(), ElementsAre("workers/b"));
}

TEST_F(RecoveryTest, LosesNobodyWhenTheCoordinatorItselfWasStopped) {
  Run({"a", "b"});
  Pass(absl::Seconds(1));
  now_ += absl::Minutes(1);
  cluster_->Tick(now_);
  Pass(absl::Seconds(1));
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(RecoveryTest, LosesAMemberThatHasDroppedTheJob) {
  Run({"a", "b"});
  Report("b", v1::WORKER_PHASE_IDLE);
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_THAT(Events(v1::JobEvent::WORKER_LOST)[0].message(), HasSubstr("dropped the job"));
}

TEST_F(RecoveryTest, LosesAMemberAtOnceWhenItsProcessWasStartedAgain) {
  Run({"a", "b"});
  Attach("b", "2");
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_EQ(WorkerState("b"), v1::Worker::IDLE);
  EXPECT_THAT(Events(v1::JobEvent::WORKER_LOST)[0].message(), HasSubstr("started again"));
}

TEST_F(RecoveryTest, LosesAMemberThatStopsReporting) {
  Run({"a", "b"});
  Silence("b");
  Pass(absl::Milliseconds(9750));
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  Pass(absl::Milliseconds(250));
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
  EXPECT_THAT(Events(v1::JobEvent::WORKER_LOST)[0].message(), HasSubstr("not reported for 10 s"));
}

TEST_F(RecoveryTest, LosesASilentMemberOnceItsRingBreaks) {
  Run({"a", "b"});
  Silence("b");
  Pass(absl::Seconds(5));
  Interrupted("a", 1, 1, 0);
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
}

TEST_F(RecoveryTest, GivesNothingToALostMemberThatComesBack) {
  Run({"a", "b"});
  Silence("b");
  Pass(absl::Seconds(10));
  v1::WorkerReport zombie = ReportOf("a", v1::WORKER_PHASE_RUNNING, 99);
  zombie.set_generation(1);
  Send("b", zombie);
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_EQ(Job().progress().step(), 1);
  EXPECT_EQ(WorkerState("b"), v1::Worker::IDLE);
}

TEST_F(RecoveryTest, StartsFromTheNewestStateThatASurvivorHas) {
  Run({"a", "b", "c"});
  Running("b", 8);
  Running("c", 9);
  Detach("a");
  Interrupted("b", 8);
  Prepared("b", 8);
  Prepared("c", 9);
  EXPECT_EQ(Assignment("b")->start_step(), 9);
  EXPECT_EQ(Assignment("b")->state_source_rank(), 1);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(RecoveryTest, SaysWhichStepsAreDoneAgainWhenOnlyTheLostHadThem) {
  Run({"a", "b"});
  Running("a", 9);
  Detach("a");
  Interrupted("b", 8);
  Prepared("b", 8);
  EXPECT_EQ(Assignment("b")->start_step(), 8);
  EXPECT_EQ(Job().progress().step(), 8);
  const auto warnings = Events(v1::JobEvent::WARNING);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].message(), HasSubstr("steps 9 to 9 are done again"));
}

TEST_F(RecoveryTest, TellsHowLongNoStepWasFinished) {
  Run({"a", "b"});
  now_ += absl::Seconds(2);
  Detach("b");
  Interrupted("a", 1);
  Prepared("a", 1);
  EXPECT_THAT(Events(v1::JobEvent::RESUMED), IsEmpty());
  now_ += absl::Seconds(1);
  Running("a", 2);
  const auto resumed = Events(v1::JobEvent::RESUMED);
  ASSERT_THAT(resumed, SizeIs(1));
  EXPECT_EQ(resumed[0].pause().seconds(), 3);
  EXPECT_EQ(resumed[0].generation(), 2);
}

TEST_F(RecoveryTest, KeepsTheSlowButLivingMemberOfASecondLossWhilePreparing) {
  Run({"a", "b", "c"});
  Detach("b");
  Interrupted("a", 1);
  Prepared("a", 1);
  Detach("c");
  Pass(absl::Seconds(1));
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
  EXPECT_EQ(Assignment("a")->generation(), 3);
  EXPECT_EQ(Goal("a"), v1::Assignment::PREPARE);
  Prepared("a", 1);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(RecoveryTest, GoesOnBelowTheMinimumOnceStarted) {
  for (const char* name : {"a", "b"}) Attach(name);
  Place(Create("jobs/j", 2, 2), {"a", "b"});
  for (const char* name : {"a", "b"}) Prepared(name);
  Detach("b");
  Pass(absl::Seconds(1));
  Prepared("a");
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(RecoveryTest, PreparesWithTheRestWhenAMemberIsLostBeforeTheFirstStep) {
  Prepare({"a", "b"});
  Detach("a");
  Pass(absl::Seconds(1));
  EXPECT_EQ(State(), v1::JOB_STATE_PREPARING);
  EXPECT_EQ(Assignment("b")->rank(), 0);
  Prepared("b");
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(RecoveryTest, IsQueuedAgainWhenAllAreLostBeforeTheFirstStep) {
  Prepare({"a"});
  Detach("a");
  Pass(absl::Seconds(10));
  EXPECT_EQ(State(), v1::JOB_STATE_QUEUED);
  EXPECT_TRUE((*cluster_->FindJob("jobs/j"))->WantsGang());
}

TEST_F(RecoveryTest, StartsFromTheCheckpointWhenAllAreLost) {
  Run({"a", "b"});
  Checkpointed("a", 50);
  Running("a", 73);
  Detach("a");
  Detach("b");
  Pass(absl::Seconds(10));
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_THAT(Members(), IsEmpty());
  Attach("c");
  Place("jobs/j", {"c"});
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_EQ(Assignment("c")->checkpoint_version(), "checkpoints/j/versions/50");
  Prepared("c", 50);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("c")->start_step(), 50);
  EXPECT_EQ(Job().progress().step(), 50);
  Running("c", 51);
  EXPECT_THAT(Events(v1::JobEvent::RESUMED), SizeIs(1));
}

TEST_F(RecoveryTest, IsCancelledAtOnceWhileItWaitsForWorkers) {
  Run({"a"});
  Detach("a");
  Pass(absl::Seconds(10));
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
}

TEST_F(RecoveryTest, FormsTheRingAgainWhenItBrokeByItself) {
  Run({"a", "b"});
  Interrupted("a", 1, 0, 1);
  Interrupted("b", 1, 0, 1);
  EXPECT_EQ(State(), v1::JOB_STATE_RECOVERING);
  EXPECT_EQ(Assignment("a")->generation(), 1);
  Pass(absl::Milliseconds(250));
  EXPECT_EQ(Assignment("a")->generation(), 2);
  EXPECT_EQ(Assignment("a")->members_size(), 2);
  const auto interrupted = Events(v1::JobEvent::INTERRUPTED);
  ASSERT_THAT(interrupted, SizeIs(1));
  EXPECT_EQ(interrupted[0].worker(), "workers/a");
  EXPECT_EQ(interrupted[0].step(), 2);
  EXPECT_THAT(interrupted[0].message(),
              AllOf(HasSubstr("reduce"), HasSubstr("workers/a -> workers/b"),
                    HasSubstr("connection reset")));
}

TEST_F(RecoveryTest, LosesPatienceWithARingThatBreaksAgainAndAgain) {
  Run({"a", "b"});
  absl::Duration longest;
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(State(), v1::JOB_STATE_RUNNING);
    Interrupted("a", 1, 0, 1);
    const int64_t broken = Assignment("a")->generation();
    const absl::Time start = now_;
    while (Assignment("a")->generation() == broken && now_ < start + absl::Minutes(1)) {
      Pass(absl::Milliseconds(250));
    }
    longest = now_ - start;
    Prepared("a", 1);
    Prepared("b", 1);
  }
  EXPECT_EQ(longest, absl::Seconds(10));
  Interrupted("a", 1, 0, 1);
  EXPECT_EQ(State(), v1::JOB_STATE_FAILED);
  EXPECT_THAT(Job().error().message(), HasSubstr("workers/a -> workers/b"));
}

TEST_F(RecoveryTest, ForgetsInterruptionsOnceAStepIsFinished) {
  Run({"a", "b"});
  for (int64_t step = 1; step <= 30; ++step) {
    Interrupted("a", step);
    Pass(absl::Milliseconds(250));
    Prepared("a", step);
    Prepared("b", step);
    Running("a", step + 1);
    Running("b", step + 1);
  }
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("a")->generation(), 31);
}

TEST_F(RecoveryTest, GoesOnStoppingWithTheSurvivors) {
  Run({"a", "b"});
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  Detach("a");
  Pass(absl::Seconds(1));
  EXPECT_EQ(Goal("b"), v1::Assignment::STOP);
  EXPECT_EQ(Assignment("b")->rank(), 0);
  EXPECT_EQ(Assignment("b")->generation(), 2);
  Stopped("b", 3, "checkpoints/j/versions/3");
  EXPECT_EQ(State(), v1::JOB_STATE_PAUSED);
}

TEST_F(RecoveryTest, HasStoppedWhenNobodyIsLeftToStop) {
  Run({"a"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  Detach("a");
  Pass(absl::Seconds(10));
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
}

TEST_F(RecoveryTest, PublishesWithASurvivorWhenTheFirstRankIsLostAtTheEnd) {
  Run({"a", "b"});
  Report("b", v1::WORKER_PHASE_FINISHED, 100);
  Detach("a");
  Pass(absl::Seconds(1));
  Prepared("b", 100);
  EXPECT_EQ(Assignment("b")->start_step(), 100);
  EXPECT_EQ(Assignment("b")->rank(), 0);
  Finished("b", "adapters/x/y/versions/1");
  EXPECT_EQ(State(), v1::JOB_STATE_SUCCEEDED);
}

// The coordinator is killed while its journal holds what it last told its workers.

TEST_F(RecoveryTest, GoesOnWithoutANewGenerationAfterARestart) {
  Run({"a", "b"});
  Restart();
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  ASSERT_TRUE(AttachOnly("a").ok());
  Running("a", 4);
  Pass(absl::Seconds(9));
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  ASSERT_TRUE(AttachOnly("b").ok());
  Running("b", 4);
  Pass(absl::Seconds(5));
  EXPECT_EQ(Assignment("a")->generation(), 1);
  EXPECT_EQ(Goal("a"), v1::Assignment::RUN);
  EXPECT_EQ(Job().progress().step(), 4);
}

TEST_F(RecoveryTest, LosesWhoHasNotComeBackTenSecondsAfterARestart) {
  Run({"a", "b"});
  Restart();
  ASSERT_TRUE(AttachOnly("a").ok());
  Interrupted("a", 1, 0, 1);
  Pass(absl::Milliseconds(9750));
  EXPECT_EQ(Assignment("a")->generation(), 1);
  Pass(absl::Milliseconds(250));
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
  EXPECT_EQ(Goal("a"), v1::Assignment::PREPARE);
}

TEST_F(RecoveryTest, LosesAWorkerThatWasStartedAgainDuringARestart) {
  Run({"a", "b"});
  Restart();
  ASSERT_TRUE(AttachOnly("a").ok());
  Running("a", 1);
  Attach("b", "2");
  EXPECT_THAT(Members(), ElementsAre("workers/a"));
}

TEST_F(RecoveryTest, GoesOnPreparingAfterARestart) {
  Prepare({"a", "b"});
  Prepared("a");
  Restart();
  for (const char* name : {"a", "b"}) {
    ASSERT_TRUE(AttachOnly(name).ok());
    Prepared(name);
  }
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Assignment("a")->generation(), 1);
}

TEST_F(RecoveryTest, GoesOnStoppingAfterARestart) {
  Run({"a"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  Restart();
  ASSERT_TRUE(AttachOnly("a").ok());
  EXPECT_EQ(Goal("a"), v1::Assignment::STOP);
  Stopped("a", 1, "checkpoints/j/versions/1");
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
}

TEST_F(RecoveryTest, TakesAResultThatWasPublishedDuringARestart) {
  Run({"a"});
  Restart();
  ASSERT_TRUE(AttachOnly("a").ok());
  Finished("a", "adapters/x/y/versions/1");
  EXPECT_EQ(State(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(RecoveryTest, KnowsRequestsAfterARestart) {
  NewJob job;
  job.name = "jobs/first";
  job.request_id = "r";
  ASSERT_TRUE(cluster_->CreateJob(job, now_).ok());
  Restart();
  job.name = "jobs/second";
  EXPECT_EQ((*cluster_->CreateJob(job, now_))->job().name(), "jobs/first");
}

}  // namespace
}  // namespace ropewalk
