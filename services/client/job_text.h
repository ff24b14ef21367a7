#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ropewalk/v1/job_service.pb.h"
#include "services/client/table.h"

namespace ropewalk {

// Jobs for people. Pure.

Table JobTable(const std::vector<v1::Job>& jobs, bool wide, absl::Time now);

// One job in full, a line per fact.
std::string DescribeJob(const v1::Job& job, absl::Time now);

}  // namespace ropewalk
