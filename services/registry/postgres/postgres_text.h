#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk {

// Values as PostgreSQL reads them from the text of a parameter. Pure.

// Whether a column of the type text can hold these bytes: UTF-8 without a zero byte.
bool IsPostgresText(absl::string_view bytes);

// bytea.
std::string PostgresBytes(absl::string_view bytes);

// double precision, every bit of it.
std::string PostgresDouble(double value);

// An array of items that are such texts themselves.
std::string PostgresArray(const std::vector<std::string>& items);

}  // namespace ropewalk
