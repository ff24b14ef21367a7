#include "worker/train/step_work.h"

#include "worker/data/pack.h"
#include "worker/train/share.h"

namespace ropewalk {

StepWork StepWork::Plan(const TrainingData& data, int64_t step, const Team& team,
                        int64_t words_at) {
  StepWork work;
  work.step = step;
  work.rank = team.rank;
  std::vector<int64_t> sizes;
  for (const std::vector<int64_t>& documents : data.plan.MicroBatches(step)) {
    work.batches.push_back(Pack(data.train, documents));
    sizes.push_back(work.batches.back().tokens.size());
    work.tokens += sizes.back();
    work.targets += work.batches.back().target_count;
  }
  work.rank_of = DealMicroBatches(sizes, team.weights);
  const int64_t batches = work.batches.size();
  work.losses_at = words_at;
  work.counts_at = work.losses_at + 2 * batches;
  work.end = work.counts_at + batches;
  return work;
}

size_t StepWork::LastOwn() const {
  for (size_t m = batches.size(); m-- > 0;) {
    if (IsOwn(m)) return m;
  }
  return batches.size();
}

int64_t StepWork::OwnTokens() const {
  int64_t own = 0;
  for (size_t m = 0; m < batches.size(); ++m) own += IsOwn(m) ? batches[m].tokens.size() : 0;
  return own;
}

}  // namespace ropewalk
