#pragma once

namespace ropewalk {

// What this machine can do at most with this process's threads, by measurement.
struct MachineCeilings {
  double flops = 0;         // a second, in oneDNN's product of 2048 x 2048 matrices
  double memory_bytes = 0;  // a second, read and written, copying 256 MiB
  double cache_bytes = 0;   // the same copying 4 MiB
};

// Products of bfloat16 or float32 numbers. Takes about a second.
MachineCeilings MeasureCeilings(bool bfloat16);

}  // namespace ropewalk
