#pragma once

#include "services/registry/metadata_store.h"
#include "services/registry/postgres/postgres_rows.h"

namespace ropewalk {

// Selects repositories, called r; a condition follows.
inline constexpr char kSelectRepositories[] =
    "SELECT r.name, r.create_time, r.update_time, "
    "(SELECT COUNT(*) FROM versions v WHERE v.repository = r.name), r.public FROM repositories r ";

// The statement that selects a page of repositories as kSelectRepositories does, and one more if
// there is more. Pure.
PostgresStatement StatementOf(const RepositoryQuery& query);

// Whether any repository can be what the query asks for: what is no text is in no column. Pure.
bool MayMatch(const RepositoryQuery& query);

}  // namespace ropewalk
