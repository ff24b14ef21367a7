#include "services/registry/postgres/postgres_metadata_store.h"

#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/postgres/postgres_rows.h"
#include "services/registry/postgres/postgres_schema.h"
#include "services/registry/postgres/postgres_url.h"
#include "services/registry/timestamps.h"

// PostgresMetadataStore: opening, the write lock, tags and blobs.

namespace ropewalk {
namespace {

PostgresConnect Connector(const std::string& connection_string, const PostgresOptions& options,
                          SocketWatch* watch) {
  return [connection_string, options, watch] {
    return PostgresSession::Connect(connection_string, options, watch);
  };
}

}  // namespace

PostgresMetadataStore::PostgresMetadataStore(const std::string& connection_string,
                                             const PostgresOptions& options)
    : pool_(Connector(connection_string, options, &watch_), options.connections,
            options.free_connection),
      lock_keeper_(Connector(connection_string, options, &watch_), options) {}

absl::StatusOr<std::unique_ptr<PostgresMetadataStore>> PostgresMetadataStore::Open(
    const std::string& url, const PostgresOptions& options) {
  ASSIGN_OR_RETURN(const std::string connection_string,
                   PostgresConnectionString(url, options.connect));
  std::unique_ptr<PostgresMetadataStore> store(
      new PostgresMetadataStore(connection_string, options));
  RETURN_IF_ERROR(BringToPostgresSchema(&store->pool_));
  return store;
}

absl::StatusOr<std::unique_ptr<WriteLock>> PostgresMetadataStore::LockForWriting() {
  return lock_keeper_.Take();
}

absl::Status PostgresMetadataStore::Run(TransactionKind kind, PostgresWork work) {
  PostgresSession* const locked = lock_keeper_.Mine();
  return locked != nullptr ? locked->Run(kind, work) : pool_.Run(kind, work);
}

absl::StatusOr<v1::Tag> PostgresMetadataStore::GetTag(const std::string& repository,
                                                      const std::string& name) {
  return Look<v1::Tag>(
      TransactionKind::kStatement,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<v1::Tag> {
        const pqxx::result rows = transaction.Run(
            "SELECT v.version, t.protected, t.update_time, t.branch, t.immutable FROM tags t "
            "JOIN versions v ON v.id = t.version_id WHERE t.repository = $1 AND t.tag = $2",
            repository, name);
        if (rows.empty()) return NoTag(repository, name);
        v1::Tag tag;
        tag.set_name(TagName(repository, name));
        tag.set_version(VersionName(repository, rows[0][0].as<std::string>()));
        tag.set_protected_(rows[0][1].as<bool>());
        FromMicros(rows[0][2].as<int64_t>(), tag.mutable_update_time());
        tag.set_branch(rows[0][3].as<bool>());
        tag.set_immutable(rows[0][4].as<bool>());
        return tag;
      });
}

absl::Status PostgresMetadataStore::PutTag(const std::string& repository, const std::string& tag,
                                           const v1::Tag& contents) {
  ASSIGN_OR_RETURN(const ResourceName version, ParseResourceName(contents.version()));
  const int64_t time = ToMicros(contents.update_time());
  return Change([&](PostgresTransaction& transaction) -> absl::Status {
    ASSIGN_OR_RETURN(const int64_t id,
                     FindVersionId(transaction, version.repository, version.version));
    TouchRepository(transaction, repository, time);
    transaction.Run(
        "INSERT INTO tags(repository, tag, version_id, protected, immutable, branch, update_time) "
        "VALUES($1, $2, $3, $4, $5, $6, $7) ON CONFLICT(repository, tag) DO UPDATE SET "
        "version_id = excluded.version_id, protected = excluded.protected, "
        "immutable = excluded.immutable, branch = excluded.branch, "
        "update_time = excluded.update_time",
        repository, tag, id, contents.protected_(), contents.immutable(), contents.branch(), time);
    return absl::OkStatus();
  });
}

absl::Status PostgresMetadataStore::DeleteTag(const std::string& repository,
                                              const std::string& tag) {
  return Change([&](PostgresTransaction& transaction) {
    const pqxx::result removed =
        transaction.Run("DELETE FROM tags WHERE repository = $1 AND tag = $2", repository, tag);
    return removed.affected_rows() > 0 ? absl::OkStatus() : NoTag(repository, tag);
  });
}

absl::StatusOr<bool> PostgresMetadataStore::IsReferenced(const std::string& digest) {
  return Look<bool>(
      TransactionKind::kStatement, [&](PostgresTransaction& transaction) -> absl::StatusOr<bool> {
        return !transaction.Run("SELECT 1 FROM files WHERE digest = $1 LIMIT 1", digest).empty();
      });
}

absl::StatusOr<std::string> PostgresMetadataStore::GetGitOid(const std::string& digest) {
  return Look<std::string>(TransactionKind::kStatement,
                           [&](PostgresTransaction& transaction) -> absl::StatusOr<std::string> {
                             const pqxx::result rows = transaction.Run(
                                 "SELECT git_oid FROM git_oids WHERE digest = $1", digest);
                             return rows.empty() ? "" : rows[0][0].as<std::string>();
                           });
}

absl::Status PostgresMetadataStore::PutGitOid(const std::string& digest,
                                              const std::string& git_oid) {
  return Change([&](PostgresTransaction& transaction) {
    transaction.Run(
        "INSERT INTO git_oids(digest, git_oid) VALUES($1, $2) "
        "ON CONFLICT(digest) DO UPDATE SET git_oid = excluded.git_oid",
        digest, git_oid);
    return absl::OkStatus();
  });
}

}  // namespace ropewalk
