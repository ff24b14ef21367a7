#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ropewalk {

// Where a database is: "postgres://user:password@host:port/database?sslmode=verify-full", as
// PostgreSQL's own programs take it, or the same with "postgresql:". Every part may be absent;
// several "host:port" stand with commas between them. What is special in URLs is percent-encoded in
// the parts. After '?' come libpq's parameters
// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
//
// Returns it in libpq's other form, keywords and values, with what it leaves open settled: how long
// connecting may take; that a connection to a host that is gone is given up within half a minute;
// that of several servers the one that can be written is meant. Contains the password. Pure.
// INVALID_ARGUMENT: it is no such URL. Messages repeat nothing of it: a password with characters
// that are not encoded may have ended up in any part.
absl::StatusOr<std::string> PostgresConnectionString(absl::string_view url,
                                                     absl::Duration connect_timeout);

}  // namespace ropewalk
