#include "worker/agent/coordinator_link.h"

#include <pthread.h>

#include <optional>

#include "services/common/backoff.h"
#include "services/common/grpc_status.h"
#include "services/common/logging.h"

namespace ropewalk {
namespace {

// Steps can be shorter than this; their reports are gathered.
constexpr absl::Duration kShortestInterval = absl::Milliseconds(10);

using Stream = grpc::ClientReaderWriterInterface<v1::AttachRequest, v1::AttachResponse>;

std::optional<v1::Assignment> AssignmentOf(const v1::AttachResponse& response) {
  if (!response.has_assignment()) return std::nullopt;
  return response.assignment();
}

}  // namespace

CoordinatorLink::CoordinatorLink(CoordinatorLinkOptions options,
                                 std::unique_ptr<v1::WorkerService::StubInterface> stub,
                                 ReportBoard* board, DesiredState* desired, Wakeup* bell,
                                 const Clock* clock)
    : options_(std::move(options)),
      stub_(std::move(stub)),
      board_(board),
      desired_(desired),
      bell_(bell),
      clock_(clock) {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "link");
    Run();
  });
}

CoordinatorLink::~CoordinatorLink() {
  stopping_ = true;
  stop_.Ring();
  bell_->Ring();
  thread_.join();
}

void CoordinatorLink::Run() {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(2),
                  std::hash<std::string>()(options_.hello.incarnation()));
  while (!stopping_) {
    const absl::Duration start = clock_->Monotonic();
    const absl::Status status = Converse();
    if (stopping_) return;
    if (absl::IsAborted(status) || absl::IsInvalidArgument(status)) {
      LogError("the coordinator refuses this worker", {{"reason", std::string(status.message())}});
      desired_->Shutdown();
      return;
    }
    LogWarning("lost the coordinator", {{"reason", std::string(status.message())}});
    if (clock_->Monotonic() - start > absl::Seconds(10)) backoff.Reset();
    stop_.WaitFor(backoff.Next());
  }
}

absl::Status CoordinatorLink::Converse() {
  grpc::ClientContext context;
  std::unique_ptr<Stream> stream = stub_->Attach(&context);
  v1::AttachRequest hello;
  *hello.mutable_hello() = options_.hello;
  stream_ended_ = !stream->Write(hello);
  {
    MutexLock lock(&mutex_);
    sent_.clear();
    last_answer_ = clock_->Monotonic();
  }
  std::thread listener([&] { Listen(stream.get()); });
  bool late = false;
  while (!stopping_ && !stream_ended_ && !late) {
    if (!SendReport(stream.get())) break;
    stop_.WaitFor(kShortestInterval);
    bell_->WaitFor(options_.report_interval);
    late = AnswersAreLate();
  }
  context.TryCancel();
  listener.join();
  const absl::Status status = FromGrpcStatus(stream->Finish());
  return late ? absl::DeadlineExceededError("it does not answer") : status;
}

void CoordinatorLink::Listen(Stream* stream) {
  pthread_setname_np(pthread_self(), "link-listen");
  v1::AttachResponse response;
  while (stream->Read(&response)) {
    Acknowledge(response.acknowledged_sequence());
    desired_->Set(AssignmentOf(response));
    options_.follow_links(response);
  }
  stream_ended_ = true;
  bell_->Ring();
}

bool CoordinatorLink::SendReport(Stream* stream) {
  v1::AttachRequest request;
  *request.mutable_report() = board_->Take();
  request.mutable_report()->set_sequence(++sequence_);
  {
    MutexLock lock(&mutex_);
    sent_.emplace_back(sequence_, clock_->Monotonic());
  }
  if (stream->Write(request)) return true;
  board_->PutBack(request.report());
  return false;
}

void CoordinatorLink::Acknowledge(int64_t sequence) {
  MutexLock lock(&mutex_);
  last_answer_ = clock_->Monotonic();
  while (!sent_.empty() && sent_.front().first <= sequence) {
    lease_start_ = sent_.front().second;
    sent_.pop_front();
  }
}

bool CoordinatorLink::AnswersAreLate() const {
  MutexLock lock(&mutex_);
  return clock_->Monotonic() - last_answer_ > options_.answer_timeout;
}

bool CoordinatorLink::HoldsLease() const {
  MutexLock lock(&mutex_);
  return clock_->Monotonic() - lease_start_ < options_.lease;
}

}  // namespace ropewalk
