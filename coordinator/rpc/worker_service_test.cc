// WorkerService as workers see it, with jobs led from their first report to their end.
#include "coordinator/rpc/coordinator_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WorkerServiceTest : public CoordinatorFixture {
 protected:
  FakeWorker Attach(const std::string& name, const std::string& incarnation = "1") {
    return FakeWorker(workers_.get(), name, incarnation);
  }
  // Two idle workers are given a job and run it.
  std::string Run(FakeWorker* a, FakeWorker* b) {
    a->BeIdle();
    b->BeIdle();
    const std::string name = Create(2, 2);
    for (FakeWorker* worker : {a, b}) {
      EXPECT_TRUE(worker->AwaitGoal(v1::Assignment::PREPARE, 1));
      worker->Report(v1::WORKER_PHASE_PREPARED);
    }
    for (FakeWorker* worker : {a, b}) {
      EXPECT_TRUE(worker->AwaitGoal(v1::Assignment::RUN, 1));
      worker->Report(v1::WORKER_PHASE_RUNNING, 1);
      EXPECT_TRUE(worker->AwaitAnswer());
    }
    return name;
  }
  v1::Worker GetWorker(const std::string& name) {
    v1::GetWorkerRequest request;
    request.set_name(name);
    v1::Worker worker;
    EXPECT_TRUE(Call(workers_, &v1::WorkerService::Stub::GetWorker, request, &worker).ok());
    return worker;
  }
};

TEST_F(WorkerServiceTest, WantsAHelloFirst) {
  grpc::ClientContext context;
  context.set_deadline(Deadline());
  const auto stream = workers_->Attach(&context);
  v1::AttachRequest request;
  request.mutable_report()->set_sequence(1);
  stream->Write(request);
  v1::AttachResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, RefusesAWrongHello) {
  FakeWorker worker(workers_.get(), "not a name");
  EXPECT_EQ(worker.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, RefusesASecondHello) {
  FakeWorker worker(workers_.get(), "a");
  v1::AttachRequest request;
  request.mutable_hello()->set_name("workers/b");
  worker.Write(request);
  EXPECT_EQ(worker.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, AnswersEveryReport) {
  FakeWorker worker(workers_.get(), "a");
  for (int i = 0; i < 3; ++i) {
    worker.Report(v1::WORKER_PHASE_IDLE);
    EXPECT_TRUE(worker.AwaitAnswer());
    EXPECT_FALSE(worker.assignment().has_spec());
  }
}

TEST_F(WorkerServiceTest, ListsWorkersByName) {
  FakeWorker b(workers_.get(), "b");
  FakeWorker a(workers_.get(), "a");
  b.BeIdle();
  a.BeIdle();
  v1::ListWorkersRequest request;
  request.set_page_size(1);
  v1::ListWorkersResponse page;
  ASSERT_TRUE(Call(workers_, &v1::WorkerService::Stub::ListWorkers, request, &page).ok());
  ASSERT_THAT(page.workers(), SizeIs(1));
  EXPECT_EQ(page.workers(0).name(), "workers/a");
  EXPECT_EQ(page.workers(0).state(), v1::Worker::IDLE);
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(workers_, &v1::WorkerService::Stub::ListWorkers, request, &page).ok());
  ASSERT_THAT(page.workers(), SizeIs(1));
  EXPECT_EQ(page.workers(0).name(), "workers/b");
  EXPECT_THAT(page.next_page_token(), IsEmpty());
  request.set_page_token("nonsense");
  EXPECT_EQ(Call(workers_, &v1::WorkerService::Stub::ListWorkers, request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, LeadsAJobToItsResult) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  const std::string name = Run(&a, &b);
  EXPECT_EQ(a.assignment().job(), name);
  EXPECT_EQ(a.assignment().spec().name(), "dates");
  EXPECT_EQ(a.assignment().inputs().train_data_size(), 1);
  EXPECT_EQ(Get(name).state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(GetWorker("workers/b").state(), v1::Worker::BUSY);
  FakeWorker& first = a.assignment().rank() == 0 ? a : b;
  first.Report(v1::WORKER_PHASE_FINISHED, 100, [](v1::WorkerReport* report) {
    report->set_result_version("adapters/demo/dates/versions/1");
  });
  EXPECT_TRUE(a.AwaitNothing());
  EXPECT_TRUE(b.AwaitNothing());
  EXPECT_EQ(Get(name).result_version(), "adapters/demo/dates/versions/1");
  const std::vector<v1::JobEvent> events = WatchToTheEnd(name);
  EXPECT_EQ(events.back().kind(), v1::JobEvent::STATE_CHANGED);
  EXPECT_THAT(events.back().message(), HasSubstr("SUCCEEDED"));
}

TEST_F(WorkerServiceTest, GoesOnAtOnceWithoutAKilledWorker) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  const std::string name = Run(&a, &b);
  b.Kill();
  a.Report(v1::WORKER_PHASE_INTERRUPTED, 1);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::PREPARE, 2));
  EXPECT_EQ(a.assignment().members_size(), 1);
  a.Report(v1::WORKER_PHASE_PREPARED, 1);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::RUN, 2));
  EXPECT_EQ(a.assignment().start_step(), 1);
  EXPECT_EQ(GetWorker("workers/b").state(), v1::Worker::LOST);
  EXPECT_THAT(Get(name).workers(), ElementsAre("workers/a"));
}

TEST_F(WorkerServiceTest, LosesAWorkerThatReportsNoMore) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  Run(&a, &b);
  clock_.Advance(absl::Seconds(9));
  a.Report(v1::WORKER_PHASE_RUNNING, 2);
  ASSERT_TRUE(a.AwaitAnswer());
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::PREPARE, 2));
  ASSERT_TRUE(b.AwaitNothing());
}

TEST_F(WorkerServiceTest, TellsAProcessThatAnotherTookItsName) {
  FakeWorker old_process(workers_.get(), "a", "1");
  old_process.BeIdle();
  FakeWorker new_process(workers_.get(), "a", "2");
  new_process.BeIdle();
  EXPECT_EQ(old_process.Finish().error_code(), grpc::StatusCode::ABORTED);
  FakeWorker zombie(workers_.get(), "a", "1");
  EXPECT_EQ(zombie.Finish().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(GetWorker("workers/a").incarnation(), "2");
}

TEST_F(WorkerServiceTest, PrefersTheNewestStreamOfAProcess) {
  FakeWorker before(workers_.get(), "a");
  before.BeIdle();
  FakeWorker after(workers_.get(), "a");
  after.BeIdle();
  EXPECT_EQ(before.Finish().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(GetWorker("workers/a").state(), v1::Worker::IDLE);
}

TEST_F(WorkerServiceTest, TakesANewcomerIntoARunningJob) {
  FakeWorker a(workers_.get(), "a");
  a.BeIdle();
  Create(1, 2);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::PREPARE, 1));
  a.Report(v1::WORKER_PHASE_PREPARED);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::RUN, 1));
  a.Report(v1::WORKER_PHASE_RUNNING, 1);
  FakeWorker b(workers_.get(), "b");
  b.BeIdle();
  ASSERT_TRUE(b.AwaitGoal(v1::Assignment::PREPARE, 1));
  EXPECT_EQ(b.assignment().rank(), -1);
  b.Report(v1::WORKER_PHASE_PREPARED);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::PREPARE, 2));
  ASSERT_TRUE(b.AwaitGoal(v1::Assignment::PREPARE, 2));
  EXPECT_EQ(b.assignment().rank(), 1);
}

TEST_F(WorkerServiceTest, DrainsTheLastWorkerAndQueuesItsJob) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  const std::string name = Run(&a, &b);
  v1::Worker worker;
  ASSERT_TRUE(Drain("workers/a", &worker).ok());
  EXPECT_EQ(worker.state(), v1::Worker::DRAINING);
  ASSERT_TRUE(b.AwaitGoal(v1::Assignment::PREPARE, 2));
  b.Report(v1::WORKER_PHASE_PREPARED, 1);
  ASSERT_TRUE(b.AwaitGoal(v1::Assignment::RUN, 2));
  ASSERT_TRUE(a.AwaitNothing());
  EXPECT_EQ(GetWorker("workers/a").state(), v1::Worker::DRAINED);
  ASSERT_TRUE(Drain("workers/b", &worker).ok());
  ASSERT_TRUE(b.AwaitGoal(v1::Assignment::STOP, 2));
  b.Report(v1::WORKER_PHASE_STOPPED, 1, [](v1::WorkerReport* report) {
    report->set_checkpoint_version("checkpoints/j/k/versions/1");
    report->set_checkpoint_step(1);
  });
  ASSERT_TRUE(b.AwaitNothing());
  EXPECT_EQ(Get(name).state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(Get(name).checkpoint_step(), 1);
  EXPECT_EQ(Drain("workers/none", &worker).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(WorkerServiceTest, StopsAJobThatIsCancelled) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  const std::string name = Run(&a, &b);
  v1::Job job;
  ASSERT_TRUE(Cancel(name, &job).ok());
  EXPECT_EQ(job.state(), v1::JOB_STATE_CANCELLING);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::STOP, 1));
  ASSERT_TRUE(b.AwaitGoal(v1::Assignment::STOP, 1));
  (a.assignment().rank() == 0 ? a : b).Report(v1::WORKER_PHASE_STOPPED, 1);
  ASSERT_TRUE(a.AwaitNothing());
  ASSERT_TRUE(b.AwaitNothing());
  EXPECT_EQ(Get(name).state(), v1::JOB_STATE_CANCELLED);
}

TEST_F(WorkerServiceTest, GoesOnWithTheSameGenerationAfterARestart) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  const std::string name = Run(&a, &b);
  const v1::Assignment before = a.assignment();
  Restart();
  EXPECT_EQ(a.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(b.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  FakeWorker a_again(workers_.get(), "a");
  FakeWorker b_again(workers_.get(), "b");
  for (FakeWorker* worker : {&a_again, &b_again}) {
    worker->Report(v1::WORKER_PHASE_RUNNING, 5, [&](v1::WorkerReport* report) {
      report->set_job(name);
      report->set_generation(before.generation());
    });
    ASSERT_TRUE(worker->AwaitAnswer());
  }
  EXPECT_EQ(a_again.assignment().SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(Get(name).state(), v1::JOB_STATE_RUNNING);
  EXPECT_EQ(Get(name).progress().step(), 5);
}

TEST_F(WorkerServiceTest, LosesWhoDoesNotComeBackAfterARestart) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  const std::string name = Run(&a, &b);
  Restart();
  FakeWorker a_again(workers_.get(), "a");
  a_again.Report(v1::WORKER_PHASE_INTERRUPTED, 1, [&](v1::WorkerReport* report) {
    report->set_job(name);
    report->set_generation(1);
  });
  ASSERT_TRUE(a_again.AwaitAnswer());
  clock_.Advance(absl::Seconds(9));
  a_again.Report(v1::WORKER_PHASE_INTERRUPTED, 1);
  ASSERT_TRUE(a_again.AwaitAnswer());
  EXPECT_EQ(a_again.assignment().generation(), 1);
  clock_.Advance(absl::Seconds(1));
  ASSERT_TRUE(a_again.AwaitGoal(v1::Assignment::PREPARE, 2));
}

TEST_F(WorkerServiceTest, KeepsToWrittenAssignmentsWhileTheJournalCannotBeWritten) {
  FakeWorker a(workers_.get(), "a");
  FakeWorker b(workers_.get(), "b");
  Run(&a, &b);
  journal_.Break(true);
  b.Kill();
  a.Report(v1::WORKER_PHASE_INTERRUPTED, 1);
  ASSERT_TRUE(a.AwaitAnswer());
  EXPECT_EQ(a.assignment().generation(), 1);
  clock_.Advance(absl::Seconds(1));
  a.Report(v1::WORKER_PHASE_INTERRUPTED, 1);
  ASSERT_TRUE(a.AwaitAnswer());
  EXPECT_EQ(a.assignment().generation(), 1);
  journal_.Break(false);
  ASSERT_TRUE(a.AwaitGoal(v1::Assignment::PREPARE, 2));
}

}  // namespace
}  // namespace ropewalk
