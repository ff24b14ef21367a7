#include "worker/ring/link_echo.h"

namespace ropewalk {

LinkEcho::LinkEcho(AsyncRingService* service, RingPoller* poller, const std::string& incarnation)
    : service_(service),
      poller_(poller),
      use_(poller),
      stream_(&context_),
      accept_(this, &LinkEcho::OnAccepted),
      read_(this, &LinkEcho::OnRead),
      write_(this, &LinkEcho::OnWritten),
      finish_(this, &LinkEcho::OnFinished) {
  response_.set_incarnation(incarnation);
}

void LinkEcho::AcceptAll(AsyncRingService* service, RingPoller* poller,
                         const std::string& incarnation) {
  std::shared_ptr<LinkEcho> stream(new LinkEcho(service, poller, incarnation));
  service->RequestMeasureLink(&stream->context_, &stream->stream_, poller->queue(), poller->queue(),
                              stream->accept_.Start());
}

// Not ok: the server shuts down.
void LinkEcho::OnAccepted(bool ok) {
  if (!ok) return;
  AcceptAll(service_, poller_, response_.incarnation());
  stream_.Read(&request_, read_.Start());
}

// Not ok: the caller has sent all it wanted to.
void LinkEcho::OnRead(bool ok) {
  if (ok) {
    stream_.Write(response_, write_.Start());
  } else {
    stream_.Finish(grpc::Status::OK, finish_.Start());
  }
}

void LinkEcho::OnWritten(bool ok) {
  if (ok) {
    stream_.Read(&request_, read_.Start());
  } else {
    stream_.Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has gone"),
                   finish_.Start());
  }
}

}  // namespace ropewalk
