#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/common/server.h"
#include "services/common/termination.h"

namespace ropewalk {

struct WorkerOptions {
  ServerOptions server;
  std::string name;  // "worker-0"; empty: the host's name
  // "host:port" each, for other workers; those after the first are tried as well. None: found out.
  std::vector<std::string> advertise;
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
