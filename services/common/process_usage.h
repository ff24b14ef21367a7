#pragma once

#include "services/common/clock.h"

namespace ropewalk {

// What this process takes of the machine, as the kernel counts; 0 where it does not tell.
struct ProcessUsage {
  double start_time_seconds = 0;  // Unix time.
  double resident_bytes = 0;
  double open_files = 0;
};

ProcessUsage ReadProcessUsage(const Clock& clock);

}  // namespace ropewalk
