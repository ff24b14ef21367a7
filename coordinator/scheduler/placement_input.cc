#include "coordinator/scheduler/placement_input.h"

namespace ropewalk {
namespace {

bool NeedsBf16(const v1::JobSpec& spec) {
  return spec.training().precision() == v1::PRECISION_BF16;
}

PlacementInput::WaitingJob Waiting(const v1::Job& job) {
  const v1::JobSpec& spec = job.spec();
  return {job.name(), spec.priority(), spec.workers().min(), spec.workers().max(), NeedsBf16(spec)};
}

PlacementInput::GrowingJob Growing(const Job& job, const WorkerTable& workers) {
  const v1::JobSpec& spec = job.job().spec();
  const int present = static_cast<int>(job.gang().seats().size() + job.gang().newcomers().size());
  PlacementInput::GrowingJob growing;
  growing.name = job.job().name();
  growing.priority = spec.priority();
  growing.room = spec.workers().max() - present;
  growing.bf16 = NeedsBf16(spec);
  growing.refused = job.refused();
  const WorkerTable::Worker* first = workers.Find(job.gang().seats().front().member.worker());
  if (first != nullptr) growing.version = first->hello.version();
  return growing;
}

}  // namespace

PlacementInput PlacementInputOf(const Cluster& cluster, absl::Time now) {
  PlacementInput input;
  const WorkerTable& workers = cluster.workers();
  for (const WorkerTable::Worker* worker : workers.All()) {
    if (!workers.IsUsable(*worker, now)) continue;
    const bool idle =
        workers.IsIdle(*worker, now) && cluster.JobOf(worker->hello.name()) == nullptr;
    input.workers.push_back(
        {worker->hello.name(), worker->hello.version(), worker->hello.capacity().bf16(), idle});
  }
  for (const Job* job : cluster.ActiveJobs()) {
    if (job->WantsGang()) input.waiting.push_back(Waiting(job->job()));
    if (job->WantsNewcomers()) input.growing.push_back(Growing(*job, workers));
  }
  return input;
}

}  // namespace ropewalk
