#pragma once

#include "services/registry/metadata_store.h"
#include "services/registry/postgres/postgres_rows.h"

namespace ropewalk {

// The statement that selects a page of versions as kSelectVersions does, and one more if there is
// more. Pure.
PostgresStatement StatementOf(const VersionQuery& query);

// Whether any version can be what the query asks for: what is no text is in no column. Pure.
bool MayMatch(const VersionQuery& query);

}  // namespace ropewalk
