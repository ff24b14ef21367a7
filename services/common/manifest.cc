#include "services/common/manifest.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Files = google::protobuf::RepeatedPtrField<v1::File>;

absl::Status ValidateFile(const v1::File& file) {
  RETURN_IF_ERROR(ValidateFilePath(file.path()));
  if (!IsSha256Hex(file.digest())) {
    return absl::InvalidArgumentError(
        absl::StrCat("file '", file.path(), "': its digest is not 64 hex digits in lower case"));
  }
  if (file.size_bytes() < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("file '", file.path(), "': its size is negative"));
  }
  return absl::OkStatus();
}

// A file in the way of another's folder: "a" and "a/b".
absl::Status CheckNoFileIsAFolder(const std::set<std::string>& paths) {
  for (const std::string& path : paths) {
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string folder = path.substr(0, slash);
      if (paths.count(folder) == 0) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("'", folder, "' is a file and the folder of '", path, "'; rename one"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string CanonicalManifest(const Files& files) {
  std::vector<const v1::File*> ordered;
  for (const v1::File& file : files) ordered.push_back(&file);
  std::sort(ordered.begin(), ordered.end(),
            [](const v1::File* a, const v1::File* b) { return a->path() < b->path(); });
  std::string manifest;
  for (const v1::File* file : ordered) {
    absl::StrAppend(&manifest, file->digest(), " ", file->size_bytes(), " ", file->path(), "\n");
  }
  return manifest;
}

std::string VersionId(const Files& files) { return Sha256Hex(CanonicalManifest(files)); }

absl::Status ValidateManifest(const Files& files) {
  if (files.empty()) return absl::InvalidArgumentError("a version needs at least one file");
  std::set<std::string> paths;
  for (const v1::File& file : files) {
    RETURN_IF_ERROR(ValidateFile(file));
    if (paths.insert(file.path()).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the path '", file.path(), "' comes twice; each may come once"));
  }
  return CheckNoFileIsAFolder(paths);
}

}  // namespace ropewalk
