#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ropewalk/v1/job_service.grpc.pb.h"
#include "ropewalk/v1/worker_service.grpc.pb.h"
#include "services/common/mutex.h"

namespace ropewalk {

// A JobService that plays back what a test wrote down: CreateJob answers with "jobs/{spec.name}",
// and WatchJob streams the job as `jobs` has it.
class FakeJobService : public v1::JobService::WithCallbackMethod_WatchJob<v1::JobService::Service> {
 public:
  // A job that ends in this state, or is for ever in it.
  void AddJob(const std::string& name, v1::JobState state);

  std::vector<v1::CreateJobRequest> created() const;

  grpc::Status CreateJob(grpc::ServerContext* context, const v1::CreateJobRequest* request,
                         v1::Job* response) override;
  grpc::Status GetJob(grpc::ServerContext* context, const v1::GetJobRequest* request,
                      v1::Job* response) override;
  grpc::Status ListJobs(grpc::ServerContext* context, const v1::ListJobsRequest* request,
                        v1::ListJobsResponse* response) override;
  grpc::Status CancelJob(grpc::ServerContext* context, const v1::CancelJobRequest* request,
                         v1::Job* response) override;
  grpc::ServerWriteReactor<v1::WatchJobResponse>* WatchJob(
      grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) override;

 private:
  grpc::Status Find(const std::string& name, v1::Job* job) const;

  mutable Mutex mutex_;
  std::map<std::string, v1::Job> jobs_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::CreateJobRequest> created_ ABSL_GUARDED_BY(mutex_);
};

// Knows one worker, "workers/worker-0", whose own services are at `ring_address`.
class FakeWorkerService : public v1::WorkerService::Service {
 public:
  std::string ring_address;

  grpc::Status GetWorker(grpc::ServerContext* context, const v1::GetWorkerRequest* request,
                         v1::Worker* response) override;
  grpc::Status ListWorkers(grpc::ServerContext* context, const v1::ListWorkersRequest* request,
                           v1::ListWorkersResponse* response) override;
  grpc::Status DrainWorker(grpc::ServerContext* context, const v1::DrainWorkerRequest* request,
                           v1::Worker* response) override;
};

}  // namespace ropewalk
