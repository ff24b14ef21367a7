#pragma once

#include "absl/status/status.h"
#include "services/registry/postgres/postgres_pool.h"

namespace ropewalk {

// Makes the registry's tables in a database, or brings those of an older program up to date, in one
// transaction; of several programs that start at once, one does. They are in the schema
// "ropewalk_registry", which is made too unless somebody made it for this user.
// FAILED_PRECONDITION: a newer program has written the database, or its encoding is not UTF8.
// PERMISSION_DENIED: the user may not make what is missing.
absl::Status BringToPostgresSchema(PostgresPool* pool);

}  // namespace ropewalk
