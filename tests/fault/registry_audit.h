#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/common/registry_client.h"

namespace ropewalk {

// Downloads every file of every version that the registry shows and checks its digest. Returns the
// digests. `scratch` is a folder for what is downloaded, which must not exist.
// DATA_LOSS and other errors: the first file that is not whole.
absl::StatusOr<std::set<std::string>> AuditVersions(RegistryClient* client,
                                                    const std::string& scratch);

// What lies in a registry's data folder must be the blobs with these digests and what every
// registry has, and nothing else. DATA_LOSS: the first thing that is missing or too much.
absl::Status AuditFiles(const std::string& data, const std::set<std::string>& digests);

// Asks SQLite whether the database is whole. No process may have it open.
absl::Status AuditDatabase(const std::string& data);

}  // namespace ropewalk
