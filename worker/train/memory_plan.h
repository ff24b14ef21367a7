#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "worker/tensor/planned_arrays.h"

namespace ropewalk {

// A part of what training keeps in memory: "activations".
struct MemoryPart {
  std::string name;
  PlannedArrays arrays;
  bool mapped = false;  // from files: the system may drop it and read it again
};

// What training keeps in memory while it takes steps. Not among it: the data, the little that every
// thread has for itself, and what evaluations, checkpoints and the result need for a while. A plain
// value.
struct MemoryPlan {
  std::vector<MemoryPart> parts;

  int64_t bytes() const;
  int64_t mapped_bytes() const;

  // "weights 0.27 GB, activations 1.32 GB, ...", without empty parts.
  std::string Summary() const;

  // A line for each part and each name of an array, and the total.
  std::string Table() const;
};

// "1.32 GB".
std::string Gigabytes(int64_t bytes);

}  // namespace ropewalk
