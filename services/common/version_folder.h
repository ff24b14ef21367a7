#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// Brings one file of a version to a path that does not exist yet, verified and synced.
using FetchFile = std::function<absl::Status(const v1::File& file, const std::string& path)>;

// Makes `folder` hold a version's files: fetches them into a temporary folder beside it and renames
// that, so that `folder` is there whole or not at all. Succeeds at once if all files are there with
// their sizes. Several may do the same at the same time.
// INVALID_ARGUMENT: a path of the version would lead out of the folder. ALREADY_EXISTS: the folder
// is there and holds something else.
absl::Status MakeVersionFolder(const v1::Version& version, const std::string& folder,
                               const FetchFile& fetch);

}  // namespace ropewalk
