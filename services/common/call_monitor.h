#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace ropewalk {

// Watches a client's calls, so that none waits for ever: cancels a call that makes no progress for
// `stall_timeout`, and all of them on CancelAll. Thread-safe; has one thread.
class CallMonitor {
 public:
  // `authorization`: what every call carries in the metadata of this name; may be empty.
  explicit CallMonitor(absl::Duration stall_timeout, std::string authorization = "");

  // No Call may be left.
  ~CallMonitor();

  // Cancels the calls that run and all later ones.
  void CancelAll();

  // Whether CancelAll was called.
  bool cancelled() const;

  // Waits for `delay`, or until CancelAll; whether to go on.
  bool Sleep(absl::Duration delay);

  class Call;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One watched call, from construction to Finish. Not thread-safe.
class CallMonitor::Call {
 public:
  explicit Call(CallMonitor* monitor);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // For the stub.
  grpc::ClientContext* context();

  // Something moved: the clock starts again.
  void Progress();

  // What the call's end means: CANCELLED or DEADLINE_EXCEEDED if the monitor ended it, otherwise
  // what the server said.
  absl::Status Finish(const grpc::Status& status);

 private:
  friend class CallMonitor;
  struct Watched;
  CallMonitor::State* const monitor_;
  std::unique_ptr<Watched> watched_;
};

}  // namespace ropewalk
