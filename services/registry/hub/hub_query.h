#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/http_handler.h"
#include "services/common/url.h"
#include "services/registry/hub/file_tree.h"
#include "services/registry/metadata_store.h"

namespace ropewalk {

// What the Hub's query strings ask for. Pure.

// Of GET /api/models: search, author, filter (several), sort, direction, limit, cursor.
// INVALID_ARGUMENT: a limit that is not 1 to 1000, an order that is not known, or a cursor that was
// not issued for this list.
absl::StatusOr<RepositoryQuery> ParseListQuery(const std::string& type, const QueryFields& fields);

// Of GET .../tree/{revision}/{folder}: recursive, limit, cursor.
// INVALID_ARGUMENT: as above.
absl::StatusOr<TreeQuery> ParseTreeQuery(const HttpRequest& request, const std::string& folder);

// Where the client has reached the registry: "http://host:7081".
std::string OriginOf(const HttpRequest& request);

// The header "Link" that names the next page of `request`, from `cursor` on.
std::string NextLink(const HttpRequest& request, QueryFields fields, const std::string& cursor);

// The cursor of the page after the one that ends with `last`.
std::string CursorAfter(const QueryFields& fields, const v1::Repository& last);
std::string CursorAfter(const HttpRequest& request, const TreeEntry& last);

// Whether a list is to name the files of each repository: by "full" or "expand", as on the Hub.
bool NamesFiles(const QueryFields& fields);

// `info` with its id and what `expand` names only; all of it if nothing is named.
nlohmann::json Expand(const nlohmann::json& info, const QueryFields& fields);

// "true" or "1" or "True".
bool IsTrue(const std::string& value);

}  // namespace ropewalk
