#include "worker/optim/optimizer.h"

#include <utility>

#include "worker/optim/adamw.h"
#include "worker/optim/adamw_8bit.h"
#include "worker/optim/lion.h"
#include "worker/optim/muon.h"
#include "worker/optim/sgd.h"

namespace ropewalk {

OptimizerState Optimizer::InitialState() const {
  const OptimizerStateSizes sizes = StateSizes();
  OptimizerState state;
  for (const auto& [name, size] : sizes.floats) state.floats[name].resize(size);
  for (const auto& [name, size] : sizes.bytes) state.bytes[name].resize(size);
  return state;
}

std::unique_ptr<Optimizer> CreateOptimizer(const OptimizerOptions& options,
                                           std::vector<OptimizedTensor> tensors) {
  switch (options.kind) {
    case OptimizerKind::kAdamW8Bit:
      return std::make_unique<AdamW8Bit>(options, std::move(tensors));
    case OptimizerKind::kLion:
      return std::make_unique<Lion>(options, std::move(tensors));
    case OptimizerKind::kMuon:
      return std::make_unique<Muon>(options, std::move(tensors));
    case OptimizerKind::kSgd:
      return std::make_unique<Sgd>(options, std::move(tensors));
    case OptimizerKind::kAdamW:
      break;
  }
  return std::make_unique<AdamW>(options, std::move(tensors));
}

}  // namespace ropewalk
