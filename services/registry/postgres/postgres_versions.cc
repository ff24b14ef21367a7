#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/postgres/postgres_metadata_store.h"
#include "services/registry/postgres/postgres_rows.h"
#include "services/registry/postgres/postgres_version_query.h"
#include "services/registry/postgres/postgres_version_rows.h"
#include "services/registry/timestamps.h"

// PostgresMetadataStore: versions.

namespace ropewalk {
namespace {

// The one version of the rows.
absl::StatusOr<v1::Version> LoadVersion(PostgresTransaction& transaction,
                                        const pqxx::result& rows) {
  ASSIGN_OR_RETURN(const std::vector<v1::Version> versions, LoadVersions(transaction, rows));
  return versions.front();
}

VersionPage PageOf(std::vector<v1::Version> versions, const pqxx::result& rows, int limit) {
  VersionPage page;
  page.more = static_cast<int>(versions.size()) > limit;
  if (page.more) versions.pop_back();
  if (!versions.empty()) page.last = rows[versions.size() - 1][0].as<int64_t>();
  page.versions = std::move(versions);
  return page;
}

}  // namespace

absl::StatusOr<v1::Version> PostgresMetadataStore::GetVersion(const std::string& repository,
                                                              const std::string& version) {
  return Look<v1::Version>(
      TransactionKind::kSnapshot,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<v1::Version> {
        const pqxx::result rows = transaction.Run(
            absl::StrCat(kSelectVersions, "WHERE v.repository = $1 AND v.version = $2"), repository,
            version);
        if (rows.empty()) return NoVersion(repository, version);
        return LoadVersion(transaction, rows);
      });
}

absl::StatusOr<v1::Version> PostgresMetadataStore::FindVersion(const std::string& repository,
                                                               const std::string& prefix) {
  return Look<v1::Version>(
      TransactionKind::kSnapshot,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<v1::Version> {
        const pqxx::result rows = transaction.Run(
            absl::StrCat(kSelectVersions,
                         "WHERE v.repository = $1 AND v.version >= $2 AND v.version < $3 LIMIT 2"),
            repository, prefix, absl::StrCat(prefix, "g"));
        if (rows.size() != 1) return NoVersion(repository, prefix);
        return LoadVersion(transaction, rows);
      });
}

absl::Status PostgresMetadataStore::PutVersion(const std::string& repository,
                                               const std::string& version,
                                               const v1::Version& contents) {
  RETURN_IF_ERROR(CheckTexts(contents));
  const int64_t time = ToMicros(contents.create_time());
  return Change([&](PostgresTransaction& transaction) -> absl::Status {
    absl::StatusOr<int64_t> id = FindVersionId(transaction, repository, version);
    if (absl::IsNotFound(id.status())) {
      id = InsertVersion(transaction, repository, version, contents);
    }
    RETURN_IF_ERROR(id.status());
    TouchRepository(transaction, repository, time);
    for (const std::string& tag : contents.tags()) {
      transaction.Run(
          "INSERT INTO tags(repository, tag, version_id, protected, branch, update_time) "
          "VALUES($1, $2, $3, FALSE, FALSE, $4) ON CONFLICT(repository, tag) DO UPDATE SET "
          "version_id = excluded.version_id, update_time = excluded.update_time",
          repository, tag, *id, time);
    }
    return absl::OkStatus();
  });
}

absl::Status PostgresMetadataStore::DeleteVersion(const std::string& repository,
                                                  const std::string& version) {
  return Change([&](PostgresTransaction& transaction) {
    const pqxx::result removed = transaction.Run(
        "DELETE FROM versions WHERE repository = $1 AND version = $2", repository, version);
    if (removed.affected_rows() == 0) return NoVersion(repository, version);
    transaction.Run(
        "DELETE FROM repositories WHERE name = $1 AND NOT EXISTS("
        "SELECT 1 FROM versions WHERE repository = $1)",
        repository);
    return absl::OkStatus();
  });
}

absl::StatusOr<VersionPage> PostgresMetadataStore::ListVersions(const VersionQuery& query) {
  if (!MayMatch(query)) return VersionPage();
  const PostgresStatement statement = StatementOf(query);
  return Look<VersionPage>(
      TransactionKind::kSnapshot,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<VersionPage> {
        const pqxx::result rows = transaction.RunOnce(statement.sql, statement.parameters);
        ASSIGN_OR_RETURN(std::vector<v1::Version> versions, LoadVersions(transaction, rows));
        return PageOf(std::move(versions), rows, query.limit);
      });
}

}  // namespace ropewalk
