#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "services/client/table.h"

namespace ropewalk {

// What the registry keeps, for people. Pure.

Table RepositoryTable(const std::vector<v1::Repository>& repositories, absl::Time now);

Table VersionTable(const std::vector<v1::Version>& versions, bool wide, absl::Time now);

// One version in full: lineage, metrics and files.
std::string DescribeVersion(const v1::Version& version, absl::Time now);

// What differs from `a` to `b`: "+ path", "- path", "~ path" of files, and "field: old -> new" of
// the lineage; "" if nothing does.
std::string DiffVersions(const v1::Version& a, const v1::Version& b);

}  // namespace ropewalk
