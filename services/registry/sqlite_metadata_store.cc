#include "services/registry/sqlite_metadata_store.h"

#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/sqlite_schema.h"
#include "services/registry/timestamps.h"

namespace ropewalk {
namespace {

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

  void AndVisibleTo(const std::vector<std::string>& namespaces) {
    const std::vector<std::string> marks(namespaces.size(), "?");
    absl::StrAppend(&sql,
                    " AND EXISTS(SELECT 1 FROM repositories r WHERE r.name = v.repository AND "
                    "(r.public OR r.namespace IN (",
                    absl::StrJoin(marks, ", "), ")))");
    for (const std::string& name : namespaces) {
      bindings.push_back([name](SqliteStatement& statement) { statement.Bind(name); });
    }
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
  if (query.visible_to.has_value()) condition.AndVisibleTo(*query.visible_to);
  condition.Before(query.before);
  return condition;
}

// No other process has the file.
class ProcessWriteLock final : public WriteLock {
 public:
  explicit ProcessWriteLock(Mutex* mutex) ABSL_NO_THREAD_SAFETY_ANALYSIS : mutex_(mutex) {
    mutex_->Lock();
  }
  ~ProcessWriteLock() override ABSL_NO_THREAD_SAFETY_ANALYSIS { mutex_->Unlock(); }

 private:
  Mutex* const mutex_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteMetadataStore>> SqliteMetadataStore::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(SqliteDatabase database, SqliteDatabase::Open(path));
  std::unique_ptr<SqliteMetadataStore> store(new SqliteMetadataStore(std::move(database)));
  MutexLock lock(&store->mutex_);
  RETURN_IF_ERROR(BringToRegistrySchema(&store->database_));
  return store;
}

absl::StatusOr<int64_t> SqliteMetadataStore::FindVersionId(const std::string& repository,
                                                           const std::string& version) {
  SqliteStatement select =
      database_.Prepare("SELECT id FROM versions WHERE repository = ? AND version = ?");
  ASSIGN_OR_RETURN(const bool found, select.Bind(repository).Bind(version).Step());
  if (!found) return NoVersion(repository, version);
  return select.Int(0);
}

absl::StatusOr<std::unique_ptr<WriteLock>> SqliteMetadataStore::LockForWriting() {
  return std::make_unique<ProcessWriteLock>(&writing_);
}

absl::StatusOr<v1::Version> SqliteMetadataStore::GetVersion(const std::string& repository,
                                                            const std::string& version) {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const int64_t id, FindVersionId(repository, version));
  return LoadVersion(id);
}

absl::StatusOr<v1::Version> SqliteMetadataStore::FindVersion(const std::string& repository,
                                                             const std::string& prefix) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare(
      "SELECT id FROM versions WHERE repository = ? AND version >= ? AND version < ? LIMIT 2");
  select.Bind(repository).Bind(prefix).Bind(absl::StrCat(prefix, "g"));
  ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return NoVersion(repository, prefix);
  const int64_t id = select.Int(0);
  ASSIGN_OR_RETURN(const bool another, select.Step());
  if (another) return NoVersion(repository, prefix);
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
  RETURN_IF_ERROR(LoadLabels(id, &version));
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

absl::Status SqliteMetadataStore::LoadLabels(int64_t id, v1::Version* version) {
  SqliteStatement select =
      database_.Prepare("SELECT label FROM labels WHERE version_id = ? ORDER BY label");
  select.Bind(id);
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return absl::OkStatus();
    version->add_labels(select.Bytes(0));
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
  absl::StatusOr<int64_t> id = FindVersionId(repository, version);
  if (absl::IsNotFound(id.status())) id = InsertVersion(repository, version, contents);
  RETURN_IF_ERROR(id.status());
  RETURN_IF_ERROR(TouchRepository(repository, ToMicros(contents.create_time())));
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
  ASSIGN_OR_RETURN(const int64_t id, FindVersionId(repository, version));
  RETURN_IF_ERROR(InsertFiles(id, contents));
  RETURN_IF_ERROR(InsertLabels(id, contents));
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

absl::Status SqliteMetadataStore::InsertLabels(int64_t id, const v1::Version& contents) {
  for (const std::string& label : contents.labels()) {
    SqliteStatement insert =
        database_.Prepare("INSERT OR IGNORE INTO labels(label, version_id) VALUES(?, ?)");
    RETURN_IF_ERROR(insert.Bind(label).Bind(id).Run());
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
  return InTransaction(&database_, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    SqliteStatement remove =
        database_.Prepare("DELETE FROM versions WHERE repository = ? AND version = ?");
    RETURN_IF_ERROR(remove.Bind(repository).Bind(version).Run());
    if (database_.changes() == 0) return NoVersion(repository, version);
    SqliteStatement forget = database_.Prepare(
        "DELETE FROM repositories WHERE name = ?1 AND NOT EXISTS("
        "SELECT 1 FROM versions WHERE repository = ?1)");
    return forget.Bind(repository).Run();
  });
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

absl::StatusOr<v1::Tag> SqliteMetadataStore::GetTag(const std::string& repository,
                                                    const std::string& tag) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare(
      "SELECT v.version, t.protected, t.update_time, t.branch, t.immutable FROM tags t "
      "JOIN versions v ON v.id = t.version_id WHERE t.repository = ? AND t.tag = ?");
  ASSIGN_OR_RETURN(const bool found, select.Bind(repository).Bind(tag).Step());
  if (!found) return NoTag(repository, tag);
  v1::Tag result;
  result.set_name(TagName(repository, tag));
  result.set_version(VersionName(repository, select.Bytes(0)));
  result.set_protected_(select.Int(1) != 0);
  FromMicros(select.Int(2), result.mutable_update_time());
  result.set_branch(select.Int(3) != 0);
  result.set_immutable(select.Int(4) != 0);
  return result;
}

absl::Status SqliteMetadataStore::PutTag(const std::string& repository, const std::string& tag,
                                         const v1::Tag& contents) {
  ASSIGN_OR_RETURN(const ResourceName version, ParseResourceName(contents.version()));
  const int64_t time = ToMicros(contents.update_time());
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const int64_t id, FindVersionId(version.repository, version.version));
  return InTransaction(&database_, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    RETURN_IF_ERROR(TouchRepository(repository, time));
    SqliteStatement upsert = database_.Prepare(
        "INSERT OR REPLACE INTO tags(repository, tag, version_id, protected, update_time, branch, "
        "immutable) VALUES(?, ?, ?, ?, ?, ?, ?)");
    upsert.Bind(repository).Bind(tag).Bind(id).Bind(int64_t{contents.protected_()}).Bind(time);
    return upsert.Bind(int64_t{contents.branch()}).Bind(int64_t{contents.immutable()}).Run();
  });
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

absl::StatusOr<std::string> SqliteMetadataStore::GetGitOid(const std::string& digest) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare("SELECT git_oid FROM git_oids WHERE digest = ?");
  ASSIGN_OR_RETURN(const bool found, select.Bind(digest).Step());
  return found ? select.Bytes(0) : "";
}

absl::Status SqliteMetadataStore::PutGitOid(const std::string& digest, const std::string& git_oid) {
  MutexLock lock(&mutex_);
  SqliteStatement insert =
      database_.Prepare("INSERT OR REPLACE INTO git_oids(digest, git_oid) VALUES(?, ?)");
  return insert.Bind(digest).Bind(git_oid).Run();
}

}  // namespace ropewalk
