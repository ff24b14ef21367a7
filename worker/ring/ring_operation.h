#pragma once

#include <memory>
#include <utility>

#include "worker/ring/ring_poller.h"

namespace ropewalk {

// One kind of operation of a stream, of which one at most is under way at a time. It keeps the
// stream alive until it is over, and then calls `over`.
template <class Stream>
class RingOperation {
 public:
  RingOperation(Stream* stream, void (Stream::*over)(bool ok))
      : stream_(stream), event_([this, over](bool ok) {
          const std::shared_ptr<Stream> kept = std::move(kept_);
          (stream_->*over)(ok);
        }) {}
  RingOperation(const RingOperation&) = delete;
  RingOperation& operator=(const RingOperation&) = delete;

  // The tag to start it with. The stream is owned by a shared_ptr.
  void* Start() {
    kept_ = stream_->shared_from_this();
    return tag();
  }

  // The same, for an operation that begins later, with Start, if at all.
  void* tag() { return &event_; }

 private:
  Stream* const stream_;
  std::shared_ptr<Stream> kept_;
  RingEvent event_;
};

}  // namespace ropewalk
