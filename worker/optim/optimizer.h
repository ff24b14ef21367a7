#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"

namespace ropewalk {

// A tensor within the flat vector of parameters, as an optimiser treats it.
struct OptimizedTensor {
  int64_t offset = 0;  // in elements
  int64_t rows = 0;
  int64_t columns = 1;
  bool decay = true;           // weight decay applies
  bool hidden_matrix = false;  // a matrix between two layers, which Muon makes orthogonal
  double learning_rate_factor = 1;

  int64_t size() const { return rows * columns; }
};

// What an optimiser remembers from step to step, by the names under which a checkpoint has it. A
// plain value.
struct OptimizerState {
  // std::less<> looks names up without making strings of them, so that steps allocate nothing.
  std::map<std::string, std::vector<float>, std::less<>> floats;
  std::map<std::string, std::vector<uint8_t>, std::less<>> bytes;

  bool operator==(const OptimizerState&) const = default;
};

// The lengths of an OptimizerState's arrays.
struct OptimizerStateSizes {
  std::map<std::string, int64_t> floats;
  std::map<std::string, int64_t> bytes;
};

// How gradients change parameters. Steps are functions of their arguments alone, with the same bits
// for any number of threads and on any processor: every member of a ring takes each step by itself,
// and all must arrive at the same parameters. Immutable, so thread-safe.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  virtual OptimizerStateSizes StateSizes() const = 0;

  // The state before the first step: zeros.
  OptimizerState InitialState() const;

  // Takes step number `step`, counted from 1, with the gradient `gradient_scale` * `gradient`, each
  // element rounded to float32. `gradient` and `parameters` have the same length; `state` has the
  // tensors of InitialState.
  virtual void Step(double learning_rate, int64_t step, float gradient_scale,
                    absl::Span<const float> gradient, absl::Span<float> parameters,
                    OptimizerState* state) const = 0;
};

enum class OptimizerKind { kAdamW, kAdamW8Bit, kLion, kMuon, kSgd };

// How Muon's learning rate depends on the shape of a matrix (see muon.h).
enum class MuonScale { kOriginal, kMatchRmsAdamW };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  double beta1 = 0.9;    // AdamW, Lion
  double beta2 = 0.999;  // AdamW, Lion
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  double momentum = 0.9;  // SGD, Muon
  bool nesterov = false;  // SGD, Muon
  MuonScale muon_scale = MuonScale::kOriginal;
};

// `tensors` in the order of their offsets, without overlap.
std::unique_ptr<Optimizer> CreateOptimizer(const OptimizerOptions& options,
                                           std::vector<OptimizedTensor> tensors);

}  // namespace ropewalk
