#include "services/registry/hub/hub_files.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"

namespace ropewalk {
namespace {

constexpr int64_t kLargeBytes = 10 << 20;
constexpr std::array<absl::string_view, 18> kLfsEndings = {
    ".safetensors", ".bin", ".pt",   ".pth", ".ckpt",    ".gguf",  ".h5",  ".model", ".msgpack",
    ".npy",         ".npz", ".onnx", ".pkl", ".parquet", ".arrow", ".zip", ".gz",    ".zst"};

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

nlohmann::json LfsJson(const v1::File& file, const char* digest_key) {
  return {{digest_key, file.digest()},
          {"size", file.size_bytes()},
          {"pointerSize", LfsPointer(file.digest(), file.size_bytes()).size()}};
}

using Files = google::protobuf::RepeatedPtrField<v1::File>;

// The first file whose path is not before `path`; versions keep their files in the paths' order.
Files::const_iterator LowerBound(const Files& files, const std::string& path) {
  return std::lower_bound(
      files.begin(), files.end(), path,
      [](const v1::File& file, const std::string& bound) { return file.path() < bound; });
}

const v1::File* FindFile(const v1::Version& version, const std::string& path) {
  const auto found = LowerBound(version.files(), path);
  return found != version.files().end() && found->path() == path ? &*found : nullptr;
}

bool IsFolder(const v1::Version& version, const std::string& path) {
  const std::string prefix = absl::StrCat(path, "/");
  const auto found = LowerBound(version.files(), prefix);
  return found != version.files().end() && absl::StartsWith(found->path(), prefix);
}

// Files and folders in `folder`, those further below as well if `recursive`.
std::set<std::string> PathsIn(const v1::Version& version, const std::string& folder,
                              bool recursive) {
  const std::string prefix = folder.empty() ? "" : absl::StrCat(folder, "/");
  std::set<std::string> paths;
  for (auto file = LowerBound(version.files(), prefix); file != version.files().end(); ++file) {
    const std::string& path = file->path();
    if (!absl::StartsWith(path, prefix)) break;
    for (size_t end = path.find('/', prefix.size());; end = path.find('/', end + 1)) {
      paths.insert(path.substr(0, end));
      if (!recursive || end == std::string::npos) break;
    }
  }
  return paths;
}

}  // namespace

bool IsLfsFile(const std::string& path, int64_t size_bytes) {
  if (size_bytes > kLargeBytes) return true;
  const std::string lower = absl::AsciiStrToLower(path);
  return size_bytes > 0 &&
         std::any_of(kLfsEndings.begin(), kLfsEndings.end(),
                     [&](absl::string_view ending) { return absl::EndsWith(lower, ending); });
}

absl::StatusOr<std::string> HubFiles::Oid(const v1::File& file) {
  if (!IsLfsFile(file.path(), file.size_bytes())) return registry_->GitOid(file);
  return GitBlobOid(LfsPointer(file.digest(), file.size_bytes()));
}

absl::StatusOr<std::string> HubFiles::ETag(const v1::File& file) {
  return ContentOid(file, IsLfsFile(file.path(), file.size_bytes()));
}

absl::StatusOr<std::string> HubFiles::ContentOid(const v1::File& file, bool lfs) {
  if (lfs) return file.digest();
  return registry_->GitOid(file);
}

absl::StatusOr<nlohmann::json> HubFiles::Sibling(const v1::File& file, bool blobs) {
  nlohmann::json item{{"rfilename", file.path()}};
  if (!blobs) return item;
  ASSIGN_OR_RETURN(item["blobId"], Oid(file));
  item["size"] = file.size_bytes();
  if (IsLfsFile(file.path(), file.size_bytes())) item["lfs"] = LfsJson(file, "sha256");
  return item;
}

absl::StatusOr<nlohmann::json> HubFiles::TreeFile(const v1::File& file) {
  nlohmann::json item{{"type", "file"}, {"path", file.path()}, {"size", file.size_bytes()}};
  ASSIGN_OR_RETURN(item["oid"], Oid(file));
  if (IsLfsFile(file.path(), file.size_bytes())) item["lfs"] = LfsJson(file, "oid");
  return item;
}

absl::StatusOr<std::string> HubFiles::FolderOid(const v1::Version& version,
                                                const std::string& folder) {
  std::vector<GitTreeEntry> entries;
  for (const std::string& path : PathsIn(version, folder, /*recursive=*/false)) {
    GitTreeEntry& entry = entries.emplace_back();
    entry.name = NameOf(path);
    const v1::File* const file = FindFile(version, path);
    entry.is_folder = file == nullptr;
    if (file != nullptr) {
      ASSIGN_OR_RETURN(entry.oid, Oid(*file));
    } else {
      ASSIGN_OR_RETURN(entry.oid, FolderOid(version, path));
    }
  }
  return GitTreeOid(std::move(entries));
}

absl::StatusOr<std::optional<nlohmann::json>> HubFiles::TreeEntry(const v1::Version& version,
                                                                  const std::string& path) {
  if (const v1::File* const file = FindFile(version, path)) {
    ASSIGN_OR_RETURN(nlohmann::json item, TreeFile(*file));
    return std::optional<nlohmann::json>(std::move(item));
  }
  if (!IsFolder(version, path)) return std::optional<nlohmann::json>();
  nlohmann::json item{{"type", "directory"}, {"path", path}, {"size", 0}};
  ASSIGN_OR_RETURN(item["oid"], FolderOid(version, path));
  return std::optional<nlohmann::json>(std::move(item));
}

absl::StatusOr<std::optional<nlohmann::json>> HubFiles::Tree(const v1::Version& version,
                                                             const std::string& folder,
                                                             bool recursive) {
  if (!folder.empty() && !IsFolder(version, folder)) return std::optional<nlohmann::json>();
  nlohmann::json tree = nlohmann::json::array();
  for (const std::string& path : PathsIn(version, folder, recursive)) {
    ASSIGN_OR_RETURN(std::optional<nlohmann::json> item, TreeEntry(version, path));
    if (item.has_value()) tree.push_back(*std::move(item));
  }
  return std::optional<nlohmann::json>(std::move(tree));
}

}  // namespace ropewalk
