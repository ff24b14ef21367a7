#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/common/server.h"
#include "services/common/termination.h"

namespace ropewalk {

struct WorkerOptions {
  ServerOptions server;
  std::string name;       // "worker-0"; empty: the host's name
  std::string advertise;  // "host:port" for other workers; empty: found out
  std::string coordinator = "127.0.0.1:7070";
  std::string registry = "127.0.0.1:7080";
  std::string cache = "ropewalk-cache";
  int threads = 0;  // 0: one a core
};

// Runs a worker until termination is requested: then it is drained, as far as the coordinator can
// be reached, and OK is returned. ABORTED: another process took its name. Otherwise what kept it
// from starting.
absl::Status RunWorker(const WorkerOptions& options, const Termination& termination);

}  // namespace ropewalk
