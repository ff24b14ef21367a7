#include "services/registry/upstream/upstream_revision.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/json_text.h"

namespace ropewalk {
namespace {

// More than any Hub takes, and so little that the sum of a list's files is a number.
constexpr int64_t kMostFileBytes = int64_t{1} << 40;

absl::Status Malformed(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("its answer cannot be used: ", why));
}

absl::StatusOr<UpstreamFile> ParseFile(const nlohmann::json& sibling) {
  if (!sibling.is_object()) return Malformed("a file is not an object");
  UpstreamFile file;
  file.path = OptionalText(sibling, "rfilename");
  const absl::Status allowed = ValidateFilePath(file.path);
  if (!allowed.ok()) return Malformed(allowed.message());
  const absl::StatusOr<int64_t> size = RequiredSize(sibling, "size");
  if (!size.ok() || *size > kMostFileBytes) {
    return Malformed(absl::StrCat(file.path, " has no size, or one that cannot be"));
  }
  file.size_bytes = *size;
  const auto lfs = sibling.find("lfs");
  if (lfs != sibling.end() && lfs->is_object()) {
    file.sha256 = OptionalText(*lfs, "sha256");
    if (IsSha256Hex(file.sha256)) return file;
    return Malformed(absl::StrCat(file.path, " is in LFS, but has no SHA-256"));
  }
  file.git_oid = OptionalText(sibling, "blobId");
  if (IsGitOid(file.git_oid)) return file;
  return Malformed(absl::StrCat(file.path, " has no blobId"));
}

}  // namespace

int64_t UpstreamRevision::total_bytes() const {
  int64_t bytes = 0;
  for (const UpstreamFile& file : files) bytes += file.size_bytes;
  return bytes;
}

absl::StatusOr<UpstreamRevision> ParseUpstreamRevision(absl::string_view answer) {
  const nlohmann::json info = ParseJson(answer);
  if (!info.is_object()) return Malformed("it is not a JSON object; is there a Hub?");
  UpstreamRevision revision;
  revision.commit = OptionalText(info, "sha");
  if (!IsGitOid(revision.commit)) return Malformed("it has no commit, 'sha'");
  const auto siblings = info.find("siblings");
  if (siblings == info.end() || !siblings->is_array()) return Malformed("it has no 'siblings'");
  for (const nlohmann::json& sibling : *siblings) {
    ASSIGN_OR_RETURN(UpstreamFile file, ParseFile(sibling));
    revision.files.push_back(std::move(file));
  }
  return revision;
}

}  // namespace ropewalk
