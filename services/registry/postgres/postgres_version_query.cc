#include "services/registry/postgres/postgres_version_query.h"

#include "absl/strings/str_cat.h"
#include "services/registry/postgres/postgres_text.h"
#include "services/registry/postgres/postgres_version_rows.h"

namespace ropewalk {
namespace {

void And(absl::string_view condition, const std::string& value, PostgresStatement* statement) {
  if (value.empty()) return;
  absl::StrAppend(&statement->sql, " AND ", condition, " = ", statement->Parameter(value));
}

void AndTag(const std::string& tag, PostgresStatement* statement) {
  if (tag.empty()) return;
  absl::StrAppend(&statement->sql,
                  " AND EXISTS(SELECT 1 FROM tags t WHERE t.version_id = v.id AND t.tag = ",
                  statement->Parameter(tag), ")");
}

void AndMetric(const MetricFilter& filter, PostgresStatement* statement) {
  const std::string comparison = filter.comparison == "==" ? "=" : filter.comparison;
  absl::StrAppend(&statement->sql,
                  " AND EXISTS(SELECT 1 FROM metrics m WHERE m.version_id = v.id AND m.name = ",
                  statement->Parameter(filter.metric));
  absl::StrAppend(&statement->sql, " AND m.value ", comparison, " ",
                  statement->Parameter(PostgresDouble(filter.value)), "::float8)");
}

void AndVisibleTo(const std::vector<std::string>& namespaces, PostgresStatement* statement) {
  absl::StrAppend(&statement->sql,
                  " AND EXISTS(SELECT 1 FROM repositories r WHERE r.name = v.repository AND "
                  "(r.public OR r.namespace = ANY(",
                  statement->Parameter(PostgresArray(namespaces)), "::text[])))");
}

}  // namespace

PostgresStatement StatementOf(const VersionQuery& query) {
  PostgresStatement statement;
  statement.sql = absl::StrCat(kSelectVersions, "WHERE TRUE");
  And("v.kind", query.kind, &statement);
  And("v.repository", query.repository, &statement);
  And("v.base_model_digest", query.base_model_digest, &statement);
  And("v.method", query.method, &statement);
  AndTag(query.tag, &statement);
  if (query.metric.has_value()) AndMetric(*query.metric, &statement);
  if (query.visible_to.has_value()) AndVisibleTo(*query.visible_to, &statement);
  if (query.before != 0) {
    absl::StrAppend(&statement.sql, " AND v.id < ",
                    statement.Parameter(absl::StrCat(query.before)));
  }
  absl::StrAppend(&statement.sql, " ORDER BY v.id DESC LIMIT ",
                  statement.Parameter(absl::StrCat(int64_t{query.limit} + 1)));
  return statement;
}

bool MayMatch(const VersionQuery& query) {
  const std::string metric = query.metric.has_value() ? query.metric->metric : "";
  return IsPostgresText(query.kind) && IsPostgresText(query.repository) &&
         IsPostgresText(query.base_model_digest) && IsPostgresText(query.method) &&
         IsPostgresText(query.tag) && IsPostgresText(metric);
}

}  // namespace ropewalk
