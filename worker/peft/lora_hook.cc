#include "worker/peft/lora_hook.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "worker/ops/block_sinks.h"
#include "worker/ops/dropout.h"
#include "worker/ops/elementwise.h"
#include "worker/ops/lora_tiles.h"
#include "worker/ops/matmul.h"

namespace ropewalk {
namespace {

template <typename T>
constexpr bool kIsNarrow = !std::is_same_v<T, Wide<T>>;

LowRankRows Rows(Bfloat16* values, int64_t rows, int64_t rank, int planes) {
  return {values, rows, rank, planes};
}

}  // namespace

template <typename T>
LoraHook<T>::LoraHook(const std::vector<LinearPlace>& model_places, const LoraConfig& config,
                      MatMulPrecision precision)
    : dropout_(config.dropout),
      tiles_(UsesTiles<T>(precision)),
      planes_(kIsNarrow<T> ? 1 : kMaxPlanes),
      branch_of_(model_places.size(), -1),
      dora_(config.dora) {
  const ParameterLayout layout = LoraLayout(model_places, config);
  parameters_.resize(layout.size - config.base.layout.size);
  size_t entry = 0;
  for (const int64_t number : config.places) {
    const LinearPlace& place = model_places[number];
    branch_of_[number] = branches_.size();
    Branch branch;
    branch.shape = {place.in_size, place.out_size, config.RankAt(number), config.ScaleAt(number)};
    branch.a = layout.entries[entry++].offset;
    branch.b = layout.entries[entry++].offset;
    if (dora_) {
      branch.magnitude = layout.entries[entry++].offset;
      branch.dora = std::make_unique<Dora<W>>();
    }
    largest_in_ = std::max(largest_in_, place.in_size);
    largest_out_ = std::max(largest_out_, place.out_size);
    largest_rank_ = std::max(largest_rank_, branch.shape.rank);
    branches_.push_back(std::move(branch));
  }
}

template <typename T>
std::vector<Wide<T>> LoraHook<T>::SetBase(int64_t place, const LinearWeight<T>* weight,
                                          absl::Span<const W> values) {
  Branch& branch = branches_[branch_of_[place]];
  if constexpr (kIsNarrow<T>) {
    branch.weight =
        std::make_unique<LinearWeight<W>>(weight->out(), weight->in(), MatMulPrecision::kFull);
    branch.weight->Adopt(weight->stored());
    branch.dora->SetBase(branch.weight.get(), values);
  } else {
    branch.dora->SetBase(weight, values);
  }
  return branch.dora->BaseNorms();
}

template <typename T>
void LoraHook<T>::SetParameters(absl::Span<const W> parameters) {
  std::copy_n(parameters.begin(), parameters_.size(), parameters_.begin());
  for (const Branch& branch : branches_) {
    if (branch.dora == nullptr) continue;
    branch.dora->Update(branch.shape, &parameters_[branch.a], &parameters_[branch.b],
                        &parameters_[branch.magnitude]);
  }
}

template <typename T>
void LoraHook<T>::BeginPass(int64_t rows, const RandomKey* dropout) {
  rows_ = rows;
  key_ = dropout_ > 0 ? dropout : nullptr;
  if (rows > reserved_rows_) Reserve(rows);
}

template <typename T>
void LoraHook<T>::Reserve(int64_t rows) {
  reserved_rows_ = rows;
  arena_.Build([&](Arena* arena) { Place(rows, arena); });
}

template <typename T>
PlannedArrays LoraHook<T>::Plan(int64_t rows) {
  reserved_rows_ = 0;  // planning leaves null arrays behind, so the next pass takes its own anew
  PlannedArrays arrays = Arena::Plan([&](Arena* arena) { Place(rows, arena); });
  arrays.Add("parameters", parameters_.size() * sizeof(W));
  return arrays;
}

template <typename T>
void LoraHook<T>::Place(int64_t rows, Arena* arena) {
  tiles_ && !dora_ ? ReserveTerms(rows, arena) : ReserveBeside(rows, arena);
}

template <typename T>
void LoraHook<T>::ReserveTerms(int64_t rows, Arena* arena) {
  for (Branch& branch : branches_) {
    branch.term_xa = Rows(nullptr, rows, branch.shape.rank, planes_);
    arena->Take("s x A^T", branch.term_xa.size(), &branch.term_xa.values);
  }
  arena->Take("s dy B", Rows(nullptr, rows, largest_rank_, planes_).size(), &term_g_);
  arena->Take("a term's panels",
              TermPanelsSize(std::max(largest_in_, largest_out_), largest_rank_, planes_),
              &term_panels_);
  if (dropout_ == 0) return;
  arena->Take("x after dropout", rows * largest_in_, &term_dropped_);
  arena->Take("gradient by x after dropout", rows * largest_in_, &term_d_dropped_);
}

template <typename T>
void LoraHook<T>::ReserveBeside(int64_t rows, Arena* arena) {
  for (Branch& branch : branches_) arena->Take("x A^T", rows * branch.shape.rank, &branch.xa);
  arena->Take("dy B", rows * largest_rank_, &workspace_);
  if (dora_) arena->Take("base and adapter", rows * largest_out_, &composed_);
  if (kIsNarrow<T>) {
    arena->Take("x in float32", rows * largest_in_, &wide_x_);
    arena->Take("y in float32", rows * largest_out_, &wide_y_);
    arena->Take("gradient by x in float32", rows * largest_in_, &wide_dx_);
  }
  if (dropout_ == 0) return;
  arena->Take("x after dropout", rows * largest_in_, &dropped_);
  arena->Take("gradient by x after dropout", rows * largest_in_, &d_dropped_);
}

template <typename T>
template <typename X>
const X* LoraHook<T>::Dropped(int64_t place, const Branch& branch, const X* x, X* room) {
  if (key_ == nullptr) return x;
  Dropout(rows_ * branch.shape.in, dropout_, *key_, place, x, room);
  return room;
}

template <typename T>
LowRankTerm LoraHook<T>::ForwardTerm(int64_t place, const T* x) {
  const Branch& branch = At(place);
  if constexpr (!std::is_same_v<T, double>) {
    if (IsTerm(branch)) {
      return LoraForwardTerm<T>(branch.shape, Dropped(place, branch, x, term_dropped_),
                                &parameters_[branch.a], &parameters_[branch.b],
                                Rows(branch.term_xa.values, rows_, branch.shape.rank, planes_),
                                term_panels_);
    }
  }
  return {};
}

template <typename T>
void LoraHook<T>::Forward(int64_t place, const T* x, T* y) {
  const Branch& branch = At(place);
  if (IsTerm(branch)) return;
  if constexpr (kIsNarrow<T>) {
    WidenFrom<T>(rows_ * branch.shape.in, x, wide_x_);
    WidenFrom<T>(rows_ * branch.shape.out, y, wide_y_);
    ForwardBeside(place, wide_x_, wide_y_);
    RoundTo<T>(rows_ * branch.shape.out, wide_y_, y);
  } else {
    ForwardBeside(place, x, y);
  }
}

template <typename T>
void LoraHook<T>::ForwardBeside(int64_t place, const W* x, W* y) {
  const Branch& branch = At(place);
  const W* const dropped = Dropped(place, branch, x, dropped_);
  if (branch.dora != nullptr) return ForwardDora(branch, x, dropped, y);
  LoraForward(branch.shape, rows_, dropped, &parameters_[branch.a], &parameters_[branch.b],
              branch.xa, y);
}

// Without dropout y is x Wᵀ already. With it the share (g - 1) of the base's output is made from
// the dropped x, as PEFT does, and the rest stays whole.
template <typename T>
void LoraHook<T>::ForwardDora(const Branch& branch, const W* x, const W* dropped, W* y) {
  const int64_t elements = rows_ * branch.shape.out;
  const bool drops = dropped != x;
  W* const u = drops ? composed_ : y;
  if (drops) {
    branch.dora->weight().Forward(rows_, dropped, u);
    Subtract(elements, u, y);
  }
  LoraForward(branch.shape, rows_, dropped, &parameters_[branch.a], &parameters_[branch.b],
              branch.xa, u);
  branch.dora->Scale(rows_, u);
  if (drops) Add(elements, u, y);
}

template <typename T>
LowRankTerm LoraHook<T>::BackwardTerm(int64_t place, const T* dy, bool wants_dx) {
  const Branch& branch = At(place);
  if constexpr (!std::is_same_v<T, double>) {
    if (IsTerm(branch)) {
      term_ = LoraBackwardTerm<T>(
          branch.shape, Rows(branch.term_xa.values, rows_, branch.shape.rank, planes_), dy,
          &parameters_[branch.a], &parameters_[branch.b],
          Rows(term_g_, rows_, branch.shape.rank, planes_), term_panels_, &gradient_[branch.b]);
      if (wants_dx && key_ == nullptr) return term_;
    }
  }
  return {};
}

template <typename T>
void LoraHook<T>::Backward(int64_t place, const T* x, const T* dy, T* dx) {
  const Branch& branch = At(place);
  const int64_t in = rows_ * branch.shape.in;
  if constexpr (!std::is_same_v<T, double>) {
    if (IsTerm(branch)) {
      AddLoraInputGradient<T>(branch.shape, Dropped(place, branch, x, term_dropped_), term_.u,
                              &gradient_[branch.a]);
      if (key_ == nullptr || dx == nullptr) return;
      LowRankProduct(branch.shape.in, term_,
                     BlockSink<T>{term_d_dropped_, branch.shape.in, /*accumulate=*/false});
      Dropout<T>(in, dropout_, *key_, place, term_d_dropped_, term_d_dropped_);
      return Add<T>(in, term_d_dropped_, dx);
    }
  }
  if constexpr (kIsNarrow<T>) {
    WidenFrom<T>(in, x, wide_x_);
    WidenFrom<T>(rows_ * branch.shape.out, dy, wide_y_);
    if (dx != nullptr) WidenFrom<T>(in, dx, wide_dx_);
    BackwardBeside(place, wide_x_, wide_y_, dx == nullptr ? nullptr : wide_dx_);
    if (dx != nullptr) RoundTo<T>(in, wide_dx_, dx);
  } else {
    BackwardBeside(place, x, dy, dx);
  }
}

template <typename T>
void LoraHook<T>::BackwardBeside(int64_t place, const W* x, const W* dy, W* dx) {
  const Branch& branch = At(place);
  const bool drops = key_ != nullptr && dx != nullptr;
  const int64_t elements = rows_ * branch.shape.in;
  if (drops) std::fill_n(d_dropped_, elements, W{0});
  BackwardBranch(branch, Dropped(place, branch, x, dropped_), dy, drops ? d_dropped_ : dx);
  if (!drops) return;
  Dropout<W>(elements, dropout_, *key_, place, d_dropped_, d_dropped_);
  Add<W>(elements, d_dropped_, dx);
}

template <typename T>
void LoraHook<T>::BackwardBranch(const Branch& branch, const W* dropped, const W* dy,
                                 W* d_dropped) {
  const W* const b = &parameters_[branch.b];
  const W* d_branch = dy;
  if (branch.dora != nullptr) {
    branch.dora->weight().Forward(rows_, dropped, composed_);
    MatMul<W>(rows_, branch.shape.out, branch.shape.rank, branch.xa, Transpose::kNo, b,
              Transpose::kYes, 1, composed_);
    branch.dora->Backward(rows_, dy, composed_, &gradient_[branch.magnitude]);
    d_branch = composed_;
  }
  LoraBackward(branch.shape, rows_, dropped, branch.xa, d_branch, &parameters_[branch.a], b,
               workspace_, &gradient_[branch.a], &gradient_[branch.b], d_dropped);
  if (branch.dora == nullptr || d_dropped == nullptr) return;
  Subtract(rows_ * branch.shape.out, dy, composed_);
  branch.dora->weight().BackwardInput(rows_, composed_, d_dropped, /*accumulate=*/true);
}

template class LoraHook<Bfloat16>;
template class LoraHook<float>;
template class LoraHook<double>;

}  // namespace ropewalk
