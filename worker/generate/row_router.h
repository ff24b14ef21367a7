#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/linear_hook.h"
#include "worker/model/weight_specs.h"

namespace ropewalk {

// Sends each row of a forward pass to the hook that is its own, so that texts with different
// adapters share one pass over the base. A routed row's result is the same bits whichever rows are
// beside it. Not thread-safe.
class RowRouter final : public LinearHook<float> {
 public:
  // The base alone.
  static constexpr int kNoHook = -1;

  // Rows that follow one another and have the same hook, by its number.
  struct Stretch {
    int64_t rows = 0;
    int hook = kNoHook;
  };

  // The hooks must outlive the router. At first all rows go to the first one.
  RowRouter(std::vector<LinearPlace> places, std::vector<LinearHook<float>*> hooks);

  // How the rows of later passes go, from the first one on; those left over go to the base alone.
  void Route(absl::Span<const Stretch> stretches);
  void RouteAll(int hook);

  bool Covers(int64_t place) const override;
  void BeginPass(int64_t rows, const RandomKey* dropout) override;
  LowRankTerm ForwardTerm(int64_t place, const float* x) override;
  void Forward(int64_t place, const float* x, float* y) override;
  // Does nothing: only what is trained needs it.
  void Backward(int64_t place, const float* x, const float* dy, float* dx) override;

 private:
  // All stretches of one hook; x and y are those of the whole pass.
  void ForwardHook(int hook, int64_t place, const float* x, float* y);
  // With a steady number of rows.
  void ForwardStretch(LinearHook<float>* hook, int64_t place, int64_t rows, const float* x,
                      float* y) const;
  // What the hook adds to y, its term included.
  void AddAll(LinearHook<float>* hook, int64_t place, const float* x, float* y) const;

  const std::vector<LinearPlace> places_;
  const std::vector<LinearHook<float>*> hooks_;
  int all_;  // the hook of all rows, or kNoHook if the stretches say
  std::vector<Stretch> stretches_;
  bool few_ = false;  // no stretch has many rows: hooks go side by side, each on one thread
};

}  // namespace ropewalk
