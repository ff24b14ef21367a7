#include "services/registry/stores.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/status_macros.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/postgres/postgres_metadata_store.h"
#include "services/registry/s3/s3_blob_store.h"
#include "services/registry/sqlite_metadata_store.h"

namespace ropewalk {

absl::StatusOr<std::unique_ptr<MetadataStore>> OpenMetadataStore(const StoreOptions& options) {
  if (options.database.empty()) {
    return SqliteMetadataStore::Open(absl::StrCat(options.data, "/registry.db"));
  }
  if (absl::StartsWith(options.database, "postgres://") ||
      absl::StartsWith(options.database, "postgresql://")) {
    return PostgresMetadataStore::Open(options.database);
  }
  return absl::InvalidArgumentError(
      "--database is not a URL that begins with postgres://; leave it out for SQLite in --data");
}

absl::StatusOr<std::unique_ptr<BlobStore>> OpenBlobStore(const StoreOptions& options) {
  if (options.blobs.empty()) return FileBlobStore::Open(options.data, Clock::Real());
  if (!absl::StartsWith(options.blobs, "s3://")) {
    return absl::InvalidArgumentError(
        "--blobs is not a URL that begins with s3://; leave it out for files in --data");
  }
  ASSIGN_OR_RETURN(S3Options s3, ParseS3Url(options.blobs));
  ASSIGN_OR_RETURN(s3.credentials, CredentialsFromEnvironment());
  return S3BlobStore::Open(s3);
}

}  // namespace ropewalk
