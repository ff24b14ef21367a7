#include "services/registry/postgres/postgres_repository_query.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/registry/postgres/postgres_text.h"
#include "services/registry/timestamps.h"

namespace ropewalk {
namespace {

std::string ArrayParameter(const std::vector<std::string>& values, PostgresStatement* statement) {
  return absl::StrCat("ANY(", statement->Parameter(PostgresArray(values)), "::text[])");
}

void Narrow(const RepositoryQuery& query, PostgresStatement* statement) {
  std::string* const sql = &statement->sql;
  if (!query.kinds.empty()) {
    absl::StrAppend(sql, " AND r.kind = ", ArrayParameter(query.kinds, statement));
  }
  if (!query.name_space.empty()) {
    absl::StrAppend(sql, " AND r.namespace = ", statement->Parameter(query.name_space));
  }
  if (!query.search.empty()) {
    absl::StrAppend(sql, " AND strpos(r.namespaced, ",
                    statement->Parameter(absl::AsciiStrToLower(query.search)), ") > 0");
  }
  if (query.visible_to.has_value()) {
    absl::StrAppend(
        sql, " AND (r.public OR r.namespace = ", ArrayParameter(*query.visible_to, statement), ")");
  }
  for (const std::string& label : query.labels) {
    absl::StrAppend(sql,
                    " AND r.name IN (SELECT t.repository FROM labels l JOIN tags t "
                    "ON t.version_id = l.version_id AND t.tag = 'latest' WHERE l.label = ",
                    statement->Parameter(PostgresBytes(label)), "::bytea)");
  }
}

void BeginAfter(const RepositoryQuery& query, PostgresStatement* statement) {
  const v1::Repository& last = query.after;
  if (last.name().empty()) return;
  const char* const beyond = query.descending ? "<" : ">";
  if (query.order == RepositoryOrder::kName) {
    absl::StrAppend(&statement->sql, " AND r.name ", beyond, " ",
                    statement->Parameter(last.name()));
    return;
  }
  const bool created = query.order == RepositoryOrder::kCreateTime;
  const int64_t time = ToMicros(created ? last.create_time() : last.update_time());
  absl::StrAppend(&statement->sql, " AND (", created ? "r.create_time" : "r.update_time",
                  ", r.name) ", beyond, " (", statement->Parameter(absl::StrCat(time)), "::bigint");
  absl::StrAppend(&statement->sql, ", ", statement->Parameter(last.name()), ")");
}

void Order(const RepositoryQuery& query, PostgresStatement* statement) {
  const char* const direction = query.descending ? " DESC" : "";
  absl::StrAppend(&statement->sql, " ORDER BY ");
  if (query.order == RepositoryOrder::kCreateTime) {
    absl::StrAppend(&statement->sql, "r.create_time", direction, ", ");
  }
  if (query.order == RepositoryOrder::kUpdateTime) {
    absl::StrAppend(&statement->sql, "r.update_time", direction, ", ");
  }
  absl::StrAppend(&statement->sql, "r.name", direction, " LIMIT ",
                  statement->Parameter(absl::StrCat(int64_t{query.limit} + 1)));
}

}  // namespace

PostgresStatement StatementOf(const RepositoryQuery& query) {
  PostgresStatement statement;
  statement.sql = absl::StrCat(kSelectRepositories, "WHERE TRUE");
  Narrow(query, &statement);
  BeginAfter(query, &statement);
  Order(query, &statement);
  return statement;
}

bool MayMatch(const RepositoryQuery& query) {
  return IsPostgresText(query.name_space) && IsPostgresText(query.search) &&
         std::all_of(query.kinds.begin(), query.kinds.end(), IsPostgresText);
}

}  // namespace ropewalk
