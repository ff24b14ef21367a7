#include "worker/ring/outgoing_stream.h"

#include <grpcpp/channel.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "worker/ring/farewell.h"
#include "worker/ring/frame.h"

namespace ropewalk {
namespace {

constexpr char kMethod[] = "/ropewalk.v1.RingService/Exchange";

}  // namespace

OutgoingStream::OutgoingStream(RingPoller* poller, std::shared_ptr<grpc::Channel> channel,
                               BrokenHop hop, std::function<void(const absl::Status&)> on_loss)
    : use_(poller),
      channel_(std::move(channel)),
      hop_(hop),
      on_loss_(std::move(on_loss)),
      start_(this, &OutgoingStream::OnStarted),
      read_(this, &OutgoingStream::OnRead),
      write_(this, &OutgoingStream::OnWritten),
      finish_(this, &OutgoingStream::OnFinished) {}

std::shared_ptr<OutgoingStream> OutgoingStream::Start(
    RingPoller* poller, std::shared_ptr<grpc::Channel> channel, const v1::RingOpen& open,
    std::function<void(const absl::Status&)> on_loss) {
  std::shared_ptr<OutgoingStream> stream(new OutgoingStream(
      poller, std::move(channel), {open.from_rank(), open.to_rank()}, std::move(on_loss)));
  v1::RingFrame frame;
  *frame.mutable_open() = open;
  stream->Send(EncodeFrame(frame)).IgnoreError();  // WaitUntilAccepted says how it went
  stream->context_.set_wait_for_ready(true);
  stream->call_ =
      grpc::GenericStub(stream->channel_).PrepareCall(&stream->context_, kMethod, poller->queue());
  stream->call_->StartCall(stream->start_.Start());
  return stream;
}

absl::Status OutgoingStream::Send(grpc::ByteBuffer frame) {
  MutexLock lock(&mutex_);
  if (outcome_.has_value()) return outcome_->ok() ? LeftError() : *outcome_;
  if (leaving_) return absl::OkStatus();
  queue_.push_back(std::move(frame));
  WriteNext();
  return absl::OkStatus();
}

absl::Status OutgoingStream::LeftError() const {
  return BrokenHopError(absl::StatusCode::kUnavailable, hop_,
                        absl::StrCat("rank ", hop_.to_rank, " has left the ring"));
}

void OutgoingStream::WriteNext() {
  if (busy_ || unwritable_ || half_closed_) return;
  if (!queue_.empty()) {
    const grpc::ByteBuffer frame = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    grpc::WriteOptions options;
    if (!queue_.empty()) options.set_buffer_hint();
    call_->Write(frame, options, write_.Start());
  } else if (leaving_) {
    half_closed_ = true;
    call_->WritesDone(write_.Start());
  }
}

void OutgoingStream::Leave(const v1::RingFarewell& farewell, bool at_once) {
  MutexLock lock(&mutex_);
  if (std::exchange(leaving_, true)) return;
  v1::RingFrame frame;
  *frame.mutable_farewell() = farewell;
  if (at_once) queue_.clear();
  queue_.push_back(EncodeFrame(frame));
  WriteNext();
  changed_.SignalAll();
}

absl::Status OutgoingStream::WaitUntilAccepted(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  while (!accepted_ && !outcome_.has_value() && !leaving_ && absl::Now() < deadline) {
    changed_.WaitFor(&mutex_, deadline - absl::Now());
  }
  if (leaving_) return absl::CancelledError("this rank leaves the ring");
  if (outcome_.has_value()) return *outcome_;
  return accepted_ ? absl::OkStatus() : absl::DeadlineExceededError("");
}

void OutgoingStream::WaitUntilEnded(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!outcome_.has_value() && absl::Now() < deadline) {
    changed_.WaitFor(&mutex_, deadline - absl::Now());
  }
}

void OutgoingStream::Close(absl::Duration timeout) {
  MutexLock lock(&mutex_);
  if (accepted_) WaitUntilEnded(timeout);
  if (outcome_.has_value()) return;
  context_.TryCancel();
  WaitUntilEnded(timeout);
}

bool OutgoingStream::has_callees_word() const {
  MutexLock lock(&mutex_);
  return callees_word_;
}

void OutgoingStream::OnStarted(bool ok) {
  MutexLock lock(&mutex_);
  call_->Read(&answer_, read_.Start());
  busy_ = !ok;
  WriteNext();
}

void OutgoingStream::OnRead(bool ok) {
  MutexLock lock(&mutex_);
  if (ok) {
    accepted_ = true;
    call_->Read(&answer_, read_.Start());
  } else {
    unwritable_ = true;
    call_->Finish(&status_, finish_.Start());
  }
  changed_.SignalAll();
}

void OutgoingStream::OnWritten(bool ok) {
  MutexLock lock(&mutex_);
  busy_ = false;
  if (ok) WriteNext();
}

absl::Status OutgoingStream::OutcomeOf(const grpc::Status& status) {
  if (status.ok()) return queue_.empty() ? absl::OkStatus() : LeftError();
  v1::RingFarewell farewell;
  callees_word_ =
      !status.error_details().empty() && farewell.ParseFromString(status.error_details());
  if (callees_word_ && accepted_) return FromFarewell(farewell);
  if (callees_word_)
    return BrokenHopError(FromFarewell(farewell).code(), hop_, status.error_message());
  return BrokenHopError(
      static_cast<absl::StatusCode>(status.error_code()), hop_,
      absl::StrCat("the connection to rank ", hop_.to_rank, " was lost: ", status.error_message()));
}

void OutgoingStream::OnFinished(bool) {
  absl::Status outcome;
  bool lost;
  {
    MutexLock lock(&mutex_);
    outcome = OutcomeOf(status_);
    lost = accepted_ && !outcome.ok();
    outcome_ = outcome;
    queue_.clear();
    changed_.SignalAll();
  }
  if (lost) on_loss_(outcome);
}

}  // namespace ropewalk
