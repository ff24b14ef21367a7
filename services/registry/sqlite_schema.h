#pragma once

#include <functional>

#include "absl/status/status.h"
#include "services/common/sqlite_database.h"

namespace ropewalk {

// Makes the registry's tables in an empty database, or brings those of an older program up to date,
// in one transaction.
// FAILED_PRECONDITION: a newer program has written the database.
absl::Status BringToRegistrySchema(SqliteDatabase* database);

// Commits what `change` does, or undoes it if that fails.
absl::Status InTransaction(SqliteDatabase* database, const std::function<absl::Status()>& change);

}  // namespace ropewalk
