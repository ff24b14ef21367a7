#include "tests/testing/team_of_threads.h"

#include <algorithm>
#include <thread>

#include "worker/tensor/parallel.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

uint32_t Plus(int32_t a, int32_t b) { return static_cast<uint32_t>(a) + static_cast<uint32_t>(b); }

void CombineInto(const Contribution& from, const Contribution& to) {
  for (size_t i = 0; i < to.sums.size(); ++i)
    to.sums[i] = static_cast<int32_t>(Plus(to.sums[i], from.sums[i]));
  for (size_t i = 0; i < to.maxima.size(); ++i)
    to.maxima[i] = std::max(to.maxima[i], from.maxima[i]);
  for (size_t i = 0; i < to.float_sums.size(); ++i) to.float_sums[i] += from.float_sums[i];
}

void Copy(const Contribution& from, const Contribution& to) {
  std::copy(from.sums.begin(), from.sums.end(), to.sums.begin());
  std::copy(from.maxima.begin(), from.maxima.end(), to.maxima.begin());
  std::copy(from.float_sums.begin(), from.float_sums.end(), to.float_sums.begin());
}

}  // namespace

class TeamOfThreads::Reducer final : public GradientReducer {
 public:
  Reducer(TeamOfThreads* team, int rank) : team_(team), rank_(rank) {}
  absl::Status AllReduce(int64_t, const Contribution& contribution) override {
    return team_->Combine(rank_, contribution);
  }

 private:
  TeamOfThreads* const team_;
  const int rank_;
};

absl::Status TeamOfThreads::Run(const std::function<absl::Status(int, GradientReducer*)>& work) {
  std::vector<absl::Status> results(ranks_);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks_; ++rank) {
    threads.emplace_back([&, rank] {
      SetThreads(1);
      Reducer reducer(this, rank);
      results[rank] = work(rank, &reducer);
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) {
    if (!result.ok()) return result;
  }
  return absl::OkStatus();
}

// The last to arrive does all the work, for everyone.
absl::Status TeamOfThreads::Combine(int rank, const Contribution& contribution) {
  MutexLock lock(&mutex_);
  contributions_[rank] = &contribution;
  const int64_t round = round_;
  if (++arrived_ == ranks_) {
    for (int other = 1; other < ranks_; ++other)
      CombineInto(*contributions_[other], *contributions_[0]);
    for (int other = 1; other < ranks_; ++other) Copy(*contributions_[0], *contributions_[other]);
    arrived_ = 0;
    ++round_;
    changed_.SignalAll();
  }
  while (round_ == round) {
    if (!changed_.WaitFor(&mutex_, kPatience) && round_ == round)
      return absl::DeadlineExceededError("a rank is missing");
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
