#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/arena.h"
#include "worker/model/linear_hook.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/linear_weight.h"
#include "worker/ops/lora.h"
#include "worker/peft/dora.h"
#include "worker/peft/lora_config.h"

namespace ropewalk {

// Low-rank adapters at work: hooks the places of a LoraConfig. Parameters and gradients are
// Wide<T>, in the order of LoraLayout. Where the layers' products are made of tiles an adapter is a
// term of them, computed in T (float in full, whatever the layers' precision). Others, and DoRA
// everywhere, are computed beside the layer in Wide<T>. Not thread-safe.
template <typename T>
class LoraHook final : public LinearHook<T> {
 public:
  // `precision` is that of the layers.
  LoraHook(const std::vector<LinearPlace>& model_places, const LoraConfig& config,
           MatMulPrecision precision);

  // The base's weight at a place that the config has, and its values [out, in]. With DoRA to be
  // called for each of them before SetParameters; otherwise not needed. `weight` must outlive this.
  // Returns ‖W‖ of each row, the magnitudes to start from.
  std::vector<Wide<T>> SetBase(int64_t place, const LinearWeight<T>* weight,
                               absl::Span<const Wide<T>> values);

  // Copies the values to compute with; those of the base's weights, which come last, are not its
  // own.
  void SetParameters(absl::Span<const Wide<T>> parameters);
  absl::Span<const Wide<T>> parameters() const { return parameters_; }

  // Backward adds gradients to these elements from now on.
  void SetGradient(absl::Span<Wide<T>> gradient) { gradient_ = gradient; }

  // What passes of so many rows take, and the adapters themselves. Not during a pass.
  PlannedArrays Plan(int64_t rows);

  bool Covers(int64_t place) const override { return branch_of_[place] >= 0; }
  void BeginPass(int64_t rows, const RandomKey* dropout) override;
  LowRankTerm ForwardTerm(int64_t place, const T* x) override;
  void Forward(int64_t place, const T* x, T* y) override;
  LowRankTerm BackwardTerm(int64_t place, const T* dy, bool wants_dx) override;
  void Backward(int64_t place, const T* x, const T* dy, T* dx) override;
  // Not with dropout, behind which the term of dx is dropped, too.
  bool AddsOnlyTerms(int64_t place) const override { return IsTerm(At(place)) && key_ == nullptr; }

 private:
  using W = Wide<T>;

  // One adapter.
  struct Branch {
    LoraShape shape;
    int64_t a = 0;  // offsets of its parameters
    int64_t b = 0;
    int64_t magnitude = 0;                    // with DoRA
    LowRankRows term_xa;                      // as a term: s x Aᵀ
    W* xa = nullptr;                          // otherwise: the same, [rows, rank]
    std::unique_ptr<Dora<W>> dora;            // or null
    std::unique_ptr<LinearWeight<W>> weight;  // DoRA's, where W is not T
  };

  const Branch& At(int64_t place) const { return branches_[branch_of_[place]]; }
  bool IsTerm(const Branch& branch) const { return tiles_ && branch.dora == nullptr; }
  void Reserve(int64_t rows);
  void Place(int64_t rows, Arena* arena);
  void ReserveTerms(int64_t rows, Arena* arena);
  void ReserveBeside(int64_t rows, Arena* arena);

  // x as A sees it: x itself, or what dropout leaves of it in `room`.
  template <typename X>
  const X* Dropped(int64_t place, const Branch& branch, const X* x, X* room);

  // Beside the layer.
  void ForwardBeside(int64_t place, const W* x, W* y);
  void ForwardDora(const Branch& branch, const W* x, const W* dropped, W* y);
  void BackwardBeside(int64_t place, const W* x, const W* dy, W* dx);
  // The gradient by the adapter's output; with DoRA also that by the base's, less dy, which is in
  // the model's dx already.
  void BackwardBranch(const Branch& branch, const W* dropped, const W* dy, W* d_dropped);

  const double dropout_;
  const bool tiles_;
  const int planes_;                // of terms
  std::vector<int64_t> branch_of_;  // [model places], -1 where there is none
  std::vector<Branch> branches_;
  int64_t largest_in_ = 0;
  int64_t largest_out_ = 0;
  int64_t largest_rank_ = 0;
  bool dora_ = false;
  std::vector<W> parameters_;
  absl::Span<W> gradient_;

  // Of the pass.
  int64_t rows_ = 0;
  const RandomKey* key_ = nullptr;

  Arena arena_;
  int64_t reserved_rows_ = 0;
  // For terms:
  T* term_dropped_ = nullptr;        // [rows, in]
  T* term_d_dropped_ = nullptr;      // [rows, in]
  Bfloat16* term_g_ = nullptr;       // s dy B as LowRankRows
  Bfloat16* term_panels_ = nullptr;  // of the last term
  LowRankTerm term_;                 // of dx, or of d_dropped, between BackwardTerm and Backward
  // Beside the layer:
  W* dropped_ = nullptr;    // [rows, in]
  W* d_dropped_ = nullptr;  // [rows, in]
  W* workspace_ = nullptr;  // [rows, rank]
  W* composed_ = nullptr;   // [rows, out], DoRA's u
  W* wide_x_ = nullptr;     // x, y or dy, and dx, where W is not T
  W* wide_y_ = nullptr;
  W* wide_dx_ = nullptr;
};

}  // namespace ropewalk
