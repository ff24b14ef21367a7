#pragma once

#include <exception>

#include "absl/status/status.h"

namespace ropewalk {

// What an exception of libpqxx means; its text is PostgreSQL's own. Pure.
//
// UNAVAILABLE: the server cannot be reached or is starting, stopping or read-only, something took
// too long, or transactions were in each other's way: trying again may help. RESOURCE_EXHAUSTED:
// its disk or memory is full. PERMISSION_DENIED: the user may not do it. INVALID_ARGUMENT: a value
// that no column can hold. ALREADY_EXISTS: a key that is taken. DATA_LOSS: the database is damaged.
// INTERNAL: anything else.
absl::Status StatusOf(const std::exception& error);

// Whether the exception says that the server refused a statement, and so has done nothing of it.
bool IsRefusal(const std::exception& error);

}  // namespace ropewalk
