#include "services/registry/postgres/postgres_rows.h"

#include "absl/strings/ascii.h"
#include "services/common/resource_name.h"

namespace ropewalk {

absl::Status NoVersion(const std::string& repository, const std::string& version) {
  return absl::NotFoundError(
      absl::StrCat("there is no version ", VersionName(repository, version)));
}

absl::Status NoTag(const std::string& repository, const std::string& tag) {
  return absl::NotFoundError(absl::StrCat("there is no tag ", TagName(repository, tag)));
}

std::string KindOf(const std::string& repository) {
  return repository.substr(0, repository.find('/'));
}

absl::StatusOr<int64_t> FindVersionId(PostgresTransaction& transaction,
                                      const std::string& repository, const std::string& version) {
  const pqxx::result rows = transaction.Run(
      "SELECT id FROM versions WHERE repository = $1 AND version = $2", repository, version);
  if (rows.empty()) return NoVersion(repository, version);
  return rows[0][0].as<int64_t>();
}

void TouchRepository(PostgresTransaction& transaction, const std::string& name, int64_t micros) {
  const std::string namespaced = absl::AsciiStrToLower(name.substr(name.find('/') + 1));
  transaction.Run(
      "INSERT INTO repositories AS r(name, kind, namespace, namespaced, public, create_time, "
      "update_time) VALUES($1, $2, $3, $4, FALSE, $5, $5) ON CONFLICT(name) DO UPDATE SET "
      "update_time = greatest(r.update_time, excluded.update_time)",
      name, KindOf(name), NamespaceOf(name), namespaced, micros);
}

}  // namespace ropewalk
