#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "services/registry/metadata_store.h"
#include "services/registry/postgres/postgres_lock_keeper.h"
#include "services/registry/postgres/postgres_options.h"
#include "services/registry/postgres/postgres_pool.h"
#include "services/registry/postgres/socket_watch.h"

namespace ropewalk {

// Versions and tags in a PostgreSQL database, with the schema of postgres_schema.cc. Several
// processes may have one open; each sees what the others have written.
//
// PostgreSQL 12 or newer (tested with 15). The server keeps sessions for the registry: a connection
// pooler between them must do so, too (PgBouncer: pool_mode = session).
//
// Besides what the interface says, all methods fail so. UNAVAILABLE: the server cannot be reached,
// or something took longer than PostgresOptions says; made again, the call may succeed. Whether a
// change was made is known unless the message says otherwise. RESOURCE_EXHAUSTED: the server's disk
// is full. INVALID_ARGUMENT: text to be kept, other than a label, is not UTF-8 or has a zero byte.
class PostgresMetadataStore final : public MetadataStore {
 public:
  // `url`: as PostgresConnectionString takes it. Makes the tables if need be.
  // INVALID_ARGUMENT: it is no such URL. UNAVAILABLE: the server cannot be reached, or does not let
  // us in. FAILED_PRECONDITION: a newer program has written the database, or it is not UTF-8.
  // No error contains the password.
  static absl::StatusOr<std::unique_ptr<PostgresMetadataStore>> Open(
      const std::string& url, const PostgresOptions& options = {});

  // What the holding thread asks for meanwhile fails if the lock is lost: postgres_lock_keeper.h.
  absl::StatusOr<std::unique_ptr<WriteLock>> LockForWriting() override;
  absl::StatusOr<v1::Version> GetVersion(const std::string& repository,
                                         const std::string& version) override;
  absl::StatusOr<v1::Version> FindVersion(const std::string& repository,
                                          const std::string& prefix) override;
  absl::Status PutVersion(const std::string& repository, const std::string& version,
                          const v1::Version& contents) override;
  absl::Status DeleteVersion(const std::string& repository, const std::string& version) override;
  absl::StatusOr<VersionPage> ListVersions(const VersionQuery& query) override;
  absl::Status CreateRepository(const std::string& name,
                                const google::protobuf::Timestamp& time) override;
  absl::Status DeleteRepository(const std::string& name) override;
  absl::Status MoveRepository(const std::string& from, const std::string& to) override;
  absl::Status SetVisibility(const std::string& name, v1::Visibility visibility) override;
  absl::StatusOr<v1::Repository> GetRepository(const std::string& name) override;
  absl::StatusOr<RepositoryPage> ListRepositories(const RepositoryQuery& query) override;
  absl::StatusOr<v1::Tag> GetTag(const std::string& repository, const std::string& tag) override;
  absl::Status PutTag(const std::string& repository, const std::string& tag,
                      const v1::Tag& contents) override;
  absl::Status DeleteTag(const std::string& repository, const std::string& tag) override;
  absl::StatusOr<bool> IsReferenced(const std::string& digest) override;
  absl::StatusOr<std::string> GetGitOid(const std::string& digest) override;
  absl::Status PutGitOid(const std::string& digest, const std::string& git_oid) override;
  absl::Status AddToken(const std::string& hash, const v1::AccessToken& token) override;
  absl::StatusOr<v1::AccessToken> FindToken(const std::string& hash) override;
  absl::StatusOr<std::vector<v1::AccessToken>> ListTokens() override;
  absl::Status DeleteToken(const std::string& name) override;
  absl::StatusOr<std::string> KeepSecret(const std::string& proposal) override;

 private:
  PostgresMetadataStore(const std::string& connection_string, const PostgresOptions& options);

  // On the session that holds the calling thread's write lock, if it has it; else on any.
  absl::Status Run(TransactionKind kind, PostgresWork work);
  absl::Status Change(PostgresWork work) { return Run(TransactionKind::kChange, work); }

  // What `look` returns, which may be called twice.
  template <typename T>
  absl::StatusOr<T> Look(TransactionKind kind,
                         absl::FunctionRef<absl::StatusOr<T>(PostgresTransaction&)> look) {
    absl::StatusOr<T> found = absl::UnknownError("nothing was asked");
    const absl::Status status = Run(kind, [&](PostgresTransaction& transaction) {
      found = look(transaction);
      return found.status();
    });
    if (!status.ok()) return status;
    return found;
  }

  SocketWatch watch_;
  PostgresPool pool_;
  PostgresLockKeeper lock_keeper_;
};

}  // namespace ropewalk
