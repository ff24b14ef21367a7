#include "services/registry/sqlite_schema.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// Times are microseconds since 1970. Lineage is the proto; what lists are narrowed by is beside it.
constexpr char kVersionsAndTags[] = R"sql(
  CREATE TABLE versions(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    repository TEXT NOT NULL,
    version TEXT NOT NULL,
    create_time INTEGER NOT NULL,
    total_bytes INTEGER NOT NULL,
    base_model_digest TEXT NOT NULL,
    method TEXT NOT NULL,
    lineage BLOB NOT NULL,
    UNIQUE(repository, version));
  CREATE TABLE files(
    version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    digest TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY(version_id, path)) WITHOUT ROWID;
  CREATE INDEX files_by_digest ON files(digest);
  CREATE TABLE metrics(
    version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY(version_id, name)) WITHOUT ROWID;
  CREATE TABLE tags(
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    protected INTEGER NOT NULL,
    update_time INTEGER NOT NULL,
    PRIMARY KEY(repository, tag)) WITHOUT ROWID;
  CREATE INDEX tags_by_version ON tags(version_id);
)sql";

// `namespaced` is the name without its kind, in lower case, which searches look through.
constexpr char kRepositoriesAndLabels[] = R"sql(
  CREATE TABLE repositories(
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    namespaced TEXT NOT NULL,
    create_time INTEGER NOT NULL,
    update_time INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX repositories_by_create_time ON repositories(create_time);
  CREATE INDEX repositories_by_update_time ON repositories(update_time);
  INSERT INTO repositories
    SELECT repository, kind,
      substr(repository, length(kind) + 2, instr(substr(repository, length(kind) + 2), '/') - 1),
      lower(substr(repository, length(kind) + 2)), MIN(create_time), MAX(create_time)
    FROM versions GROUP BY repository;
  CREATE TABLE labels(
    label TEXT NOT NULL,
    version_id INTEGER NOT NULL REFERENCES versions(id) ON DELETE CASCADE,
    PRIMARY KEY(label, version_id)) WITHOUT ROWID;
  CREATE INDEX labels_by_version ON labels(version_id);
  ALTER TABLE tags ADD COLUMN branch INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE git_oids(
    digest TEXT PRIMARY KEY,
    git_oid TEXT NOT NULL) WITHOUT ROWID;
)sql";

// `token` is the proto.
constexpr char kAccess[] = R"sql(
  ALTER TABLE repositories ADD COLUMN public INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE tokens(
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    token BLOB NOT NULL) WITHOUT ROWID;
)sql";

// Lists are read in their order from an index that has all they need, until there are enough: to
// look each repository up would take ten times as long.
constexpr char kOrders[] = R"sql(
  DROP INDEX repositories_by_create_time;
  DROP INDEX repositories_by_update_time;
  CREATE INDEX repositories_by_create_time
    ON repositories(create_time, name, kind, namespace, namespaced, public, update_time);
  CREATE INDEX repositories_by_update_time
    ON repositories(update_time, name, kind, namespace, namespaced, public, create_time);
  CREATE INDEX repositories_of_namespace
    ON repositories(namespace, update_time, name, kind, namespaced, public, create_time);
)sql";

constexpr char kSecretsAndImmutableTags[] = R"sql(
  ALTER TABLE tags ADD COLUMN immutable INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE secrets(
    name TEXT PRIMARY KEY,
    secret BLOB NOT NULL) WITHOUT ROWID;
)sql";

// The n-th leads from schema n to schema n + 1.
constexpr const char* kSteps[] = {kVersionsAndTags, kRepositoriesAndLabels, kAccess, kOrders,
                                  kSecretsAndImmutableTags};
constexpr int64_t kSchemaVersion = std::size(kSteps);

}  // namespace

absl::Status InTransaction(SqliteDatabase* database, const std::function<absl::Status()>& change) {
  RETURN_IF_ERROR(database->Execute("BEGIN IMMEDIATE"));
  absl::Status status = change();
  if (status.ok()) status = database->Execute("COMMIT");
  if (!status.ok()) database->Execute("ROLLBACK").IgnoreError();
  return status;
}

absl::Status BringToRegistrySchema(SqliteDatabase* database) {
  SqliteStatement version = database->Prepare("PRAGMA user_version");
  RETURN_IF_ERROR(version.Step().status());
  const int64_t found = version.Int(0);
  RETURN_IF_ERROR(version.Run());
  if (found == kSchemaVersion) return absl::OkStatus();
  if (found > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the database has schema ", found, ", this program knows up to ",
                     kSchemaVersion, "; run the newer ropewalk-registry that wrote it"));
  }
  return InTransaction(database, [&] {
    for (int64_t step = found; step < kSchemaVersion; ++step) {
      RETURN_IF_ERROR(database->Execute(kSteps[step]));
    }
    return database->Execute(absl::StrCat("PRAGMA user_version = ", kSchemaVersion));
  });
}

}  // namespace ropewalk
