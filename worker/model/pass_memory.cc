#include "worker/model/pass_memory.h"

#include <algorithm>

namespace ropewalk {

template <typename T>
void PassMemory<T>::TakeActivations(const ModelConfig& config, const PassShape& shape,
                                    Arena* arena) {
  shape.backward ? TakeKept(config, shape, arena) : TakeShared(config, shape.rows, arena);
  arena->Take("output", shape.rows * config.hidden_size, &last);
  arena->Take("last norm's divisor", shape.rows, &last_rstd);
  arena->Take("last norm", shape.rows * config.hidden_size, &normed);
}

// Checkpointed layers share the activations of the lowest one that is not: a backward pass is
// through with those when it needs theirs.
template <typename T>
void PassMemory<T>::TakeKept(const ModelConfig& config, const PassShape& shape, Arena* arena) {
  const int64_t count = layers.size();
  const int64_t lowest = std::min(shape.checkpointed_layers, count - 1);
  for (int64_t layer = lowest; layer < count; ++layer) {
    layers[layer].Take(config, shape.rows, arena);
  }
  for (int64_t layer = 0; layer < lowest; ++layer) {
    layers[layer] = layers[lowest];
    arena->Take("input", shape.rows * config.hidden_size, &layers[layer].input);
  }
}

// Without a backward pass only a layer's input and output must differ.
template <typename T>
void PassMemory<T>::TakeShared(const ModelConfig& config, int64_t rows, Arena* arena) {
  layers[0].Take(config, rows, arena);
  for (size_t layer = 1; layer < layers.size(); ++layer) {
    layers[layer] = layers[0];
    if (layer == 1) arena->Take("input", rows * config.hidden_size, &layers[1].input);
    if (layer > 1) layers[layer].input = layers[layer - 2].input;
  }
}

template <typename T>
void PassMemory<T>::TakeScratch(const ModelConfig& config, const PassShape& shape, Arena* arena) {
  scratch.TakeForward(config, shape.rows, arena);
  if (!shape.backward) return;
  arena->Take("gradient by last norm", shape.rows * config.hidden_size, &d_normed);
  arena->Take("gradient by stream", shape.rows * config.hidden_size, &d_stream);
  scratch.TakeBackward(config, shape.rows, arena);
}

template struct PassMemory<Bfloat16>;
template struct PassMemory<float>;
template struct PassMemory<double>;

}  // namespace ropewalk
