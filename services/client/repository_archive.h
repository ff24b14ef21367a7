#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/common/registry_client.h"

namespace ropewalk {

// A repository as one tar file, to keep or to carry to another registry:
//   repository.json       its name, versions from the oldest on with files and lineage, and tags
//   blobs/sha256/abcd...  each file once, by its digest
// Versions have the same names wherever they are, for they are named by their files.

// Writes the repository "{kind}/{namespace}/{name}" with all of its versions, or nothing: a file of
// that name appears when it is whole. `say` is told of each version.
// ALREADY_EXISTS: the file is there. NOT_FOUND: there is no such repository.
absl::Status SaveRepository(RegistryClient* registry, const std::string& repository,
                            const std::string& path,
                            const std::function<void(const std::string&)>& say);

// Publishes what SaveRepository wrote, under `repository` or, if that is empty, the name that it
// was saved by; what is there already stays. Returns the repository's name. INVALID_ARGUMENT: the
// file is none that SaveRepository writes, or is damaged. FAILED_PRECONDITION: an adapter's base
// model is not in this registry.
absl::StatusOr<std::string> LoadRepository(RegistryClient* registry, const std::string& path,
                                           const std::string& repository,
                                           const std::function<void(const std::string&)>& say);

}  // namespace ropewalk
