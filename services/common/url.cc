#include "services/common/url.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace ropewalk {
namespace {

bool IsUnreserved(char c) {
  return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> PercentDecode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || !absl::ascii_isxdigit(digits[0]) || !absl::ascii_isxdigit(digits[1])) {
      return std::nullopt;
    }
    decoded += absl::HexStringToBytes(digits);
    i += 2;
  }
  if (decoded.find('\0') != std::string::npos) return std::nullopt;
  return decoded;
}

std::string PercentEncode(absl::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded.push_back(c);
    } else {
      absl::StrAppend(&encoded, "%",
                      absl::AsciiStrToUpper(absl::BytesToHexString(absl::string_view(&c, 1))));
    }
  }
  return encoded;
}

QueryFields ParseQuery(absl::string_view query) {
  QueryFields fields;
  for (const absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> field =
        absl::StrSplit(absl::StrReplaceAll(part, {{"+", "%20"}}), absl::MaxSplits('=', 1));
    std::optional<std::string> name = PercentDecode(field.first);
    std::optional<std::string> value = PercentDecode(field.second);
    if (name.has_value() && value.has_value()) fields.emplace_back(*name, *value);
  }
  return fields;
}

std::string FieldOf(const QueryFields& fields, absl::string_view name) {
  std::string value;
  for (const auto& field : fields) {
    if (field.first == name) value = field.second;
  }
  return value;
}

std::vector<std::string> FieldsOf(const QueryFields& fields, absl::string_view name) {
  std::vector<std::string> values;
  for (const auto& field : fields) {
    if (field.first == name) values.push_back(field.second);
  }
  return values;
}

std::string FormatQuery(const QueryFields& fields) {
  return absl::StrJoin(fields, "&", [](std::string* out, const auto& field) {
    absl::StrAppend(out, PercentEncode(field.first), "=", PercentEncode(field.second));
  });
}

}  // namespace ropewalk
