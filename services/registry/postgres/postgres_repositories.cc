#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/postgres/postgres_metadata_store.h"
#include "services/registry/postgres/postgres_repository_query.h"
#include "services/registry/postgres/postgres_rows.h"
#include "services/registry/postgres/postgres_text.h"
#include "services/registry/timestamps.h"

// PostgresMetadataStore: repositories.

namespace ropewalk {
namespace {

v1::Repository RepositoryOf(const pqxx::row& row) {
  v1::Repository repository;
  repository.set_name(row[0].as<std::string>());
  FromMicros(row[1].as<int64_t>(), repository.mutable_create_time());
  FromMicros(row[2].as<int64_t>(), repository.mutable_update_time());
  repository.set_version_count(row[3].as<int32_t>());
  repository.set_visibility(row[4].as<bool>() ? v1::VISIBILITY_PUBLIC : v1::VISIBILITY_PRIVATE);
  return repository;
}

void LoadTags(PostgresTransaction& transaction, std::vector<v1::Repository>* repositories) {
  std::map<std::string, v1::Repository*> by_name;
  std::vector<std::string> names;
  for (v1::Repository& repository : *repositories) {
    by_name[repository.name()] = &repository;
    names.push_back(repository.name());
  }
  for (const pqxx::row& row :
       transaction.Run("SELECT t.repository, t.tag, v.version, t.protected, t.update_time, "
                       "t.branch, t.immutable "
                       "FROM tags t JOIN versions v ON v.id = t.version_id "
                       "WHERE t.repository = ANY($1::text[]) ORDER BY t.repository, t.tag",
                       PostgresArray(names))) {
    v1::Repository* repository = by_name.at(row[0].as<std::string>());
    v1::Tag* tag = repository->add_tags();
    tag->set_name(TagName(repository->name(), row[1].as<std::string>()));
    tag->set_version(VersionName(repository->name(), row[2].as<std::string>()));
    tag->set_protected_(row[3].as<bool>());
    FromMicros(row[4].as<int64_t>(), tag->mutable_update_time());
    tag->set_branch(row[5].as<bool>());
    tag->set_immutable(row[6].as<bool>());
  }
}

// Of the rows of kSelectRepositoriesRepositories, in their order.
std::vector<v1::Repository> LoadRepositories(PostgresTransaction& transaction,
                                             const pqxx::result& rows) {
  std::vector<v1::Repository> repositories;
  for (const pqxx::row& row : rows) repositories.push_back(RepositoryOf(row));
  if (!repositories.empty()) LoadTags(transaction, &repositories);
  return repositories;
}

absl::Status NoRepository(const std::string& name) {
  return absl::NotFoundError(absl::StrCat("there is no repository ", name));
}

absl::Status AlreadyThere(const std::string& name) {
  return absl::AlreadyExistsError(absl::StrCat("there is a repository ", name, " already"));
}

bool HasRepository(PostgresTransaction& transaction, const std::string& name) {
  return !transaction.Run("SELECT 1 FROM repositories WHERE name = $1", name).empty();
}

void Rename(PostgresTransaction& transaction, const std::string& from, const std::string& to) {
  transaction.Run(
      "UPDATE repositories SET name = $1, kind = $2, namespace = $3, namespaced = $4 "
      "WHERE name = $5",
      to, KindOf(to), NamespaceOf(to), absl::AsciiStrToLower(to.substr(to.find('/') + 1)), from);
  transaction.Run("UPDATE versions SET repository = $1, kind = $2 WHERE repository = $3", to,
                  KindOf(to), from);
  transaction.Run("UPDATE tags SET repository = $1 WHERE repository = $2", to, from);
}

}  // namespace

absl::Status PostgresMetadataStore::CreateRepository(const std::string& name,
                                                     const google::protobuf::Timestamp& time) {
  return Change([&](PostgresTransaction& transaction) {
    if (HasRepository(transaction, name)) return AlreadyThere(name);
    TouchRepository(transaction, name, ToMicros(time));
    return absl::OkStatus();
  });
}

absl::Status PostgresMetadataStore::DeleteRepository(const std::string& name) {
  return Change([&](PostgresTransaction& transaction) {
    transaction.Run("DELETE FROM versions WHERE repository = $1", name);
    const pqxx::result removed = transaction.Run("DELETE FROM repositories WHERE name = $1", name);
    return removed.affected_rows() > 0 ? absl::OkStatus() : NoRepository(name);
  });
}

absl::Status PostgresMetadataStore::MoveRepository(const std::string& from, const std::string& to) {
  return Change([&](PostgresTransaction& transaction) {
    if (!HasRepository(transaction, from)) return NoRepository(from);
    if (HasRepository(transaction, to)) return AlreadyThere(to);
    Rename(transaction, from, to);
    return absl::OkStatus();
  });
}

absl::Status PostgresMetadataStore::SetVisibility(const std::string& name,
                                                  v1::Visibility visibility) {
  return Change([&](PostgresTransaction& transaction) {
    const pqxx::result changed =
        transaction.Run("UPDATE repositories SET public = $1 WHERE name = $2",
                        visibility == v1::VISIBILITY_PUBLIC, name);
    return changed.affected_rows() > 0 ? absl::OkStatus() : NoRepository(name);
  });
}

absl::StatusOr<v1::Repository> PostgresMetadataStore::GetRepository(const std::string& name) {
  return Look<v1::Repository>(
      TransactionKind::kSnapshot,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<v1::Repository> {
        const pqxx::result rows =
            transaction.Run(absl::StrCat(kSelectRepositories, "WHERE r.name = $1"), name);
        if (rows.empty()) return NoRepository(name);
        return LoadRepositories(transaction, rows).front();
      });
}

absl::StatusOr<RepositoryPage> PostgresMetadataStore::ListRepositories(
    const RepositoryQuery& query) {
  if (!MayMatch(query)) return RepositoryPage();
  const PostgresStatement statement = StatementOf(query);
  return Look<RepositoryPage>(
      TransactionKind::kSnapshot,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<RepositoryPage> {
        RepositoryPage page;
        page.repositories =
            LoadRepositories(transaction, transaction.RunOnce(statement.sql, statement.parameters));
        page.more = static_cast<int>(page.repositories.size()) > query.limit;
        if (page.more) page.repositories.pop_back();
        return page;
      });
}

}  // namespace ropewalk
