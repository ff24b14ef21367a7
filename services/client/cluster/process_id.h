#pragma once

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ropewalk {

// One process for ever: its number may be given to another after it ends, its start time makes the
// two differ.
struct ProcessId {
  pid_t pid = 0;
  uint64_t start_time = 0;  // in the kernel's ticks since the machine started
};

// NOT_FOUND: there is no such process, or it has ended and waits for its parent.
absl::StatusOr<ProcessId> IdentifyProcess(pid_t pid);

bool IsRunning(const ProcessId& id);

// Sends a signal; does nothing if the process is gone.
void SignalProcess(const ProcessId& id, int signal);

// Waits until the process has ended, whoever its parent is. Returns false on timeout.
bool WaitForExit(const ProcessId& id, absl::Duration timeout);

}  // namespace ropewalk
