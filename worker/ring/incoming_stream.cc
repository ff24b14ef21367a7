#include "worker/ring/incoming_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/grpc_status.h"
#include "worker/ring/farewell.h"
#include "worker/ring/frame.h"
#include "worker/ring/inbox.h"
#include "worker/ring/ring_joins.h"

namespace ropewalk {

IncomingStream::IncomingStream(AsyncRingService* service, RingPoller* poller, RingJoins* joins,
                               absl::Duration join_timeout)
    : service_(service),
      poller_(poller),
      use_(poller),
      joins_(joins),
      join_timeout_(join_timeout),
      stream_(&context_),
      accept_(this, &IncomingStream::OnAccepted),
      read_(this, &IncomingStream::OnRead),
      write_(this, &IncomingStream::OnWritten),
      join_(this, &IncomingStream::OnJoinTimeout),
      call_(this, &IncomingStream::OnCallOver),
      finish_(this, &IncomingStream::OnFinished) {}

void IncomingStream::AcceptAll(AsyncRingService* service, RingPoller* poller, RingJoins* joins,
                               absl::Duration join_timeout) {
  std::shared_ptr<IncomingStream> stream(new IncomingStream(service, poller, joins, join_timeout));
  stream->context_.AsyncNotifyWhenDone(stream->call_.tag());
  service->RequestExchange(&stream->context_, &stream->stream_, poller->queue(), poller->queue(),
                           stream->accept_.Start());
}

// Not ok: the server shuts down.
void IncomingStream::OnAccepted(bool ok) {
  if (!ok) return;
  call_.Start();
  AcceptAll(service_, poller_, joins_, join_timeout_);
  Read();
}

void IncomingStream::OnRead(bool ok) { ok ? TakeFrame() : BreakLost(); }

void IncomingStream::TakeFrame() {
  absl::StatusOr<std::variant<Chunk, v1::RingFrame>> frame = DecodeFrame(frame_);
  frame_.Clear();
  if (!frame.ok()) return Break(frame.status().code(), frame.status().message());
  if (Chunk* chunk = std::get_if<Chunk>(&*frame)) return TakeChunk(std::move(*chunk));
  const v1::RingFrame& plain = std::get<v1::RingFrame>(*frame);
  if (!introduced_) return Introduce(plain);
  if (plain.has_farewell()) return TakeFarewell(plain.farewell());
  Break(absl::StatusCode::kInvalidArgument, "a frame that is neither chunk nor farewell");
}

void IncomingStream::Introduce(const v1::RingFrame& frame) {
  if (!frame.has_open()) {
    return Break(absl::StatusCode::kInvalidArgument, "the first frame of a stream must be `open`");
  }
  open_ = frame.open();
  introduced_ = true;
  join_alarm_.Set(poller_->queue(), absl::ToChronoTime(absl::Now() + join_timeout_), join_.Start());
  joins_->Arrive(shared_from_this());
}

void IncomingStream::OnJoinTimeout(bool expired) {
  if (expired && joins_->Forget(this)) Leave(NotJoined());
}

absl::Status IncomingStream::NotJoined() const {
  return absl::DeadlineExceededError(absl::StrCat("rank ", open_.to_rank(),
                                                  " did not join generation ", open_.generation(),
                                                  " within ", absl::FormatDuration(join_timeout_)));
}

bool IncomingStream::Feed(std::shared_ptr<Inbox> inbox) {
  join_alarm_.Cancel();
  {
    MutexLock lock(&mutex_);
    if (ended_) return false;
    inbox_ = inbox;
    writing_ = true;
    answer_ = EncodeFrame(v1::RingFrame());
    stream_.Write(answer_, write_.Start());
  }
  inbox->Open([self = shared_from_this()] { self->Read(); });
  Read();
  return true;
}

void IncomingStream::Read() {
  MutexLock lock(&mutex_);
  if (!ended_) stream_.Read(&frame_, read_.Start());
}

void IncomingStream::TakeChunk(Chunk chunk) {
  const std::shared_ptr<Inbox> inbox = this->inbox();
  if (inbox == nullptr) {
    return Break(absl::StatusCode::kInvalidArgument, "a chunk before the ring was joined");
  }
  if (inbox->Push(std::move(chunk))) Read();
}

void IncomingStream::TakeFarewell(const v1::RingFarewell& farewell) {
  const absl::Status why = FromFarewell(farewell);
  if (!why.ok()) {
    if (const std::shared_ptr<Inbox> inbox = this->inbox()) inbox->Fail(why);
  } else {
    EndInbox(BrokenHopError(absl::StatusCode::kUnavailable, hop(),
                            absl::StrCat("rank ", open_.from_rank(), " has left the ring")));
  }
  Leave(absl::OkStatus());
}

// The stream is of no more use: tells both sides.
void IncomingStream::Break(absl::StatusCode code, absl::string_view message) {
  const absl::Status why = BrokenHopError(code, hop(), message);
  EndInbox(why);
  Leave(why);
}

void IncomingStream::BreakLost() {
  if (inbox() == nullptr) return Leave(absl::CancelledError("the predecessor has gone"));
  Break(absl::StatusCode::kUnavailable,
        absl::StrCat("the connection from rank ", open_.from_rank(), " was lost"));
}

void IncomingStream::EndInbox(const absl::Status& why) {
  if (const std::shared_ptr<Inbox> inbox = this->inbox()) inbox->End(why);
}

std::shared_ptr<Inbox> IncomingStream::inbox() const {
  MutexLock lock(&mutex_);
  return inbox_;
}

void IncomingStream::Leave(const absl::Status& why) {
  join_alarm_.Cancel();
  const grpc::Status plain = ToGrpcStatus(why);
  const grpc::Status status(plain.error_code(), plain.error_message(),
                            why.ok() ? "" : ToFarewell(why).SerializeAsString());
  MutexLock lock(&mutex_);
  if (std::exchange(ended_, true)) return;
  if (writing_) {
    last_word_ = status;
  } else {
    stream_.Finish(status, finish_.Start());
  }
}

void IncomingStream::OnWritten(bool) {
  MutexLock lock(&mutex_);
  writing_ = false;
  if (last_word_.has_value()) stream_.Finish(*last_word_, finish_.Start());
}

void IncomingStream::OnCallOver(bool) {
  if (context_.IsCancelled()) {
    joins_->Forget(this);
    BreakLost();
  }
  MutexLock lock(&mutex_);
  inbox_.reset();  // it refers back to the stream
}

}  // namespace ropewalk
