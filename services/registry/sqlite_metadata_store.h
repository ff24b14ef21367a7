#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/common/mutex.h"
#include "services/common/sqlite_database.h"
#include "services/registry/metadata_store.h"

namespace ropewalk {

// Versions and tags in one SQLite file, with the schema of sqlite_schema.cc. Holds the file
// exclusively.
class SqliteMetadataStore final : public MetadataStore {
 public:
  // Makes the file, with its tables, if need be.
  // FAILED_PRECONDITION: another process has it open, or a newer program has written it.
  static absl::StatusOr<std::unique_ptr<SqliteMetadataStore>> Open(const std::string& path);

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
  explicit SqliteMetadataStore(SqliteDatabase database) : database_(std::move(database)) {}

  absl::StatusOr<int64_t> FindVersionId(const std::string& repository, const std::string& version)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<int64_t> InsertVersion(const std::string& repository, const std::string& version,
                                        const v1::Version& contents)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status InsertFiles(int64_t id, const v1::Version& contents)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status InsertLabels(int64_t id, const v1::Version& contents)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status InsertMetrics(int64_t id, const v1::Lineage& lineage)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteVersion(const std::string& repository, const std::string& version,
                            const v1::Version& contents) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<v1::Version> LoadVersion(int64_t id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadFiles(int64_t id, v1::Version* version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadTagNames(int64_t id, v1::Version* version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadLabels(int64_t id, v1::Version* version) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TouchRepository(const std::string& name, int64_t micros)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<bool> HasRepository(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Rename(const std::string& from, const std::string& to)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<v1::Repository> LoadRepository(const SqliteStatement& row)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status LoadTags(v1::Repository* repository) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex writing_;  // of LockForWriting; taken before mutex_
  Mutex mutex_;
  SqliteDatabase database_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
