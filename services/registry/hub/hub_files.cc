#include "services/registry/hub/hub_files.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/folder_oids.h"

namespace ropewalk {
namespace {

constexpr int64_t kLargeBytes = 10 << 20;
constexpr std::array<absl::string_view, 18> kLfsEndings = {
    ".safetensors", ".bin", ".pt",   ".pth", ".ckpt",    ".gguf",  ".h5",  ".model", ".msgpack",
    ".npy",         ".npz", ".onnx", ".pkl", ".parquet", ".arrow", ".zip", ".gz",    ".zst"};

nlohmann::json LfsJson(const v1::File& file, const char* digest_key) {
  return {{digest_key, file.digest()},
          {"size", file.size_bytes()},
          {"pointerSize", LfsPointer(file.digest(), file.size_bytes()).size()}};
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

absl::StatusOr<nlohmann::json> HubFiles::TreeItems(const v1::Version& version,
                                                   const std::vector<TreeEntry>& entries) {
  std::vector<std::string> folders;
  for (const TreeEntry& entry : entries) {
    if (entry.file == nullptr) folders.push_back(entry.path);
  }
  ASSIGN_OR_RETURN(const auto oids, FolderOids(version, folders,
                                               [this](const v1::File& file) { return Oid(file); }));
  nlohmann::json items = nlohmann::json::array();
  for (const TreeEntry& entry : entries) {
    nlohmann::json& item = items.emplace_back();
    if (entry.file != nullptr) {
      ASSIGN_OR_RETURN(item, TreeFile(*entry.file));
    } else {
      item = {
          {"type", "directory"}, {"path", entry.path}, {"size", 0}, {"oid", oids.at(entry.path)}};
    }
  }
  return items;
}

}  // namespace ropewalk
