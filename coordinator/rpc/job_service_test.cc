// JobService as a client sees it.
#include "coordinator/rpc/coordinator_fixture.h"

namespace ropewalk {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

using JobServiceTest = CoordinatorFixture;

TEST_F(JobServiceTest, NamesAJobAndFillsItsDefaultsIn) {
  v1::Job job;
  ASSERT_TRUE(Create(Request(), &job).ok());
  EXPECT_THAT(job.name(), MatchesRegex("jobs/dates-[a-z0-9]{6}"));
  EXPECT_EQ(job.state(), v1::JOB_STATE_QUEUED);
  EXPECT_EQ(job.spec().training().global_batch_size(), 32);
  EXPECT_EQ(Get(job.name()).SerializeAsString(), job.SerializeAsString());
}

TEST_F(JobServiceTest, RefusesAWrongSpecNamingTheField) {
  v1::CreateJobRequest request = Request();
  request.mutable_job()->mutable_spec()->clear_adapter();
  v1::Job job;
  const grpc::Status status = Create(request, &job);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("adapter"));
}

TEST_F(JobServiceTest, RefusesInputsThatAreNoVersions) {
  v1::Job job;
  v1::CreateJobRequest tag = Request();
  tag.mutable_job()->mutable_inputs()->set_base_model("models/local/tiny/tags/latest");
  EXPECT_THAT(Create(tag, &job).error_message(), HasSubstr("inputs.base_model"));
  v1::CreateJobRequest kind = Request();
  kind.mutable_job()->mutable_inputs()->add_eval_data(Request().job().inputs().base_model());
  EXPECT_THAT(Create(kind, &job).error_message(), HasSubstr("inputs.eval_data"));
  v1::CreateJobRequest none = Request();
  none.mutable_job()->mutable_inputs()->clear_train_data();
  EXPECT_EQ(Create(none, &job).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(JobServiceTest, GivesTheFirstAnswerToARepeatedRequest) {
  v1::CreateJobRequest request = Request();
  request.set_request_id("4e6d1c1e-7d3c-4a0e-9d0a-1f2b3c4d5e6f");
  v1::Job first, second;
  ASSERT_TRUE(Create(request, &first).ok());
  ASSERT_TRUE(Create(request, &second).ok());
  EXPECT_EQ(first.name(), second.name());
  request.mutable_job()->mutable_spec()->set_priority(1);
  EXPECT_EQ(Create(request, &second).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  request.set_request_id(std::string(37, 'x'));
  EXPECT_EQ(Create(request, &second).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(JobServiceTest, QueuesNothingWhenOnlyAskedToValidate) {
  v1::CreateJobRequest request = Request();
  request.set_validate_only(true);
  v1::Job job;
  ASSERT_TRUE(Create(request, &job).ok());
  EXPECT_EQ(job.spec().training().global_batch_size(), 32);
  v1::ListJobsResponse list;
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::ListJobs, v1::ListJobsRequest(), &list).ok());
  EXPECT_THAT(list.jobs(), IsEmpty());
}

TEST_F(JobServiceTest, DoesNotKnowAJobThatIsNotThere) {
  v1::Job job;
  EXPECT_EQ(Get("jobs/none", &job).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Cancel("jobs/none", &job).error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext context;
  context.set_deadline(Deadline());
  v1::WatchJobRequest request;
  request.set_name("jobs/none");
  v1::WatchJobResponse response;
  const auto stream = jobs_->WatchJob(&context, request);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(JobServiceTest, ListsPagesNewestFirst) {
  const std::string first = Create();
  const std::string second = Create();
  const std::string third = Create();
  v1::ListJobsRequest request;
  request.set_page_size(2);
  v1::ListJobsResponse page;
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page).ok());
  ASSERT_THAT(page.jobs(), SizeIs(2));
  EXPECT_EQ(page.jobs(0).name(), third);
  EXPECT_EQ(page.jobs(1).name(), second);
  request.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page).ok());
  ASSERT_THAT(page.jobs(), SizeIs(1));
  EXPECT_EQ(page.jobs(0).name(), first);
  EXPECT_THAT(page.next_page_token(), IsEmpty());
}

TEST_F(JobServiceTest, RefusesPagesItDidNotOffer) {
  v1::ListJobsResponse page;
  for (const char* token : {"nonsense", "d29ya2Vycy9h", "am9icy8", "am9icy94"}) {
    v1::ListJobsRequest request;
    request.set_page_token(token);
    const grpc::Status status = Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << token;
  }
  v1::ListJobsRequest request;
  request.set_page_size(-1);
  EXPECT_EQ(Call(jobs_, &v1::JobService::Stub::ListJobs, request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(JobServiceTest, CancelsPausesAndResumes) {
  const std::string name = Create();
  v1::Job job;
  ASSERT_TRUE(Pause(name, &job).ok());
  EXPECT_EQ(job.state(), v1::JOB_STATE_PAUSED);
  ASSERT_TRUE(Resume(name, &job).ok());
  EXPECT_EQ(job.state(), v1::JOB_STATE_QUEUED);
  ASSERT_TRUE(Cancel(name, &job).ok());
  EXPECT_EQ(job.state(), v1::JOB_STATE_CANCELLED);
  EXPECT_EQ(Resume(name, &job).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(JobServiceTest, StreamsAllEventsOnceAndEndsWithTheJob) {
  const std::string name = Create();
  v1::Job job;
  ASSERT_TRUE(Pause(name, &job).ok());
  ASSERT_TRUE(Cancel(name, &job).ok());
  const std::vector<v1::JobEvent> events = WatchToTheEnd(name);
  ASSERT_THAT(events, SizeIs(3));
  for (size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].sequence(), i + 1);
  EXPECT_THAT(WatchToTheEnd(name, 2), SizeIs(1));
  EXPECT_THAT(WatchToTheEnd(name, 3), IsEmpty());
}

TEST_F(JobServiceTest, SendsNewsToAWatcherAsItComes) {
  const std::string name = Create();
  grpc::ClientContext context;
  context.set_deadline(Deadline());
  v1::WatchJobRequest request;
  request.set_name(name);
  const auto stream = jobs_->WatchJob(&context, request);
  v1::WatchJobResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.job().state(), v1::JOB_STATE_QUEUED);
  v1::Job job;
  ASSERT_TRUE(Cancel(name, &job).ok());
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.job().state(), v1::JOB_STATE_CANCELLED);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(JobServiceTest, TellsWatchersThatItGoesDown) {
  const std::string name = Create();
  grpc::ClientContext context;
  context.set_deadline(Deadline());
  v1::WatchJobRequest request;
  request.set_name(name);
  const auto stream = jobs_->WatchJob(&context, request);
  v1::WatchJobResponse response;
  ASSERT_TRUE(stream->Read(&response));
  Restart();
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Get(name).state(), v1::JOB_STATE_QUEUED);
}

TEST_F(JobServiceTest, AnswersNothingThatIsNotInTheJournal) {
  v1::CreateJobRequest request = Request();
  request.set_request_id("r");
  v1::Job job;
  journal_.Break(true);
  const grpc::Status status = Create(request, &job);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("the disk is full"));
  journal_.Break(false);
  ASSERT_TRUE(Create(request, &job).ok());
  EXPECT_THAT(journal_.Load()->jobs, SizeIs(1));
}

// A watcher whose client reads nothing.
class SlowWatcher final : public WatchStream {
 public:
  State state() override {
    MutexLock lock(&mutex_);
    return busy_ ? State::kBusy : State::kReady;
  }
  void Send(v1::WatchJobResponse response) override {
    MutexLock lock(&mutex_);
    busy_ = true;
    received_.push_back(std::move(response));
    condition_.SignalAll();
  }
  void Close(const absl::Status& status) override {}

  void Read() {
    MutexLock lock(&mutex_);
    busy_ = false;
  }
  std::vector<v1::WatchJobResponse> AwaitReceived(size_t count) {
    MutexLock lock(&mutex_);
    while (received_.size() < count && condition_.WaitFor(&mutex_, absl::Seconds(30))) {
    }
    return received_;
  }

 private:
  Mutex mutex_;
  CondVar condition_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<v1::WatchJobResponse> received_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(JobServiceTest, SendsASlowWatcherWhatItMissedInOneMessage) {
  const std::string name = Create();
  const auto watcher = std::make_shared<SlowWatcher>();
  v1::WatchJobRequest request;
  request.set_name(name);
  coordinator_->WatchJob(request, watcher);
  ASSERT_THAT(watcher->AwaitReceived(1), SizeIs(1));
  v1::Job job;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Pause(name, &job).ok());
    ASSERT_TRUE(Resume(name, &job).ok());
  }
  watcher->Read();
  const auto received = watcher->AwaitReceived(2);
  ASSERT_THAT(received, SizeIs(2));
  EXPECT_THAT(received[1].events(), SizeIs(6));
}

}  // namespace
}  // namespace ropewalk
