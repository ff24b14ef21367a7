#pragma once

#include <cstdint>
#include <vector>

#include "worker/model/activations.h"
#include "worker/model/arena.h"
#include "worker/model/config.h"
#include "worker/tensor/element.h"

namespace ropewalk {

// What decides how much memory a pass needs.
struct PassShape {
  int64_t rows = 0;
  bool backward = false;  // whether a backward pass follows
  // So many of the lowest layers keep only their input for the backward pass, which computes them
  // anew. The highest layer's activations are still there when that begins, so it never is.
  int64_t checkpointed_layers = 0;
};

// Where a pass of a decoder through all its layers keeps its arrays.
template <typename T>
struct PassMemory {
  // With none yet.
  explicit PassMemory(int64_t layer_count) : layers(layer_count) {}

  std::vector<LayerActivations<T>> layers;
  Wide<T>* last = nullptr;       // [rows, hidden], the highest layer's output
  Wide<T>* last_rstd = nullptr;  // [rows]
  T* normed = nullptr;           // [rows, hidden], the last norm's output
  LayerScratch<T> scratch;
  Wide<T>* d_normed = nullptr;
  Wide<T>* d_stream = nullptr;  // [rows, hidden], the gradient on its way down

  // Sets all of the above that a pass of this shape needs: what one layer leaves for another or for
  // the backward pass, and what each uses in its turn.
  void TakeActivations(const ModelConfig& config, const PassShape& shape, Arena* arena);
  void TakeScratch(const ModelConfig& config, const PassShape& shape, Arena* arena);

 private:
  void TakeKept(const ModelConfig& config, const PassShape& shape, Arena* arena);
  void TakeShared(const ModelConfig& config, int64_t rows, Arena* arena);
};

}  // namespace ropewalk
