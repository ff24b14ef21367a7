// A job's life without accidents, and its verbs.
#include "coordinator/state/cluster_fixture.h"

namespace ropewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using JobTest = ClusterFixture;

TEST_F(JobTest, IsQueuedAtFirst) {
  Create();
  EXPECT_EQ(State(), v1::JOB_STATE_QUEUED);
  EXPECT_TRUE(Job().has_create_time());
  EXPECT_THAT(Events(v1::JobEvent::STATE_CHANGED), SizeIs(1));
}

TEST_F(JobTest, PreparesItsWorkersInRankOrder) {
  Prepare({"a", "b"});
  EXPECT_EQ(State(), v1::JOB_STATE_PREPARING);
  const v1::Assignment assignment = *Assignment("b");
  EXPECT_EQ(assignment.job(), "jobs/j");
  EXPECT_EQ(assignment.goal(), v1::Assignment::PREPARE);
  EXPECT_EQ(assignment.generation(), 1);
  EXPECT_EQ(assignment.rank(), 1);
  ASSERT_EQ(assignment.members_size(), 2);
  EXPECT_EQ(assignment.members(0).worker(), "workers/a");
  EXPECT_EQ(assignment.members(0).incarnation(), "1");
  EXPECT_EQ(assignment.members(0).ring_address(), "a:7090");
  EXPECT_EQ(assignment.members(0).weight(), 1);
}

TEST_F(JobTest, RunsOnceAllArePrepared) {
  Prepare({"a", "b"});
  Prepared("a");
  EXPECT_EQ(Goal("a"), v1::Assignment::PREPARE);
  Prepared("b");
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  EXPECT_TRUE(Job().has_start_time());
  EXPECT_EQ(Goal("a"), v1::Assignment::RUN);
  EXPECT_EQ(Assignment("a")->start_step(), 0);
  EXPECT_THAT(Events(v1::JobEvent::GENERATION_STARTED), SizeIs(1));
}

TEST_F(JobTest, WaitsForReportsAboutTheGenerationInForce) {
  Prepare({"a"});
  v1::WorkerReport stale = ReportOf("a", v1::WORKER_PHASE_PREPARED);
  stale.set_generation(0);
  Send("a", stale);
  EXPECT_EQ(State(), v1::JOB_STATE_PREPARING);
}

TEST_F(JobTest, ShowsWhatItsWorkersReport) {
  Prepare({"a"});
  Prepared("a");
  v1::WorkerReport report = ReportOf("a", v1::WORKER_PHASE_RUNNING, 3);
  v1::StepReport& step = *report.add_steps();
  step.set_step(3);
  step.set_loss(0.5);
  step.set_own_tokens(300);
  step.set_compute_seconds(3);
  v1::Evaluation& evaluation = *report.add_evaluations();
  evaluation.set_step(2);
  evaluation.set_loss(0.25);
  Send("a", report);
  Send("a", report);
  EXPECT_EQ(Job().progress().step(), 3);
  EXPECT_EQ(Job().progress().total_steps(), 100);
  EXPECT_DOUBLE_EQ(Job().progress().loss(), 0.5);
  EXPECT_DOUBLE_EQ(Job().progress().evaluation().loss(), 0.25);
  EXPECT_THAT(Events(v1::JobEvent::EVALUATED), SizeIs(1));
  EXPECT_DOUBLE_EQ(cluster_->DescribeWorker("workers/a")->tokens_per_second(), 100);
}

TEST_F(JobTest, KeepsTheNewestCheckpoint) {
  Run({"a"});
  Checkpointed("a", 50);
  Checkpointed("a", 40);
  EXPECT_EQ(Job().checkpoint_version(), "checkpoints/j/versions/50");
  EXPECT_EQ(Job().checkpoint_step(), 50);
  EXPECT_THAT(Events(v1::JobEvent::CHECKPOINTED), SizeIs(1));
}

TEST_F(JobTest, SucceedsOnceTheResultIsPublished) {
  Run({"a", "b"});
  Report("b", v1::WORKER_PHASE_FINISHED, 100);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
  Finished("a", "adapters/x/y/versions/1");
  EXPECT_EQ(State(), v1::JOB_STATE_SUCCEEDED);
  EXPECT_EQ(Job().result_version(), "adapters/x/y/versions/1");
  EXPECT_TRUE(Job().has_end_time());
  EXPECT_FALSE(Assignment("a").has_value());
  EXPECT_FALSE(Assignment("b").has_value());
  EXPECT_THAT(Events(v1::JobEvent::PUBLISHED), SizeIs(1));
}

TEST_F(JobTest, FailsWithTheErrorOfAMember) {
  Run({"a", "b"});
  Failed("b", "the data has no rows");
  EXPECT_EQ(State(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Job().error().code(), 3);
  EXPECT_EQ(Job().error().message(), "workers/b: the data has no rows");
  EXPECT_FALSE(Assignment("a").has_value());
}

TEST_F(JobTest, FailsWhenPlansDifferNamingWhoDiffers) {
  Prepare({"a", "b"});
  Prepared("a");
  v1::WorkerReport other = ReportOf("b", v1::WORKER_PHASE_PREPARED);
  other.set_plan_digest("other");
  Send("b", other);
  EXPECT_EQ(State(), v1::JOB_STATE_FAILED);
  EXPECT_THAT(Job().error().message(), AllOf(HasSubstr("workers/b"), HasSubstr("other")));
}

TEST_F(JobTest, FailsWhenStatesDifferNamingStepAndWorkers) {
  Run({"a", "b"});
  Running("a", 5);
  v1::WorkerReport wrong = ReportOf("b", v1::WORKER_PHASE_RUNNING, 5);
  wrong.set_state_digest(666);
  Send("b", wrong);
  EXPECT_EQ(State(), v1::JOB_STATE_FAILED);
  EXPECT_EQ(Job().error().code(), static_cast<int>(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Job().error().message(),
              AllOf(HasSubstr("step 5"), HasSubstr("workers/a"), HasSubstr("workers/b")));
}

TEST_F(JobTest, IsCancelledAtOnceWhileQueuedOrPreparing) {
  Create();
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
  Attach("a");
  Place(Create("jobs/k"), {"a"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/k", now_).ok());
  EXPECT_EQ(Job("jobs/k").state(), v1::JOB_STATE_CANCELLED);
  EXPECT_FALSE(Assignment("a").has_value());
}

TEST_F(JobTest, KeepsACheckpointWhenCancelled) {
  Run({"a", "b"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLING);
  EXPECT_EQ(Goal("a"), v1::Assignment::STOP);
  EXPECT_EQ(Goal("b"), v1::Assignment::STOP);
  Stopped("b", 2);
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLING);
  Stopped("a", 2, "checkpoints/j/versions/2");
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Job().checkpoint_step(), 2);
  EXPECT_FALSE(Assignment("b").has_value());
}

TEST_F(JobTest, SucceedsIfItWasCancelledTooLate) {
  Run({"a"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  Finished("a", "adapters/x/y/versions/1");
  EXPECT_EQ(State(), v1::JOB_STATE_SUCCEEDED);
}

TEST_F(JobTest, IsCancelledEvenIfAWorkerFailsToStop) {
  Run({"a"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  Failed("a", "the registry is away");
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
  EXPECT_THAT(Events(v1::JobEvent::WARNING), SizeIs(1));
}

TEST_F(JobTest, IsForcedToStopAfterTheDeadline) {
  Run({"a"});
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  Pass(absl::Seconds(59));
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLING);
  Pass(absl::Seconds(2));
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
  EXPECT_THAT(Events(v1::JobEvent::WARNING), SizeIs(1));
}

TEST_F(JobTest, PausesWithACheckpointAndResumesFromIt) {
  Run({"a", "b"});
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  Stopped("a", 7, "checkpoints/j/versions/7");
  EXPECT_EQ(State(), v1::JOB_STATE_PAUSED);
  EXPECT_FALSE(Assignment("a").has_value());
  EXPECT_TRUE(cluster_->ResumeJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_QUEUED);
  Place("jobs/j", {"b"});
  EXPECT_EQ(Assignment("b")->checkpoint_version(), "checkpoints/j/versions/7");
  EXPECT_EQ(Assignment("b")->generation(), 2);
  Prepared("b", 7);
  EXPECT_EQ(Assignment("b")->start_step(), 7);
  EXPECT_EQ(State(), v1::JOB_STATE_RUNNING);
}

TEST_F(JobTest, GoesOnAfterAResumeThatCameBeforeItHadStopped) {
  Run({"a"});
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  EXPECT_TRUE(cluster_->ResumeJob("jobs/j", now_).ok());
  Stopped("a", 7, "checkpoints/j/versions/7");
  EXPECT_EQ(State(), v1::JOB_STATE_QUEUED);
}

TEST_F(JobTest, IsCancelledIfThatIsAskedWhileItPauses) {
  Run({"a"});
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLING);
  Stopped("a", 7, "checkpoints/j/versions/7");
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
}

TEST_F(JobTest, PausesAtOnceWhileQueuedOrPreparing) {
  Prepare({"a"});
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_PAUSED);
  EXPECT_TRUE(cluster_->PauseJob("jobs/j", now_).ok());
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  EXPECT_EQ(State(), v1::JOB_STATE_CANCELLED);
}

TEST_F(JobTest, RefusesVerbsThatItsStateDoesNotAllow) {
  Run({"a"});
  EXPECT_TRUE(cluster_->ResumeJob("jobs/j", now_).ok());
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  EXPECT_TRUE(cluster_->CancelJob("jobs/j", now_).ok());
  const auto precondition = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(cluster_->PauseJob("jobs/j", now_).status().code(), precondition);
  EXPECT_EQ(cluster_->ResumeJob("jobs/j", now_).status().code(), precondition);
  Finished("a", "adapters/x/y/versions/1");
  EXPECT_EQ(cluster_->PauseJob("jobs/j", now_).status().code(), precondition);
  EXPECT_EQ(cluster_->ResumeJob("jobs/j", now_).status().code(), precondition);
  EXPECT_EQ(cluster_->CancelJob("jobs/j", now_).status().code(), precondition);
  EXPECT_EQ(cluster_->CancelJob("jobs/other", now_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(JobTest, IsTheSameForTheSameRequest) {
  NewJob job;
  job.name = "jobs/first";
  job.request_id = "r";
  job.request_hash = "h";
  ASSERT_TRUE(cluster_->CreateJob(job, now_).ok());
  job.name = "jobs/second";
  EXPECT_EQ((*cluster_->CreateJob(job, now_))->job().name(), "jobs/first");
  job.request_hash = "other";
  EXPECT_EQ(cluster_->CreateJob(job, now_).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(cluster_->ListJobs(0, 10), SizeIs(1));
}

TEST_F(JobTest, IsListedNewestFirst) {
  Create("jobs/1");
  Create("jobs/2");
  Create("jobs/3");
  const auto first_page = cluster_->ListJobs(0, 2);
  ASSERT_THAT(first_page, SizeIs(2));
  EXPECT_EQ(first_page[0]->job().name(), "jobs/3");
  const auto second_page = cluster_->ListJobs(first_page[1]->record().number, 2);
  ASSERT_THAT(second_page, SizeIs(1));
  EXPECT_EQ(second_page[0]->job().name(), "jobs/1");
}

TEST_F(JobTest, TellsTheJournalOfMereStepsOnlyNowAndThen) {
  Run({"a"});
  EXPECT_THAT(cluster_->TakeChanges(now_).jobs, SizeIs(1));
  Running("a", 2);
  EXPECT_THAT(cluster_->TakeChanges(now_).jobs, IsEmpty());
  now_ += absl::Seconds(5);
  const Changes changes = cluster_->TakeChanges(now_);
  ASSERT_THAT(changes.jobs, SizeIs(1));
  EXPECT_EQ(changes.jobs[0].record.job.progress().step(), 2);
  EXPECT_THAT(cluster_->TakeTouched(), ElementsAre("jobs/j"));
  EXPECT_THAT(cluster_->TakeTouched(), IsEmpty());
}

TEST_F(JobTest, NumbersItsEventsWithoutGaps) {
  Run({"a"});
  Finished("a", "adapters/x/y/versions/1");
  int64_t sequence = 0;
  const Changes changes = cluster_->TakeChanges(now_);
  ASSERT_THAT(changes.jobs, SizeIs(1));
  for (const v1::JobEvent& event : changes.jobs[0].events) {
    EXPECT_EQ(event.sequence(), ++sequence);
    EXPECT_FALSE(event.message().empty());
  }
  EXPECT_EQ((*cluster_->FindJob("jobs/j"))->record().last_event, sequence);
}

}  // namespace
}  // namespace ropewalk
