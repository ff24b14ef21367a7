#include "services/registry/sqlite_metadata_store.h"

#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kSchemaVersion = 1;

// Times are microseconds since 1970. Lineage is the proto; what lists are narrowed by is beside it.
constexpr char kSchema[] = R"sql(
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
  PRAGMA user_version = 1;
)sql";

int64_t ToMicros(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1'000'000 + time.nanos() / 1'000;
}

void FromMicros(int64_t micros, google::protobuf::Timestamp* time) {
  time->set_seconds(micros / 1'000'000);
  time->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1'000));
}

std::string KindOf(const std::string& repository) {
  return repository.substr(0, repository.find('/'));
}

absl::Status NoVersion(const std::string& repository, const std::string& version) {
  return absl::NotFoundError(
      absl::StrCat("there is no version ", VersionName(repository, version)));
}

absl::Status NoTag(const std::string& repository, const std::string& tag) {
  return absl::NotFoundError(absl::StrCat("there is no tag ", TagName(repository, tag)));
}

absl::Status InTransaction(SqliteDatabase* database, const std::function<absl::Status()>& change) {
  RETURN_IF_ERROR(database->Execute("BEGIN IMMEDIATE"));
  absl::Status status = change();
  if (status.ok()) status = database->Execute("COMMIT");
  if (!status.ok()) database->Execute("ROLLBACK").IgnoreError();
  return status;
}

// The WHERE clause of a query, and its parameters bound in the same order.
struct Condition {
  std::string sql = "SELECT v.id FROM versions v WHERE TRUE";
  std::vector<std::function<void(SqliteStatement&)>> bindings;

  void AndText(absl::string_view clause, const std::string& value) {
    if (value.empty()) return;
    absl::StrAppend(&sql, " AND ", clause);
    bindings.push_back([value](SqliteStatement& statement) { statement.Bind(value); });
  }

  void AndMetric(const MetricFilter& filter) {
    absl::StrAppend(&sql,
                    " AND EXISTS(SELECT 1 FROM metrics m WHERE m.version_id = v.id AND m.name = ? "
                    "AND m.value ",
                    filter.comparison, " ?)");
    bindings.push_back([filter](SqliteStatement& statement) {
      statement.Bind(filter.metric).BindDouble(filter.value);
    });
  }

  void Before(int64_t position) {
    if (position == 0) return;
    absl::StrAppend(&sql, " AND v.id < ?");
    bindings.push_back([position](SqliteStatement& statement) { statement.Bind(position); });
  }
};

Condition ConditionOf(const VersionQuery& query) {
  Condition condition;
  condition.AndText("v.kind = ?", query.kind);
  condition.AndText("v.repository = ?", query.repository);
  condition.AndText("v.base_model_digest = ?", query.base_model_digest);
  condition.AndText("v.method = ?", query.method);
  condition.AndText("EXISTS(SELECT 1 FROM tags t WHERE t.version_id = v.id AND t.tag = ?)",
                    query.tag);
  if (query.metric.has_value()) condition.AndMetric(*query.metric);
  condition.Before(query.before);
  return condition;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteMetadataStore>> SqliteMetadataStore::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(path));
  std::unique_ptr<SqliteMetadataStore> store(new SqliteMetadataStore(std::move(database)));
  MutexLock lock(&store->mutex_);
  RETURN_IF_ERROR(store->CreateTables());
  return store;
}

absl::Status SqliteMetadataStore::CreateTables() {
  SqliteStatement version = database_.Prepare("PRAGMA user_version");
  RETURN_IF_ERROR(version.Step().status());
  const int64_t found = version.Int(0);
  RETURN_IF_ERROR(version.Run());
  if (found == kSchemaVersion) return absl::OkStatus();
  if (found > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("the database has schema ", found, ", this program knows up to ",
                     kSchemaVersion, "; run the newer ropewalk-registry that wrote it"));
  }
  SqliteDatabase* const database = &database_;
  return InTransaction(database, [database] { return database->Execute(kSchema); });
}

absl::StatusOr<int64_t> SqliteMetadataStore::FindVersion(const std::string& repository,
                                                         const std::string& version) {
  SqliteStatement select =
      database_.Prepare("SELECT id FROM versions WHERE repository = ? AND version = ?");
  ASSIGN_OR_RETURN(const bool found, select.Bind(repository).Bind(version).Step());
  if (!found) return NoVersion(repository, version);
  return select.Int(0);
}

absl::StatusOr<v1::Version> SqliteMetadataStore::GetVersion(const std::string& repository,
                                                            const std::string& version) {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const int64_t id, FindVersion(repository, version));
  return LoadVersion(id);
}

absl::StatusOr<v1::Version> SqliteMetadataStore::LoadVersion(int64_t id) {
  SqliteStatement select = database_.Prepare(
      "SELECT repository, version, create_time, total_bytes, lineage FROM versions WHERE id = ?");
  RETURN_IF_ERROR(select.Bind(id).Step().status());
  v1::Version version;
  version.set_name(VersionName(select.Bytes(0), select.Bytes(1)));
  FromMicros(select.Int(2), version.mutable_create_time());
  version.set_total_bytes(select.Int(3));
  if (!version.mutable_lineage()->ParseFromString(select.Bytes(4))) {
    return absl::DataLossError(absl::StrCat("the lineage of ", version.name(), " is damaged"));
  }
  RETURN_IF_ERROR(LoadFiles(id, &version));
  RETURN_IF_ERROR(LoadTagNames(id, &version));
  return version;
}

absl::Status SqliteMetadataStore::LoadFiles(int64_t id, v1::Version* version) {
  SqliteStatement select = database_.Prepare(
      "SELECT path, digest, size_bytes FROM files WHERE version_id = ? ORDER BY path");
  select.Bind(id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    v1::File* file = version->add_files();
    file->set_path(select.Bytes(0));
    file->set_digest(select.Bytes(1));
    file->set_size_bytes(select.Int(2));
  }
}

absl::Status SqliteMetadataStore::LoadTagNames(int64_t id, v1::Version* version) {
  SqliteStatement select =
      database_.Prepare("SELECT tag FROM tags WHERE version_id = ? ORDER BY tag");
  select.Bind(id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    version->add_tags(select.Bytes(0));
  }
}

absl::Status SqliteMetadataStore::PutVersion(const std::string& repository,
                                             const std::string& version,
                                             const v1::Version& contents) {
  MutexLock lock(&mutex_);
  return InTransaction(&database_, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return WriteVersion(repository, version, contents);
  });
}

absl::Status SqliteMetadataStore::WriteVersion(const std::string& repository,
                                               const std::string& version,
                                               const v1::Version& contents) {
  absl::StatusOr<int64_t> id = FindVersion(repository, version);
  if (absl::IsNotFound(id.status())) id = InsertVersion(repository, version, contents);
  RETURN_IF_ERROR(id.status());
  for (const std::string& tag : contents.tags()) {
    SqliteStatement upsert = database_.Prepare(
        "INSERT INTO tags(repository, tag, version_id, protected, update_time) "
        "VALUES(?, ?, ?, 0, ?) ON CONFLICT DO UPDATE SET version_id = excluded.version_id, "
        "update_time = excluded.update_time");
    upsert.Bind(repository).Bind(tag).Bind(*id).Bind(ToMicros(contents.create_time()));
    RETURN_IF_ERROR(upsert.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteMetadataStore::InsertVersion(const std::string& repository,
                                                           const std::string& version,
                                                           const v1::Version& contents) {
  const v1::Lineage& lineage = contents.lineage();
  SqliteStatement insert = database_.Prepare(
      "INSERT INTO versions(kind, repository, version, create_time, total_bytes, "
      "base_model_digest, method, lineage) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  insert.Bind(KindOf(repository)).Bind(repository).Bind(version);
  insert.Bind(ToMicros(contents.create_time())).Bind(contents.total_bytes());
  insert.Bind(lineage.base_model_digest()).Bind(lineage.method());
  RETURN_IF_ERROR(insert.BindBlob(lineage.SerializeAsString()).Run());
  ASSIGN_OR_RETURN(const int64_t id, FindVersion(repository, version));
  RETURN_IF_ERROR(InsertFiles(id, contents));
  RETURN_IF_ERROR(InsertMetrics(id, lineage));
  return id;
}

absl::Status SqliteMetadataStore::InsertFiles(int64_t id, const v1::Version& contents) {
  for (const v1::File& file : contents.files()) {
    SqliteStatement insert = database_.Prepare(
        "INSERT INTO files(version_id, path, digest, size_bytes) VALUES(?, ?, ?, ?)");
    insert.Bind(id).Bind(file.path()).Bind(file.digest()).Bind(file.size_bytes());
    RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status SqliteMetadataStore::InsertMetrics(int64_t id, const v1::Lineage& lineage) {
  for (const auto& [name, value] : lineage.metrics()) {
    if (std::isnan(value)) continue;  // No filter matches it, and SQLite would make it NULL.
    SqliteStatement insert =
        database_.Prepare("INSERT INTO metrics(version_id, name, value) VALUES(?, ?, ?)");
    RETURN_IF_ERROR(insert.Bind(id).Bind(name).BindDouble(value).Run());
  }
  return absl::OkStatus();
}

absl::Status SqliteMetadataStore::DeleteVersion(const std::string& repository,
                                                const std::string& version) {
  MutexLock lock(&mutex_);
  SqliteStatement remove =
      database_.Prepare("DELETE FROM versions WHERE repository = ? AND version = ?");
  RETURN_IF_ERROR(remove.Bind(repository).Bind(version).Run());
  return database_.changes() > 0 ? absl::OkStatus() : NoVersion(repository, version);
}

absl::StatusOr<VersionPage> SqliteMetadataStore::ListVersions(const VersionQuery& query) {
  MutexLock lock(&mutex_);
  const Condition condition = ConditionOf(query);
  SqliteStatement select =
      database_.Prepare(absl::StrCat(condition.sql, " ORDER BY v.id DESC LIMIT ?"));
  for (const auto& bind : condition.bindings) bind(select);
  select.Bind(int64_t{query.limit} + 1);
  VersionPage page;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return page;
    page.more = static_cast<int>(page.versions.size()) == query.limit;
    if (page.more) return page;
    page.last = select.Int(0);
    ASSIGN_OR_RETURN(page.versions.emplace_back(), LoadVersion(page.last));
  }
}

absl::StatusOr<RepositoryPage> SqliteMetadataStore::ListRepositories(const std::string& kind,
                                                                     const std::string& after,
                                                                     int limit) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare(
      "SELECT repository, COUNT(*), MAX(create_time) FROM versions "
      "WHERE (?1 = '' OR kind = ?1) AND repository > ?2 "
      "GROUP BY repository ORDER BY repository LIMIT ?3");
  select.Bind(kind).Bind(after).Bind(int64_t{limit} + 1);
  RepositoryPage page;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return page;
    page.more = static_cast<int>(page.repositories.size()) == limit;
    if (page.more) return page;
    v1::Repository& repository = page.repositories.emplace_back();
    repository.set_name(select.Bytes(0));
    repository.set_version_count(static_cast<int32_t>(select.Int(1)));
    FromMicros(select.Int(2), repository.mutable_update_time());
    RETURN_IF_ERROR(LoadTags(&repository));
  }
}

absl::Status SqliteMetadataStore::LoadTags(v1::Repository* repository) {
  SqliteStatement select = database_.Prepare(
      "SELECT t.tag, v.version, t.protected, t.update_time FROM tags t "
      "JOIN versions v ON v.id = t.version_id WHERE t.repository = ? ORDER BY t.tag");
  select.Bind(repository->name());
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    v1::Tag* tag = repository->add_tags();
    tag->set_name(TagName(repository->name(), select.Bytes(0)));
    tag->set_version(VersionName(repository->name(), select.Bytes(1)));
    tag->set_protected_(select.Int(2) != 0);
    FromMicros(select.Int(3), tag->mutable_update_time());
    if (select.Int(3) > ToMicros(repository->update_time())) {
      FromMicros(select.Int(3), repository->mutable_update_time());
    }
  }
}

absl::StatusOr<v1::Tag> SqliteMetadataStore::GetTag(const std::string& repository,
                                                    const std::string& tag) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare(
      "SELECT v.version, t.protected, t.update_time FROM tags t "
      "JOIN versions v ON v.id = t.version_id WHERE t.repository = ? AND t.tag = ?");
  ASSIGN_OR_RETURN(const bool found, select.Bind(repository).Bind(tag).Step());
  if (!found) return NoTag(repository, tag);
  v1::Tag result;
  result.set_name(TagName(repository, tag));
  result.set_version(VersionName(repository, select.Bytes(0)));
  result.set_protected_(select.Int(1) != 0);
  FromMicros(select.Int(2), result.mutable_update_time());
  return result;
}

absl::Status SqliteMetadataStore::PutTag(const std::string& repository, const std::string& tag,
                                         const v1::Tag& contents) {
  ASSIGN_OR_RETURN(const ResourceName version, ParseResourceName(contents.version()));
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const int64_t id, FindVersion(version.repository, version.version));
  SqliteStatement upsert = database_.Prepare(
      "INSERT OR REPLACE INTO tags(repository, tag, version_id, protected, update_time) "
      "VALUES(?, ?, ?, ?, ?)");
  upsert.Bind(repository).Bind(tag).Bind(id).Bind(int64_t{contents.protected_()});
  return upsert.Bind(ToMicros(contents.update_time())).Run();
}

absl::Status SqliteMetadataStore::DeleteTag(const std::string& repository, const std::string& tag) {
  MutexLock lock(&mutex_);
  SqliteStatement remove = database_.Prepare("DELETE FROM tags WHERE repository = ? AND tag = ?");
  RETURN_IF_ERROR(remove.Bind(repository).Bind(tag).Run());
  return database_.changes() > 0 ? absl::OkStatus() : NoTag(repository, tag);
}

absl::StatusOr<bool> SqliteMetadataStore::IsReferenced(const std::string& digest) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare("SELECT 1 FROM files WHERE digest = ? LIMIT 1");
  return select.Bind(digest).Step();
}

}  // namespace ropewalk
