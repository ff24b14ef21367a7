#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/rpc/event_loop.h"
#include "coordinator/rpc/streams.h"
#include "coordinator/state/cluster.h"
#include "coordinator/store/journal.h"
#include "services/common/clock.h"

namespace ropewalk {

// The cluster, its journal and its open streams, all on one thread: what comes in is queued,
// applied to the cluster in order, written to the journal a batch at a time, and only then answered
// and told to workers and watchers. So nobody ever sees what a crash could undo. While the journal
// cannot be written, calls are answered with its error, workers keep the assignments that are in
// it, and the same batch is tried again at every tick.
//
// Thread-safe; no call blocks. Answers come on the coordinator's thread, or at once after Stop():
// UNAVAILABLE.
class Coordinator {
 public:
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  struct Options {
    Timing timing;
    // How often time is looked at, work is placed and watchers are told.
    absl::Duration tick_period = absl::Milliseconds(100);
  };

  // Loads the journal. `journal` and `clock` must outlive the coordinator; the journal is its alone
  // until Stop().
  static absl::StatusOr<std::unique_ptr<Coordinator>> Create(const Options& options,
                                                             Journal* journal, const Clock* clock);
  ~Coordinator() { Stop(); }

  // Answers what has been asked, then ends all streams with UNAVAILABLE.
  void Stop();

  // The methods of JobService and WorkerService, with their errors.
  void CreateJob(const v1::CreateJobRequest& request, Done<v1::Job> done);
  void GetJob(const std::string& name, Done<v1::Job> done);
  void ListJobs(const v1::ListJobsRequest& request, Done<v1::ListJobsResponse> done);
  void CancelJob(const std::string& name, Done<v1::Job> done);
  void PauseJob(const std::string& name, Done<v1::Job> done);
  void ResumeJob(const std::string& name, Done<v1::Job> done);
  void WatchJob(const v1::WatchJobRequest& request, std::shared_ptr<WatchStream> stream);
  void GetWorker(const std::string& name, Done<v1::Worker> done);
  void ListWorkers(const v1::ListWorkersRequest& request, Done<v1::ListWorkersResponse> done);
  void DrainWorker(const std::string& name, Done<v1::Worker> done);

  // An Attach stream: a session begins with its hello and ends with Detach(); the number is its
  // name.
  int64_t NewSession() { return ++last_session_; }
  void Attach(int64_t session, const v1::WorkerHello& hello, std::shared_ptr<WorkerStream> stream);
  void TakeReport(int64_t session, const v1::WorkerReport& report);
  void Detach(int64_t session);

 private:
  using Verb = absl::StatusOr<const Job*> (Cluster::*)(const std::string&, absl::Time);

  struct Session {
    std::string worker;
    std::string incarnation;
    std::shared_ptr<WorkerStream> stream;
    int64_t acknowledged = 0;
    bool owes_answer = false;  // to a report
    bool informed = false;     // `told` holds an assignment that is in the journal
    std::string told;          // the newest one, serialised; empty: none
  };
  struct Watch {
    std::string job;
    int64_t after_sequence = 0;
    std::shared_ptr<WatchStream> stream;
    bool due = true;  // there may be news
  };

  Coordinator(const Options& options, Journal* journal, const Clock* clock);

  // Everything below runs on the loop's thread, Now() anywhere.
  absl::Time Now() const { return wall_start_ + (clock_->Monotonic() - monotonic_start_); }
  template <typename T>
  void Ask(Done<T> done, std::function<absl::StatusOr<T>()> question);
  void Apply(Verb verb, const std::string& name, Done<v1::Job> done);
  absl::StatusOr<v1::Job> Submit(NewJob job, bool validate_only);
  absl::StatusOr<v1::ListJobsResponse> PageOfJobs(const v1::ListJobsRequest& request);
  absl::StatusOr<v1::ListWorkersResponse> PageOfWorkers(const v1::ListWorkersRequest& request);
  void Admit(int64_t session, const v1::WorkerHello& hello, std::shared_ptr<WorkerStream> stream);
  void CloseReplaced(const v1::WorkerHello& hello);

  void Tick();
  void Settle();
  absl::Status WriteJournal();
  void Answer(const absl::Status& journal);
  void InformWorkers(bool all);
  void Inform(Session* session, bool journal_ok);
  void TellWatchers();
  // False: the watch has ended.
  bool Tell(Watch* watch);
  void CloseStreams();

  Journal* const journal_;
  const Clock* const clock_;
  const absl::Time wall_start_;
  const absl::Duration monotonic_start_;
  std::atomic<int64_t> last_session_{0};

  // Only for the loop's thread.
  absl::BitGen random_;
  Cluster cluster_;
  std::vector<Changes> unwritten_;
  absl::Status journal_status_;
  std::vector<std::function<void(const absl::Status&)>> answers_;
  std::map<int64_t, Session> sessions_;
  std::vector<Watch> watches_;

  std::unique_ptr<EventLoop> loop_;
};

}  // namespace ropewalk
