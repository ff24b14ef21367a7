#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ropewalk/v1/job_service.grpc.pb.h"
#include "ropewalk/v1/worker_service.grpc.pb.h"

namespace ropewalk {

// What JobService.WatchJob streams. Not thread-safe.
class JobStream {
 public:
  enum class Result { kMessage, kTimeout, kEnd };

  virtual ~JobStream() = default;

  // Waits for the next message, at most `timeout`.
  virtual Result Next(absl::Duration timeout, v1::WatchJobResponse* response) = 0;

  // How the stream ended. REQUIRES: Next returned kEnd.
  virtual absl::Status status() const = 0;
};

// The coordinator as seen from a command. Job and worker names may lack their "jobs/" and
// "workers/". Errors are those of the protocol. Thread-safe.
class CoordinatorClient {
 public:
  // Connects on the first call.
  static std::unique_ptr<CoordinatorClient> Connect(const std::string& address);

  // Safe to repeat: without a request_id, a fresh one is made.
  absl::StatusOr<v1::Job> CreateJob(v1::CreateJobRequest request);
  absl::StatusOr<v1::Job> GetJob(const std::string& name);
  // All jobs, newest first.
  absl::StatusOr<std::vector<v1::Job>> ListJobs();
  absl::StatusOr<v1::Job> CancelJob(const std::string& name);
  absl::StatusOr<v1::Job> PauseJob(const std::string& name);
  absl::StatusOr<v1::Job> ResumeJob(const std::string& name);

  // A stream of the job and its events after that one; waits for the coordinator while it is away.
  std::unique_ptr<JobStream> WatchJob(const std::string& name, int64_t after_sequence);

  absl::StatusOr<v1::Worker> GetWorker(const std::string& name);
  absl::StatusOr<std::vector<v1::Worker>> ListWorkers();
  absl::StatusOr<v1::Worker> DrainWorker(const std::string& name);

 private:
  CoordinatorClient(const std::string& address, std::unique_ptr<v1::JobService::StubInterface> jobs,
                    std::unique_ptr<v1::WorkerService::StubInterface> workers);

  const std::string server_;
  const std::unique_ptr<v1::JobService::StubInterface> jobs_;
  const std::unique_ptr<v1::WorkerService::StubInterface> workers_;
};

// A random UUID (version 4).
std::string NewRequestId();

}  // namespace ropewalk
