#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/registry/blob_store.h"
#include "services/registry/metadata_store.h"

namespace ropewalk {

// Where a registry keeps what.
struct StoreOptions {
  // Folder of the stores that are files.
  std::string data = "registry-data";
  // "postgres://user:password@host/database"; empty: SQLite in the folder.
  std::string database;
  // "s3://bucket/prefix?endpoint=..."; empty: files in the folder.
  std::string blobs;
};

// INVALID_ARGUMENT: the URL. FAILED_PRECONDITION: another process has the folder. UNAVAILABLE: a
// server cannot be reached.
absl::StatusOr<std::unique_ptr<MetadataStore>> OpenMetadataStore(const StoreOptions& options);
absl::StatusOr<std::unique_ptr<BlobStore>> OpenBlobStore(const StoreOptions& options);

}  // namespace ropewalk
