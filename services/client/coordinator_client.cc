#include "services/client/coordinator_client.h"

#include <grpcpp/channel.h>

#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/client/unary_call.h"
#include "services/common/channel.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using JobStub = v1::JobService::StubInterface;
using WorkerStub = v1::WorkerService::StubInterface;

std::string FullName(absl::string_view collection, const std::string& name) {
  return absl::StartsWith(name, collection) ? name : absl::StrCat(collection, name);
}

template <typename Request>
Request Named(absl::string_view collection, const std::string& name) {
  Request request;
  request.set_name(FullName(collection, name));
  return request;
}

// Follows the pages of a list to its end.
template <typename Element, typename Request, typename CallPage, typename Elements>
absl::StatusOr<std::vector<Element>> ListAll(const CallPage& call, const Elements& elements) {
  std::vector<Element> all;
  Request request;
  do {
    ASSIGN_OR_RETURN(const auto page, call(request));
    const auto& found = elements(page);
    all.insert(all.end(), found.begin(), found.end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

}  // namespace

std::unique_ptr<CoordinatorClient> CoordinatorClient::Connect(const std::string& address) {
  const auto channel = DialChannel(address);
  return std::unique_ptr<CoordinatorClient>(new CoordinatorClient(
      address, v1::JobService::NewStub(channel), v1::WorkerService::NewStub(channel)));
}

CoordinatorClient::CoordinatorClient(const std::string& address, std::unique_ptr<JobStub> jobs,
                                     std::unique_ptr<WorkerStub> workers)
    : server_(absl::StrCat("the coordinator at ", address)),
      jobs_(std::move(jobs)),
      workers_(std::move(workers)) {}

absl::StatusOr<v1::Job> CoordinatorClient::CreateJob(v1::CreateJobRequest request) {
  if (request.request_id().empty()) request.set_request_id(NewRequestId());
  return CallUnary(jobs_.get(), &JobStub::CreateJob, request, server_);
}

absl::StatusOr<v1::Job> CoordinatorClient::GetJob(const std::string& name) {
  return CallUnary(jobs_.get(), &JobStub::GetJob, Named<v1::GetJobRequest>("jobs/", name), server_);
}

absl::StatusOr<std::vector<v1::Job>> CoordinatorClient::ListJobs() {
  return ListAll<v1::Job, v1::ListJobsRequest>(
      [this](const auto& page) {
        return CallUnary(jobs_.get(), &JobStub::ListJobs, page, server_);
      },
      [](const auto& page) -> const auto& { return page.jobs(); });
}

absl::StatusOr<v1::Job> CoordinatorClient::CancelJob(const std::string& name) {
  return CallUnary(jobs_.get(), &JobStub::CancelJob, Named<v1::CancelJobRequest>("jobs/", name),
                   server_);
}

absl::StatusOr<v1::Job> CoordinatorClient::PauseJob(const std::string& name) {
  return CallUnary(jobs_.get(), &JobStub::PauseJob, Named<v1::PauseJobRequest>("jobs/", name),
                   server_);
}

absl::StatusOr<v1::Job> CoordinatorClient::ResumeJob(const std::string& name) {
  return CallUnary(jobs_.get(), &JobStub::ResumeJob, Named<v1::ResumeJobRequest>("jobs/", name),
                   server_);
}

absl::StatusOr<v1::Worker> CoordinatorClient::GetWorker(const std::string& name) {
  return CallUnary(workers_.get(), &WorkerStub::GetWorker,
                   Named<v1::GetWorkerRequest>("workers/", name), server_);
}

absl::StatusOr<std::vector<v1::Worker>> CoordinatorClient::ListWorkers() {
  return ListAll<v1::Worker, v1::ListWorkersRequest>(
      [this](const auto& page) {
        return CallUnary(workers_.get(), &WorkerStub::ListWorkers, page, server_);
      },
      [](const auto& page) -> const auto& { return page.workers(); });
}

absl::StatusOr<v1::Worker> CoordinatorClient::DrainWorker(const std::string& name) {
  return CallUnary(workers_.get(), &WorkerStub::DrainWorker,
                   Named<v1::DrainWorkerRequest>("workers/", name), server_);
}

std::string NewRequestId() {
  std::random_device random;
  const auto bits = [&](uint32_t mask, uint32_t fixed) { return (random() & mask) | fixed; };
  return absl::StrFormat("%08x-%04x-%04x-%04x-%04x%08x", random(), bits(0xffff, 0),
                         bits(0x0fff, 0x4000), bits(0x3fff, 0x8000), bits(0xffff, 0), random());
}

}  // namespace ropewalk
