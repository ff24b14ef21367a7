#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ropewalk/v1/diagnostics_service.pb.h"
#include "ropewalk/v1/worker_service.pb.h"
#include "services/client/table.h"

namespace ropewalk {

// Workers for people. Pure.

// `wide`: among others to whom each sends in its ring, and how fast that way is, as measured.
Table WorkerTable(const std::vector<v1::Worker>& workers, bool wide, absl::Time now);

Table ThreadTable(const v1::ListThreadsResponse& threads);

}  // namespace ropewalk
