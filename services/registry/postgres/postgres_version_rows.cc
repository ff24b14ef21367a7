#include "services/registry/postgres/postgres_version_rows.h"

#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/postgres/postgres_rows.h"
#include "services/registry/postgres/postgres_text.h"
#include "services/registry/timestamps.h"

namespace ropewalk {
namespace {

absl::StatusOr<v1::Version> VersionOf(const pqxx::row& row) {
  v1::Version version;
  version.set_name(VersionName(row[1].as<std::string>(), row[2].as<std::string>()));
  FromMicros(row[3].as<int64_t>(), version.mutable_create_time());
  version.set_total_bytes(row[4].as<int64_t>());
  if (version.mutable_lineage()->ParseFromString(pqxx::binarystring(row[5]).str())) return version;
  return absl::DataLossError(absl::StrCat("the lineage of ", version.name(), " is damaged"));
}

using VersionsById = std::map<int64_t, v1::Version*>;

void LoadFiles(PostgresTransaction& transaction, const std::string& ids,
               const VersionsById& versions) {
  for (const pqxx::row& row :
       transaction.Run("SELECT version_id, path, digest, size_bytes FROM files "
                       "WHERE version_id = ANY($1::bigint[]) ORDER BY version_id, path",
                       ids)) {
    v1::File* file = versions.at(row[0].as<int64_t>())->add_files();
    file->set_path(row[1].as<std::string>());
    file->set_digest(row[2].as<std::string>());
    file->set_size_bytes(row[3].as<int64_t>());
  }
}

void LoadLabels(PostgresTransaction& transaction, const std::string& ids,
                const VersionsById& versions) {
  for (const pqxx::row& row :
       transaction.Run("SELECT version_id, label FROM labels "
                       "WHERE version_id = ANY($1::bigint[]) ORDER BY version_id, label",
                       ids)) {
    versions.at(row[0].as<int64_t>())->add_labels(pqxx::binarystring(row[1]).str());
  }
}

void LoadTagNames(PostgresTransaction& transaction, const std::string& ids,
                  const VersionsById& versions) {
  for (const pqxx::row& row :
       transaction.Run("SELECT version_id, tag FROM tags "
                       "WHERE version_id = ANY($1::bigint[]) ORDER BY version_id, tag",
                       ids)) {
    versions.at(row[0].as<int64_t>())->add_tags(row[1].as<std::string>());
  }
}

void InsertFiles(PostgresTransaction& transaction, int64_t id, const v1::Version& contents) {
  std::vector<std::string> paths, digests, sizes;
  for (const v1::File& file : contents.files()) {
    paths.push_back(file.path());
    digests.push_back(file.digest());
    sizes.push_back(absl::StrCat(file.size_bytes()));
  }
  transaction.Run(
      "INSERT INTO files(version_id, path, digest, size_bytes) "
      "SELECT $1::bigint, * FROM unnest($2::text[], $3::text[], $4::bigint[])",
      id, PostgresArray(paths), PostgresArray(digests), PostgresArray(sizes));
}

void InsertLabels(PostgresTransaction& transaction, int64_t id, const v1::Version& contents) {
  std::vector<std::string> labels;
  for (const std::string& label : contents.labels()) labels.push_back(PostgresBytes(label));
  transaction.Run(
      "INSERT INTO labels(label, version_id) SELECT *, $1::bigint FROM unnest($2::bytea[]) "
      "ON CONFLICT DO NOTHING",
      id, PostgresArray(labels));
}

void InsertMetrics(PostgresTransaction& transaction, int64_t id, const v1::Lineage& lineage) {
  std::vector<std::string> names, values;
  for (const auto& [name, value] : lineage.metrics()) {
    // No filter matches it, and PostgreSQL would have it greater than all others.
    if (std::isnan(value)) continue;
    names.push_back(name);
    values.push_back(PostgresDouble(value));
  }
  transaction.Run(
      "INSERT INTO metrics(version_id, name, value) "
      "SELECT $1::bigint, * FROM unnest($2::text[], $3::float8[])",
      id, PostgresArray(names), PostgresArray(values));
}

absl::Status CheckText(absl::string_view what, const std::string& text) {
  if (IsPostgresText(text)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " has bytes that are not UTF-8, or a zero byte; leave them out"));
}

}  // namespace

absl::StatusOr<std::vector<v1::Version>> LoadVersions(PostgresTransaction& transaction,
                                                      const pqxx::result& rows) {
  std::vector<v1::Version> versions;
  versions.reserve(rows.size());
  VersionsById by_id;
  std::vector<std::string> ids;
  for (const pqxx::row& row : rows) {
    ASSIGN_OR_RETURN(versions.emplace_back(), VersionOf(row));
    by_id[row[0].as<int64_t>()] = &versions.back();
    ids.push_back(row[0].as<std::string>());
  }
  const std::string array = PostgresArray(ids);
  if (!ids.empty()) {
    LoadFiles(transaction, array, by_id);
    LoadLabels(transaction, array, by_id);
    LoadTagNames(transaction, array, by_id);
  }
  return versions;
}

// A zero byte would end a text early, without an error.
absl::Status CheckTexts(const v1::Version& contents) {
  RETURN_IF_ERROR(CheckText("the base model's digest", contents.lineage().base_model_digest()));
  RETURN_IF_ERROR(CheckText("the method", contents.lineage().method()));
  for (const auto& metric : contents.lineage().metrics()) {
    RETURN_IF_ERROR(CheckText("the name of a metric", metric.first));
  }
  for (const v1::File& file : contents.files()) {
    RETURN_IF_ERROR(CheckText("the path of a file", file.path()));
  }
  return absl::OkStatus();
}

int64_t InsertVersion(PostgresTransaction& transaction, const std::string& repository,
                      const std::string& version, const v1::Version& contents) {
  const v1::Lineage& lineage = contents.lineage();
  const pqxx::result rows = transaction.Run(
      "INSERT INTO versions(kind, repository, version, create_time, total_bytes, "
      "base_model_digest, method, lineage) VALUES($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
      KindOf(repository), repository, version, ToMicros(contents.create_time()),
      contents.total_bytes(), lineage.base_model_digest(), lineage.method(),
      PostgresBytes(lineage.SerializeAsString()));
  const auto id = rows[0][0].as<int64_t>();
  InsertFiles(transaction, id, contents);
  InsertLabels(transaction, id, contents);
  InsertMetrics(transaction, id, lineage);
  return id;
}

}  // namespace ropewalk
