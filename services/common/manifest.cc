#include "services/common/manifest.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int kMostFiles = 100'000;
constexpr int kMostFolders = 100'000;
constexpr int kMostParts = 64;

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

// The folders of `path` that `previous`, the path before it in order, is not in.
int CountNewFolders(const std::string& path, const std::string& previous) {
  const size_t common =
      std::mismatch(path.begin(), path.end(), previous.begin(), previous.end()).first -
      path.begin();
  return static_cast<int>(std::count(path.begin() + common, path.end(), '/'));
}

// Who lists a version's folders names each of them by all that is below.
absl::Status CheckFolders(const std::set<std::string>& paths) {
  int folders = 0;
  std::string previous;
  for (const std::string& path : paths) {
    if (std::count(path.begin(), path.end(), '/') >= kMostParts) {
      return absl::InvalidArgumentError(absl::StrCat("the path '", path, "' has more than ",
                                                     kMostParts, " parts; make it less deep"));
    }
    folders += CountNewFolders(path, previous);
    previous = path;
  }
  if (folders <= kMostFolders) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("there are ", folders, " folders; a version may have ", kMostFolders));
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
  if (files.size() > kMostFiles) {
    return absl::InvalidArgumentError(absl::StrCat("there are ", files.size(),
                                                   " files; a version may have ", kMostFiles,
                                                   ", so pack small ones into archives"));
  }
  std::set<std::string> paths;
  for (const v1::File& file : files) {
    RETURN_IF_ERROR(ValidateFile(file));
    if (paths.insert(file.path()).second) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the path '", file.path(), "' comes twice; each may come once"));
  }
  RETURN_IF_ERROR(CheckFolders(paths));
  return CheckNoFileIsAFolder(paths);
}

}  // namespace ropewalk
