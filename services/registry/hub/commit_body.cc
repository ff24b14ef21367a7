#include "services/registry/hub/commit_body.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_body.h"
#include "services/registry/hub/hub_error.h"

namespace ropewalk {
namespace {

constexpr int64_t kMaxContentBytes = int64_t{4} << 30;
constexpr size_t kMaxChanges = 25'000;

// The text that `value` has under a name.
absl::StatusOr<std::string> TextOf(const nlohmann::json& value, const char* name) {
  const auto field = value.find(name);
  if (field != value.end() && field->is_string()) return field->get<std::string>();
  return absl::InvalidArgumentError(absl::StrCat("a line of the commit has no text '", name, "'"));
}

}  // namespace

std::optional<HttpResponse> CommitBody::Append(absl::string_view piece) {
  const absl::Status status = decoder_.Append(piece);
  if (status.ok()) return std::nullopt;
  return HubErrorResponse(status);
}

HttpResponse CommitBody::Finish() {
  const absl::Status status = decoder_.Finish();
  return status.ok() ? finish_(commit_) : HubErrorResponse(status);
}

absl::Status CommitBody::BeginContent() {
  ASSIGN_OR_RETURN(content_, registry_->BeginUnnamedUpload(kMaxContentBytes));
  return absl::OkStatus();
}

absl::Status CommitBody::AppendContent(absl::string_view bytes) { return content_->Append(bytes); }

absl::Status CommitBody::EndContent() { return content_->Finish(); }

absl::Status CommitBody::TakeLine(const nlohmann::json& line) {
  // What comes with a line that is about no file is let go.
  const std::unique_ptr<BlobUpload> content = std::move(content_);
  ASSIGN_OR_RETURN(const std::string key, TextOf(line, "key"));
  const auto found = line.find("value");
  if (found == line.end() || !found->is_object()) {
    return absl::InvalidArgumentError("a line of the commit has no 'value'");
  }
  const nlohmann::json& value = *found;
  const size_t changes =
      commit_.files.size() + commit_.deleted_files.size() + commit_.deleted_folders.size();
  if (changes >= kMaxChanges) {
    return absl::InvalidArgumentError(
        absl::StrCat("a commit may change ", kMaxChanges, " files; make several"));
  }
  if (key == "header") return TakeHeader(value);
  if (key == "file") return TakeFile(value, content.get());
  if (key == "lfsFile") return TakeLfsFile(value);
  if (key == "deletedFile" || key == "deletedFolder" || key == "deletedEntry") {
    auto& deleted = key == "deletedFolder" ? commit_.deleted_folders : commit_.deleted_files;
    ASSIGN_OR_RETURN(deleted.emplace_back(), TextOf(value, "path"));
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a line of the commit has the key '", key,
                   "'; known are header, file, lfsFile, deletedFile and deletedFolder"));
}

absl::Status CommitBody::TakeHeader(const nlohmann::json& value) {
  if (value.contains("parentCommit") && value["parentCommit"].is_string()) {
    commit_.parent = value["parentCommit"].get<std::string>();
  }
  commit_.title = OptionalText(value, "summary");
  commit_.message = OptionalText(value, "description");
  return absl::OkStatus();
}

absl::Status CommitBody::TakeFile(const nlohmann::json& value, const BlobUpload* content) {
  ASSIGN_OR_RETURN(const std::string path, TextOf(value, "path"));
  const bool base64 = !value.contains("encoding") || value["encoding"] == "base64";
  if (content == nullptr || !base64) {
    return absl::InvalidArgumentError(
        absl::StrCat("the file '", path, "' has no content in base64"));
  }
  v1::File& file = commit_.files.emplace_back();
  file.set_path(path);
  file.set_digest(content->digest());
  file.set_size_bytes(content->committed_bytes());
  return absl::OkStatus();
}

absl::Status CommitBody::TakeLfsFile(const nlohmann::json& value) {
  ASSIGN_OR_RETURN(const std::string path, TextOf(value, "path"));
  ASSIGN_OR_RETURN(const std::string oid, TextOf(value, "oid"));
  if (!value.contains("size") || !value["size"].is_number_integer()) {
    return absl::InvalidArgumentError(absl::StrCat("the file '", path, "' has no size"));
  }
  v1::File& file = commit_.files.emplace_back();
  file.set_path(path);
  file.set_digest(oid);
  file.set_size_bytes(value["size"].get<int64_t>());
  return absl::OkStatus();
}

}  // namespace ropewalk
