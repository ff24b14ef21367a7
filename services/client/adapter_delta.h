#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace ropewalk {

// What LoRA adapters change: by each module's weight W' = W + s B A, the difference s B A. It is
// never multiplied out: with A of r x in and B of out x r,
//   <s1 B1 A1, s2 B2 A2> = s1 s2 sum((B1^T B2) * (A1 A2^T)),
// two products of r1 x r2 elements.

struct LoraFactors {
  int64_t rank = 0;
  double scale = 0;
  std::vector<float> a;  // rank x in
  std::vector<float> b;  // out x rank
};

using LoraModules = std::map<std::string, LoraFactors>;

// Of a folder in PEFT's form, by the module's name in the base.
// INVALID_ARGUMENT: it has none, or is of another kind; or a tensor is of a type other than F32,
// F16 and BF16. UNIMPLEMENTED: it is DoRA, which changes weights otherwise.
absl::StatusOr<LoraModules> ReadLora(const std::string& folder);

// Frobenius inner product of two differences. REQUIRES: both are of modules of one shape.
double InnerProduct(const LoraFactors& x, const LoraFactors& y);

struct DeltaDifference {
  std::string module;
  double norm_a = 0;    // of a's difference; 0: it does not change the module
  double norm_b = 0;    // of b's
  double distance = 0;  // norm of a's less b's
  double cosine = 0;    // 0 if either is 0
};

// Every module of either, and last "(all)", in which each counts as a part of one long vector.
// INVALID_ARGUMENT: a module has different shapes in the two.
absl::StatusOr<std::vector<DeltaDifference>> CompareDeltas(const LoraModules& a,
                                                           const LoraModules& b);

}  // namespace ropewalk
