#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk {

// Percent-encoding and query strings of URLs (RFC 3986, and '+' for a space in queries). Pure.

// Nothing if a '%' is not followed by two hex digits, or a byte is 0.
std::optional<std::string> PercentDecode(absl::string_view text);

// Everything but letters, digits and "-._~" is encoded.
std::string PercentEncode(absl::string_view text);

// The fields of "a=1&b=2" in their order, decoded; fields that cannot be decoded are left out.
using QueryFields = std::vector<std::pair<std::string, std::string>>;
QueryFields ParseQuery(absl::string_view query);

// The last field of this name; empty if there is none.
std::string FieldOf(const QueryFields& fields, absl::string_view name);

// All fields of this name.
std::vector<std::string> FieldsOf(const QueryFields& fields, absl::string_view name);

// "a=1&b=2".
std::string FormatQuery(const QueryFields& fields);

}  // namespace ropewalk
