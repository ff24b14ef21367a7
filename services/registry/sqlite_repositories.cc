#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/sqlite_metadata_store.h"
#include "services/registry/sqlite_schema.h"
#include "services/registry/timestamps.h"

// SqliteMetadataStore: repositories.

namespace ropewalk {
namespace {

constexpr char kSelect[] =
    "SELECT r.name, r.create_time, r.update_time, "
    "(SELECT COUNT(*) FROM versions v WHERE v.repository = r.name), r.public FROM repositories r ";

// What follows kSelect, and its parameters bound in the same order.
struct Selection {
  std::string sql = "WHERE TRUE";
  std::vector<std::function<void(SqliteStatement&)>> bindings;

  void And(absl::string_view clause, const std::vector<std::string>& values) {
    if (values.empty()) return;
    absl::StrAppend(&sql, " AND ", clause);
    BindAll(values);
  }

  void BindAll(const std::vector<std::string>& values) {
    for (const std::string& value : values) {
      bindings.push_back([value](SqliteStatement& statement) { statement.Bind(value); });
    }
  }

  void BindTime(int64_t micros) {
    bindings.push_back([micros](SqliteStatement& statement) { statement.Bind(micros); });
  }
};

std::vector<std::string> IfAny(const std::string& value) {
  if (value.empty()) return {};
  return {value};
}

// One question mark for each value.
std::string Placeholders(size_t count) {
  return absl::StrJoin(std::vector<std::string>(count, "?"), ", ");
}

// A label of few versions is looked up first; of a common one the list soon comes upon enough.
constexpr int64_t kFewVersions = 2000;

constexpr char kHasRareLabel[] =
    "r.name IN (SELECT t.repository FROM labels l JOIN tags t ON t.version_id = l.version_id "
    "AND t.tag = 'latest' WHERE l.label = ?)";
constexpr char kHasCommonLabel[] =
    "EXISTS(SELECT 1 FROM tags t JOIN labels l ON l.version_id = t.version_id "
    "WHERE t.repository = r.name AND t.tag = 'latest' AND l.label = ?)";

absl::StatusOr<bool> IsRare(const std::string& label, SqliteDatabase* database) {
  SqliteStatement count =
      database->Prepare("SELECT COUNT(*) FROM (SELECT 1 FROM labels WHERE label = ? LIMIT ?)");
  RETURN_IF_ERROR(count.Bind(label).Bind(kFewVersions).Step().status());
  return count.Int(0) < kFewVersions;
}

absl::Status Narrow(const RepositoryQuery& query, SqliteDatabase* database, Selection* selection) {
  selection->And(absl::StrCat("r.kind IN (", Placeholders(query.kinds.size()), ")"), query.kinds);
  selection->And("r.namespace = ?", IfAny(query.name_space));
  selection->And("instr(r.namespaced, ?) > 0", IfAny(absl::AsciiStrToLower(query.search)));
  if (query.visible_to.has_value()) {
    absl::StrAppend(&selection->sql, " AND (r.public OR r.namespace IN (",
                    Placeholders(query.visible_to->size()), "))");
    selection->BindAll(*query.visible_to);
  }
  for (const std::string& label : query.labels) {
    ASSIGN_OR_RETURN(const bool rare, IsRare(label, database));
    selection->And(rare ? kHasRareLabel : kHasCommonLabel, {label});
  }
  return absl::OkStatus();
}

void BeginAfter(const RepositoryQuery& query, Selection* selection) {
  const v1::Repository& last = query.after;
  if (last.name().empty()) return;
  const char* const beyond = query.descending ? "<" : ">";
  if (query.order == RepositoryOrder::kName) {
    return selection->And(absl::StrCat("r.name ", beyond, " ?"), {last.name()});
  }
  const bool created = query.order == RepositoryOrder::kCreateTime;
  const char* const column = created ? "r.create_time" : "r.update_time";
  absl::StrAppend(&selection->sql, " AND (", column, ", r.name) ", beyond, " (?");
  selection->BindTime(ToMicros(created ? last.create_time() : last.update_time()));
  absl::StrAppend(&selection->sql, ", ?)");
  const std::string name = last.name();
  selection->bindings.push_back([name](SqliteStatement& statement) { statement.Bind(name); });
}

void Order(const RepositoryQuery& query, Selection* selection) {
  const char* const direction = query.descending ? " DESC" : "";
  absl::StrAppend(&selection->sql, " ORDER BY ");
  if (query.order == RepositoryOrder::kCreateTime) {
    absl::StrAppend(&selection->sql, "r.create_time", direction, ", ");
  }
  if (query.order == RepositoryOrder::kUpdateTime) {
    absl::StrAppend(&selection->sql, "r.update_time", direction, ", ");
  }
  absl::StrAppend(&selection->sql, "r.name", direction, " LIMIT ?");
}

absl::Status NoRepository(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("there is no repository ", name));
}

absl::Status AlreadyThere(const std::string& name) {
  return absl::AlreadyExistsError(absl::StrCat("there is a repository ", name, " already"));
}

}  // namespace

absl::Status SqliteMetadataStore::TouchRepository(const std::string& name, int64_t micros) {
  const size_t slash = name.find('/');
  SqliteStatement upsert = database_.Prepare(
      "INSERT INTO repositories(name, kind, namespace, namespaced, create_time, update_time) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO UPDATE SET "
      "update_time = max(update_time, excluded.update_time)");
  upsert.Bind(name).Bind(name.substr(0, slash)).Bind(NamespaceOf(name));
  return upsert.Bind(absl::AsciiStrToLower(name.substr(slash + 1))).Bind(micros).Run();
}

absl::StatusOr<v1::Repository> SqliteMetadataStore::LoadRepository(const SqliteStatement& row) {
  v1::Repository repository;
  repository.set_name(row.Bytes(0));
  FromMicros(row.Int(1), repository.mutable_create_time());
  FromMicros(row.Int(2), repository.mutable_update_time());
  repository.set_version_count(static_cast<int32_t>(row.Int(3)));
  repository.set_visibility(row.Int(4) != 0 ? v1::VISIBILITY_PUBLIC : v1::VISIBILITY_PRIVATE);
  RETURN_IF_ERROR(LoadTags(&repository));
  return repository;
}

absl::StatusOr<bool> SqliteMetadataStore::HasRepository(const std::string& name) {
  SqliteStatement select = database_.Prepare("SELECT 1 FROM repositories WHERE name = ?");
  return select.Bind(name).Step();
}

absl::Status SqliteMetadataStore::CreateRepository(const std::string& name,
                                                   const google::protobuf::Timestamp& time) {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const bool there, HasRepository(name));
  if (there) return AlreadyThere(name);
  return TouchRepository(name, ToMicros(time));
}

absl::Status SqliteMetadataStore::DeleteRepository(const std::string& name) {
  MutexLock lock(&mutex_);
  return InTransaction(&database_, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    SqliteStatement versions = database_.Prepare("DELETE FROM versions WHERE repository = ?");
    RETURN_IF_ERROR(versions.Bind(name).Run());
    SqliteStatement repository = database_.Prepare("DELETE FROM repositories WHERE name = ?");
    RETURN_IF_ERROR(repository.Bind(name).Run());
    return database_.changes() > 0 ? absl::OkStatus() : NoRepository(name);
  });
}

absl::Status SqliteMetadataStore::MoveRepository(const std::string& from, const std::string& to) {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const bool from_there, HasRepository(from));
  if (!from_there) return NoRepository(from);
  ASSIGN_OR_RETURN(const bool to_there, HasRepository(to));
  if (to_there) return AlreadyThere(to);
  return InTransaction(&database_, [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    return Rename(from, to);
  });
}

absl::Status SqliteMetadataStore::Rename(const std::string& from, const std::string& to) {
  const size_t slash = to.find('/');
  SqliteStatement repository = database_.Prepare(
      "UPDATE repositories SET name = ?, kind = ?, namespace = ?, namespaced = ? WHERE name = ?");
  repository.Bind(to).Bind(to.substr(0, slash)).Bind(NamespaceOf(to));
  RETURN_IF_ERROR(repository.Bind(absl::AsciiStrToLower(to.substr(slash + 1))).Bind(from).Run());
  SqliteStatement versions =
      database_.Prepare("UPDATE versions SET repository = ?, kind = ? WHERE repository = ?");
  RETURN_IF_ERROR(versions.Bind(to).Bind(to.substr(0, slash)).Bind(from).Run());
  SqliteStatement tags = database_.Prepare("UPDATE tags SET repository = ? WHERE repository = ?");
  return tags.Bind(to).Bind(from).Run();
}

absl::Status SqliteMetadataStore::SetVisibility(const std::string& name,
                                                v1::Visibility visibility) {
  MutexLock lock(&mutex_);
  SqliteStatement update = database_.Prepare("UPDATE repositories SET public = ? WHERE name = ?");
  RETURN_IF_ERROR(update.Bind(int64_t{visibility == v1::VISIBILITY_PUBLIC}).Bind(name).Run());
  return database_.changes() > 0 ? absl::OkStatus() : NoRepository(name);
}

absl::StatusOr<v1::Repository> SqliteMetadataStore::GetRepository(const std::string& name) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare(absl::StrCat(kSelect, "WHERE r.name = ?"));
  ASSIGN_OR_RETURN(const bool found, select.Bind(name).Step());
  if (found) return LoadRepository(select);
  return NoRepository(name);
}

absl::StatusOr<RepositoryPage> SqliteMetadataStore::ListRepositories(const RepositoryQuery& query) {
  MutexLock lock(&mutex_);
  Selection selection;
  RETURN_IF_ERROR(Narrow(query, &database_, &selection));
  BeginAfter(query, &selection);
  Order(query, &selection);
  SqliteStatement select = database_.Prepare(absl::StrCat(kSelect, selection.sql));
  for (const auto& bind : selection.bindings) bind(select);
  select.Bind(int64_t{query.limit} + 1);
  RepositoryPage page;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return page;
    page.more = static_cast<int>(page.repositories.size()) == query.limit;
    if (page.more) return page;
    ASSIGN_OR_RETURN(page.repositories.emplace_back(), LoadRepository(select));
  }
}

absl::Status SqliteMetadataStore::LoadTags(v1::Repository* repository) {
  SqliteStatement select = database_.Prepare(
      "SELECT t.tag, v.version, t.protected, t.update_time, t.branch, t.immutable FROM tags t "
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
    tag->set_branch(select.Int(4) != 0);
    tag->set_immutable(select.Int(5) != 0);
  }
}

}  // namespace ropewalk
