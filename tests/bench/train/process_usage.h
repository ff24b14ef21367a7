#pragma once

#include <cstdint>

namespace ropewalk {

// The most physical memory that this process has had so far, mapped files included (Linux's VmHWM).
int64_t PeakMemoryBytes();

// What it has now (VmRSS).
int64_t MemoryBytes();

// Since this process was started, to 10 ms.
double SecondsSinceProcessStart();

}  // namespace ropewalk
