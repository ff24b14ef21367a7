#include "services/registry/hub/hub_query.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/page_token.h"
#include "services/registry/timestamps.h"

namespace ropewalk {
namespace {

constexpr int kMostItems = 1000;

absl::StatusOr<RepositoryOrder> ParseOrder(const std::string& sort) {
  if (sort == "createdAt" || sort == "created_at") return RepositoryOrder::kCreateTime;
  if (sort == "id" || sort == "name") return RepositoryOrder::kName;
  // Nobody counts downloads and likes here, so all have the same number of them.
  for (const char* const known : {"", "lastModified", "last_modified", "downloads", "likes",
                                  "likes7d", "trendingScore", "trending_score"}) {
    if (sort == known) return RepositoryOrder::kUpdateTime;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("sort=", sort, " is not known; give lastModified, createdAt or id"));
}

absl::StatusOr<int> ParseLimit(const std::string& text) {
  int limit = kMostItems;
  if (text.empty()) return limit;
  if (absl::SimpleAtoi(text, &limit) && limit > 0) return std::min(limit, kMostItems);
  return absl::InvalidArgumentError(
      absl::StrCat("limit=", text, " is not a number from 1 to ", kMostItems));
}

// What a cursor belongs to: everything but the page.
std::string SelectionOf(const QueryFields& fields) {
  QueryFields selection;
  for (const auto& field : fields) {
    if (field.first != "cursor" && field.first != "limit") selection.push_back(field);
  }
  return absl::StrCat("hub:", FormatQuery(selection));
}

// Of a tree, which the path tells.
std::string SelectionOf(const HttpRequest& request) {
  return absl::StrCat("tree:", request.path, "?", SelectionOf(ParseQuery(request.query)));
}

std::vector<std::string> Expanded(const QueryFields& fields) {
  std::vector<std::string> names = FieldsOf(fields, "expand");
  for (const std::string& name : FieldsOf(fields, "expand[]")) names.push_back(name);
  return names;
}

absl::Status BeginAt(const QueryFields& fields, v1::Repository* after) {
  ASSIGN_OR_RETURN(const std::string position,
                   DecodePageToken(SelectionOf(fields), FieldOf(fields, "cursor")));
  if (position.empty()) return absl::OkStatus();
  const std::vector<std::string> parts = absl::StrSplit(position, absl::MaxSplits(' ', 2));
  int64_t created = 0;
  int64_t updated = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &created) ||
      !absl::SimpleAtoi(parts[1], &updated)) {
    return absl::InvalidArgumentError("cursor was not issued for this list");
  }
  FromMicros(created, after->mutable_create_time());
  FromMicros(updated, after->mutable_update_time());
  after->set_name(parts[2]);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RepositoryQuery> ParseListQuery(const std::string& type, const QueryFields& fields) {
  RepositoryQuery query;
  query.kinds = KindsOf(type);
  query.name_space = FieldOf(fields, "author");
  query.search = FieldOf(fields, "search");
  query.labels = FieldsOf(fields, "filter");
  for (const std::string& task : FieldsOf(fields, "pipeline_tag")) query.labels.push_back(task);
  ASSIGN_OR_RETURN(query.order, ParseOrder(FieldOf(fields, "sort")));
  query.descending = FieldOf(fields, "direction") != "1" && query.order != RepositoryOrder::kName;
  ASSIGN_OR_RETURN(query.limit, ParseLimit(FieldOf(fields, "limit")));
  RETURN_IF_ERROR(BeginAt(fields, &query.after));
  return query;
}

std::string CursorAfter(const QueryFields& fields, const v1::Repository& last) {
  return EncodePageToken(SelectionOf(fields),
                         absl::StrCat(ToMicros(last.create_time()), " ",
                                      ToMicros(last.update_time()), " ", last.name()));
}

absl::StatusOr<TreeQuery> ParseTreeQuery(const HttpRequest& request, const std::string& folder) {
  const QueryFields fields = ParseQuery(request.query);
  TreeQuery query;
  query.folder = folder;
  query.recursive = IsTrue(FieldOf(fields, "recursive"));
  ASSIGN_OR_RETURN(query.limit, ParseLimit(FieldOf(fields, "limit")));
  ASSIGN_OR_RETURN(query.after, DecodePageToken(SelectionOf(request), FieldOf(fields, "cursor")));
  return query;
}

std::string CursorAfter(const HttpRequest& request, const TreeEntry& last) {
  return EncodePageToken(SelectionOf(request), last.position());
}

bool NamesFiles(const QueryFields& fields) {
  const std::vector<std::string> names = Expanded(fields);
  return IsTrue(FieldOf(fields, "full")) ||
         std::find(names.begin(), names.end(), "siblings") != names.end();
}

std::string OriginOf(const HttpRequest& request) {
  return absl::StrCat(request.scheme, "://", request.header("host"));
}

std::string NextLink(const HttpRequest& request, QueryFields fields, const std::string& cursor) {
  fields.erase(std::remove_if(fields.begin(), fields.end(),
                              [](const auto& field) { return field.first == "cursor"; }),
               fields.end());
  fields.emplace_back("cursor", cursor);
  return absl::StrCat("<", OriginOf(request), request.path, "?", FormatQuery(fields),
                      ">; rel=\"next\"");
}

nlohmann::json Expand(const nlohmann::json& info, const QueryFields& fields) {
  const std::vector<std::string> names = Expanded(fields);
  if (names.empty()) return info;
  nlohmann::json result{{"_id", info["_id"]}, {"id", info["id"]}};
  for (const std::string& name : names) {
    if (info.contains(name)) result[name] = info[name];
  }
  return result;
}

bool IsTrue(const std::string& value) { return value == "true" || value == "True" || value == "1"; }

}  // namespace ropewalk
