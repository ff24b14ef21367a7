#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "worker/model/arena.h"
#include "worker/model/linear_hook.h"
#include "worker/model/weight_specs.h"
#include "worker/ops/lora.h"
#include "worker/peft/lora_config.h"

namespace ropewalk {

// Low-rank adapters at work: hooks the places of a LoraConfig. Parameters and gradients are in the
// order of LoraLayout. Always in T, also where the model multiplies in bfloat16. Not thread-safe.
template <typename T>
class LoraHook final : public LinearHook<T> {
 public:
  LoraHook(const std::vector<LinearPlace>& model_places, const LoraConfig& config);

  // Copies the values to compute with.
  void SetParameters(absl::Span<const T> parameters);

  // Backward adds gradients to these elements from now on.
  void SetGradient(absl::Span<T> gradient) { gradient_ = gradient; }

  bool Covers(int64_t place) const override { return branch_of_[place] >= 0; }
  void BeginPass(int64_t rows, const RandomKey* dropout) override;
  void Forward(int64_t place, const T* x, T* y) override;
  void Backward(int64_t place, const T* x, const T* dy, T* dx) override;

 private:
  // One adapter.
  struct Branch {
    LoraShape shape;
    int64_t a = 0;  // offsets of its parameters
    int64_t b = 0;
    T* xa = nullptr;  // [rows, rank], x Aᵀ
  };

  void Reserve(int64_t rows);

  // x as A sees it: x itself, or what dropout leaves of it.
  const T* Dropped(int64_t place, const Branch& branch, const T* x);

  const double dropout_;
  std::vector<int64_t> branch_of_;  // [model places], -1 where there is none
  std::vector<Branch> branches_;
  int64_t largest_in_ = 0;
  std::vector<T> parameters_;
  absl::Span<T> gradient_;

  // Of the pass.
  int64_t rows_ = 0;
  const RandomKey* key_ = nullptr;

  Arena<T> arena_;
  int64_t reserved_rows_ = 0;
  T* dropped_ = nullptr;    // [rows, in]
  T* d_dropped_ = nullptr;  // [rows, in]
  T* workspace_ = nullptr;  // [rows, rank]
};

}  // namespace ropewalk
