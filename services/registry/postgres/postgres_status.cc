#include "services/registry/postgres/postgres_status.h"

#include <pqxx/pqxx>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace ropewalk {
namespace {

// https://www.postgresql.org/docs/15/errcodes-appendix.html. The first that a SQLSTATE begins with
// counts.
struct Meaning {
  const char* sqlstate;
  absl::StatusCode code;
};

constexpr Meaning kMeanings[] = {
    {"08", absl::StatusCode::kUnavailable},       // Connection exceptions.
    {"22", absl::StatusCode::kInvalidArgument},   // Data exceptions.
    {"23505", absl::StatusCode::kAlreadyExists},  // unique_violation
    {"25006", absl::StatusCode::kUnavailable},    // read_only_sql_transaction: a standby.
    {"28", absl::StatusCode::kPermissionDenied},  // Invalid authorization.
    {"40", absl::StatusCode::kUnavailable},       // Transaction rollbacks: deadlocks and the like.
    {"42501", absl::StatusCode::kPermissionDenied},  // insufficient_privilege
    {"53300", absl::StatusCode::kUnavailable},       // too_many_connections
    {"53", absl::StatusCode::kResourceExhausted},    // Disk full, out of memory.
    {"54", absl::StatusCode::kInvalidArgument},      // Program limits, e.g. of an index's rows.
    {"55P03", absl::StatusCode::kUnavailable},       // lock_not_available
    {"57", absl::StatusCode::kUnavailable},          // Operator interventions, timeouts among them.
    {"58", absl::StatusCode::kUnavailable},          // Errors of the system, e.g. of its disk.
    {"XX001", absl::StatusCode::kDataLoss},          // data_corrupted
    {"XX002", absl::StatusCode::kDataLoss},          // index_corrupted
};

absl::StatusCode CodeOf(absl::string_view sqlstate) {
  for (const Meaning& meaning : kMeanings) {
    if (absl::StartsWith(sqlstate, meaning.sqlstate)) return meaning.code;
  }
  return absl::StatusCode::kInternal;
}

// libpqxx has types for some errors, and then drops their SQLSTATE.
absl::StatusCode CodeOf(const std::exception& error) {
  if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr ||
      dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr ||
      dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr) {
    return absl::StatusCode::kUnavailable;
  }
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) {
    return absl::StatusCode::kPermissionDenied;
  }
  const auto* const refused = dynamic_cast<const pqxx::sql_error*>(&error);
  return refused == nullptr ? absl::StatusCode::kInternal : CodeOf(refused->sqlstate());
}

}  // namespace

absl::Status StatusOf(const std::exception& error) {
  const std::string text =
      absl::StrReplaceAll(absl::StripAsciiWhitespace(error.what()), {{"\n", "; "}, {"\t", " "}});
  return absl::Status(CodeOf(error), absl::StrCat("postgresql: ", text));
}

bool IsRefusal(const std::exception& error) {
  return dynamic_cast<const pqxx::sql_error*>(&error) != nullptr ||
         dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr;
}

}  // namespace ropewalk
