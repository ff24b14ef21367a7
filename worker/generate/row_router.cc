#include "worker/generate/row_router.h"

#include <algorithm>
#include <utility>

#include "worker/generate/steady_rows.h"
#include "worker/ops/block_sinks.h"
#include "worker/ops/scratch.h"
#include "worker/tensor/parallel.h"

namespace ropewalk {

RowRouter::RowRouter(std::vector<LinearPlace> places, std::vector<LinearHook<float>*> hooks)
    : places_(std::move(places)), hooks_(std::move(hooks)), all_(hooks_.empty() ? kNoHook : 0) {}

void RowRouter::Route(absl::Span<const Stretch> stretches) {
  all_ = kNoHook;
  stretches_.clear();
  for (const Stretch& stretch : stretches) {
    if (!stretches_.empty() && stretches_.back().hook == stretch.hook) {
      stretches_.back().rows += stretch.rows;
    } else {
      stretches_.push_back(stretch);
    }
  }
  few_ = std::all_of(stretches_.begin(), stretches_.end(),
                     [](const Stretch& stretch) { return stretch.rows <= kSteadyRows; });
}

void RowRouter::RouteAll(int hook) {
  all_ = hook;
  stretches_.clear();
}

bool RowRouter::Covers(int64_t place) const {
  return std::any_of(hooks_.begin(), hooks_.end(),
                     [&](const LinearHook<float>* hook) { return hook->Covers(place); });
}

void RowRouter::BeginPass(int64_t rows, const RandomKey*) {
  if (all_ != kNoHook) hooks_[all_]->BeginPass(rows, nullptr);
}

LowRankTerm RowRouter::ForwardTerm(int64_t place, const float* x) {
  if (all_ == kNoHook || !hooks_[all_]->Covers(place)) return {};
  return hooks_[all_]->ForwardTerm(place, x);
}

void RowRouter::Forward(int64_t place, const float* x, float* y) {
  if (all_ != kNoHook) {
    if (hooks_[all_]->Covers(place)) hooks_[all_]->Forward(place, x, y);
    return;
  }
  if (!few_) {
    for (size_t hook = 0; hook < hooks_.size(); ++hook) ForwardHook(hook, place, x, y);
    return;
  }
  ParallelFor(hooks_.size(), [&](int64_t begin, int64_t end) {
    const AloneScope alone;
    for (int64_t hook = begin; hook < end; ++hook) ForwardHook(hook, place, x, y);
  });
}

void RowRouter::Backward(int64_t, const float*, const float*, float*) {}

void RowRouter::ForwardHook(int hook, int64_t place, const float* x, float* y) {
  if (!hooks_[hook]->Covers(place)) return;
  for (const Stretch& stretch : stretches_) {
    if (stretch.hook == hook) ForwardStretch(hooks_[hook], place, stretch.rows, x, y);
    x += stretch.rows * places_[place].in_size;
    y += stretch.rows * places_[place].out_size;
  }
}

void RowRouter::ForwardStretch(LinearHook<float>* hook, int64_t place, int64_t rows, const float* x,
                               float* y) const {
  const int64_t in = places_[place].in_size, out = places_[place].out_size;
  const int64_t steady = SteadyRows(rows);
  hook->BeginPass(steady, nullptr);
  if (steady == rows) return AddAll(hook, place, x, y);
  static thread_local Scratch<float> x_scratch, y_scratch;
  float* const steady_x = x_scratch.Get(steady * in);
  float* const steady_y = y_scratch.Get(steady * out);
  std::fill_n(std::copy_n(x, rows * in, steady_x), (steady - rows) * in, 0.0f);
  std::fill_n(std::copy_n(y, rows * out, steady_y), (steady - rows) * out, 0.0f);
  AddAll(hook, place, steady_x, steady_y);
  std::copy_n(steady_y, rows * out, y);
}

void RowRouter::AddAll(LinearHook<float>* hook, int64_t place, const float* x, float* y) const {
  const LowRankTerm term = hook->ForwardTerm(place, x);
  const int64_t out = places_[place].out_size;
  if (term.u.rank > 0) LowRankProduct(out, term, BlockSink<float>{y, out, /*accumulate=*/true});
  hook->Forward(place, x, y);
}

}  // namespace ropewalk
