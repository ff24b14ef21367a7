#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "services/registry/postgres/postgres_transaction.h"

namespace ropewalk {

// Versions as rows of tables. Statements throw what libpqxx throws.

// Selects versions, called v, for LoadVersions; a condition follows. Column 0 is the position.
inline constexpr char kSelectVersions[] =
    "SELECT v.id, v.repository, v.version, v.create_time, v.total_bytes, v.lineage "
    "FROM versions v ";

// Versions with their files, labels and tags, in the order of the rows: all files in one statement,
// and so on. DATA_LOSS: a row is damaged.
absl::StatusOr<std::vector<v1::Version>> LoadVersions(PostgresTransaction& transaction,
                                                      const pqxx::result& rows);

// Whether the tables can hold it. INVALID_ARGUMENT: a text is not UTF-8 or has a zero byte.
absl::Status CheckTexts(const v1::Version& contents);

// Adds a version that is not there, without tags. Its position.
int64_t InsertVersion(PostgresTransaction& transaction, const std::string& repository,
                      const std::string& version, const v1::Version& contents);

}  // namespace ropewalk
