#include "coordinator/scheduler/placement_policy.h"

#include <algorithm>
#include <map>
#include <utility>

namespace ropewalk {
namespace {

using Worker = PlacementInput::Worker;
using WaitingJob = PlacementInput::WaitingJob;
using GrowingJob = PlacementInput::GrowingJob;

template <typename Job>
std::vector<Job> ByPriority(std::vector<Job> jobs) {
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const Job& a, const Job& b) { return a.priority > b.priority; });
  return jobs;
}

// One pass over the input; workers leave the pool as they are given away or held.
class Pass {
 public:
  explicit Pass(const std::vector<Worker>& workers) : workers_(workers) {
    for (const Worker& worker : workers) {
      if (worker.idle) idle_.push_back(worker);
    }
  }

  std::vector<Placement> Run(const PlacementInput& input) {
    for (const WaitingJob& job : ByPriority(input.waiting)) StartOrHold(job);
    for (const Started& started : started_) {
      std::vector<std::string>& workers = placements_[started.placement].workers;
      Take(started.job.max - static_cast<int>(workers.size()), started.version, started.job.bf16,
           {}, &workers);
    }
    for (const GrowingJob& job : ByPriority(input.growing)) Grow(job);
    return std::move(placements_);
  }

 private:
  struct Started {
    WaitingJob job;
    std::string version;
    size_t placement;
  };

  // Of the version of which most are there; the newest of equals.
  static std::pair<std::string, int> MostOf(const std::vector<Worker>& workers, bool bf16) {
    std::map<std::string, int> counts;
    for (const Worker& worker : workers) {
      if (worker.bf16 || !bf16) ++counts[worker.version];
    }
    std::pair<std::string, int> most;
    for (const auto& [version, count] : counts) {
      if (count >= most.second) most = {version, count};
    }
    return most;
  }

  void StartOrHold(const WaitingJob& job) {
    const auto [version, count] = MostOf(idle_, job.bf16);
    if (count >= job.min) {
      Placement placement{job.name, {}};
      Take(job.min, version, job.bf16, {}, &placement.workers);
      started_.push_back({job, version, placements_.size()});
      placements_.push_back(std::move(placement));
    } else if (MostOf(workers_, job.bf16).second >= job.min) {
      Hold(job);
    }
  }

  void Hold(const WaitingJob& job) {
    idle_.erase(std::remove_if(idle_.begin(), idle_.end(),
                               [&](const Worker& worker) { return worker.bf16 || !job.bf16; }),
                idle_.end());
  }

  void Grow(const GrowingJob& job) {
    Placement placement{job.name, {}};
    Take(job.room, job.version, job.bf16, job.refused, &placement.workers);
    if (!placement.workers.empty()) placements_.push_back(std::move(placement));
  }

  // Moves up to `count` suitable workers out of the pool.
  void Take(int count, const std::string& version, bool bf16, const std::set<std::string>& refused,
            std::vector<std::string>* taken) {
    for (auto worker = idle_.begin(); worker != idle_.end() && count > 0;) {
      const bool suits =
          worker->version == version && (worker->bf16 || !bf16) && refused.count(worker->name) == 0;
      if (!suits) {
        ++worker;
        continue;
      }
      taken->push_back(worker->name);
      worker = idle_.erase(worker);
      --count;
    }
  }

  const std::vector<Worker>& workers_;
  std::vector<Worker> idle_;
  std::vector<Placement> placements_;
  std::vector<Started> started_;
};

}  // namespace

std::vector<Placement> Place(const PlacementInput& input) { return Pass(input.workers).Run(input); }

}  // namespace ropewalk
