#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/registry/hub/file_tree.h"
#include "services/registry/registry.h"

namespace ropewalk {

// What the Hub keeps in git LFS, which names files by SHA-256 instead of by git: weights and
// archives by their ending, and whatever has more than 10 MiB. Pure.
bool IsLfsFile(const std::string& path, int64_t size_bytes);

// Tells of a version's files as the Hub does. Thread-safe.
class HubFiles {
 public:
  // `registry` is not owned and outlives this.
  explicit HubFiles(Registry* registry) : registry_(registry) {}

  // What a download of the file carries, and what clients name it by in their caches: SHA-256 for
  // LFS files, else git's name.
  absl::StatusOr<std::string> ETag(const v1::File& file);

  // What an upload of the file compares with: SHA-256 if it would come by LFS, else git's name.
  absl::StatusOr<std::string> ContentOid(const v1::File& file, bool lfs);

  // An item of a model's "siblings"; with sizes and names of contents if `blobs`.
  absl::StatusOr<nlohmann::json> Sibling(const v1::File& file, bool blobs);

  // Items of a tree for these files and folders of the version.
  absl::StatusOr<nlohmann::json> TreeItems(const v1::Version& version,
                                           const std::vector<TreeEntry>& entries);

 private:
  absl::StatusOr<std::string> Oid(const v1::File& file);
  absl::StatusOr<nlohmann::json> TreeFile(const v1::File& file);

  Registry* const registry_;
};

}  // namespace ropewalk
