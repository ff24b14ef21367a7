#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "services/common/registry_client.h"

namespace ropewalk {

// The folder with a version's files on this machine, fetched if it is not there yet. Versions never
// change, so they stay: below ROPEWALK_CACHE, or the user's cache folder.
absl::StatusOr<std::string> FetchToCache(RegistryClient* registry, const v1::Version& version);

}  // namespace ropewalk
