#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ropewalk/v1/worker_service.grpc.pb.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"
#include "worker/agent/desired_state.h"
#include "worker/agent/report_board.h"
#include "worker/agent/wakeup.h"

namespace ropewalk {

struct CoordinatorLinkOptions {
  v1::WorkerHello hello;
  absl::Duration report_interval = absl::Seconds(1);
  // Without an answer for so long the stream is given up and made anew.
  absl::Duration answer_timeout = absl::Seconds(10);
  // So long after sending a report that was acknowledged, the worker may take it that it has not
  // been replaced.
  absl::Duration lease = absl::Seconds(7);
  // Called with every answer, for what it says about the ways between workers.
  std::function<void(const v1::AttachResponse&)> follow_links = [](const v1::AttachResponse&) {};
};

// A worker's one conversation with the coordinator: sends what is on the board, once an interval
// and when the bell rings, and hands on what is desired. Reconnects with backoff for as long as it
// lives. Thread-safe.
class CoordinatorLink {
 public:
  // The pointers must outlive the link. `bell` is rung by whoever changes the board.
  CoordinatorLink(CoordinatorLinkOptions options,
                  std::unique_ptr<v1::WorkerService::StubInterface> stub, ReportBoard* board,
                  DesiredState* desired, Wakeup* bell, const Clock* clock);

  // Ends the conversation.
  ~CoordinatorLink();

  // Whether the coordinator has lately heard from this worker; without it, nothing may be
  // published.
  bool HoldsLease() const;

 private:
  void Run();
  absl::Status Converse();
  void Listen(grpc::ClientReaderWriterInterface<v1::AttachRequest, v1::AttachResponse>* stream);
  bool SendReport(grpc::ClientReaderWriterInterface<v1::AttachRequest, v1::AttachResponse>* stream);
  void Acknowledge(int64_t sequence);
  bool AnswersAreLate() const;

  const CoordinatorLinkOptions options_;
  const std::unique_ptr<v1::WorkerService::StubInterface> stub_;
  ReportBoard* const board_;
  DesiredState* const desired_;
  Wakeup* const bell_;
  const Clock* const clock_;

  Wakeup stop_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> stream_ended_ = false;
  int64_t sequence_ = 0;  // used by thread_ alone

  mutable Mutex mutex_;
  std::deque<std::pair<int64_t, absl::Duration>> sent_
      ABSL_GUARDED_BY(mutex_);  // not yet acknowledged: sequence, when
  absl::Duration lease_start_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  absl::Duration last_answer_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace ropewalk
