#include "tests/fault/registry_audit.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/sqlite_database.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int kPageSize = 100;

bool IsOfEveryRegistry(const std::string& path) {
  return absl::StartsWith(path, "registry.db") || path == "xet.key" || path == "xet/generation";
}

absl::Status AuditVersion(RegistryClient* client, const v1::Version& version,
                          const std::string& scratch) {
  const absl::Status fetched = client->FetchVersion(version, scratch);
  std::error_code error;
  std::filesystem::remove_all(scratch, error);
  if (fetched.ok()) return fetched;
  return absl::Status(fetched.code(), absl::StrCat(version.name(), ": ", fetched.message()));
}

absl::Status AuditKind(RegistryClient* client, const std::string& kind, const std::string& scratch,
                       std::set<std::string>* digests) {
  v1::ListVersionsRequest list;
  list.set_parent(kind);
  list.set_page_size(kPageSize);
  do {
    ASSIGN_OR_RETURN(const v1::ListVersionsResponse page, client->ListVersions(list));
    for (const v1::Version& version : page.versions()) {
      RETURN_IF_ERROR(AuditVersion(client, version, scratch));
      for (const v1::File& file : version.files()) digests->insert(file.digest());
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::set<std::string>> AuditVersions(RegistryClient* client,
                                                    const std::string& scratch) {
  std::set<std::string> digests;
  for (const char* const kind : {"models", "adapters", "datasets", "checkpoints"}) {
    RETURN_IF_ERROR(AuditKind(client, kind, scratch, &digests));
  }
  return digests;
}

absl::Status AuditFiles(const std::string& data, const std::set<std::string>& digests) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListFilesBelow(data));
  std::set<std::string> missing = digests;
  for (const std::string& path : paths) {
    if (IsOfEveryRegistry(path)) continue;
    const std::string name = path.substr(path.rfind('/') + 1);
    if (absl::StartsWith(path, "blobs/") && missing.erase(name) > 0) continue;
    return absl::DataLossError(absl::StrCat("a collection has left ", path));
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the blob ", *missing.begin(), " is gone"));
}

absl::Status AuditDatabase(const std::string& data) {
  ASSIGN_OR_RETURN(SqliteDatabase database,
                   SqliteDatabase::Open(absl::StrCat(data, "/registry.db")));
  SqliteStatement check = database.Prepare("PRAGMA integrity_check");
  RETURN_IF_ERROR(check.Step().status());
  const std::string found = check.Bytes(0);
  if (found == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the database is damaged: ", found));
}

}  // namespace ropewalk
