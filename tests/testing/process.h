#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace ropewalk {

// A program that a test started; killed at the latest when this object goes. Not thread-safe.
class Process {
 public:
  // Starts argv[0] with its output going to `log_file` (appended).
  static absl::StatusOr<Process> Start(const std::vector<std::string>& argv,
                                       const std::string& log_file);

  // Runs a program to its end. Returns what it wrote on stdout; INTERNAL with its exit code and the
  // end of its stderr if the code is not 0, DEADLINE_EXCEEDED (and killed) if it takes longer than
  // `timeout`.
  static absl::StatusOr<std::string> Run(const std::vector<std::string>& argv,
                                         absl::Duration timeout);

  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  void Signal(int signal);

  // Waits for the end; DEADLINE_EXCEEDED if it does not come in time. Returns the exit code, or 128
  // + the signal that killed it.
  absl::StatusOr<int> Wait(absl::Duration timeout);

  pid_t pid() const { return pid_; }

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  pid_t pid_ = -1;
};

}  // namespace ropewalk
