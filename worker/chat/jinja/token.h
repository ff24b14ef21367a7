#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace ropewalk::jinja {

// A piece of a template.
struct Token {
  enum class Kind : uint8_t {
    kText,           // outside of tags
    kVariableBegin,  // {{
    kVariableEnd,
    kBlockBegin,  // {%
    kBlockEnd,
    kName,
    kString,  // `text` is what it stands for, escapes undone
    kInteger,
    kFloat,
    kOperator,  // `text` says which
    kEnd,
  };

  Kind kind = Kind::kEnd;
  int line = 0;  // from 1
  absl::string_view text;
  int64_t integer = 0;
  double number = 0;

  bool IsName(absl::string_view name) const { return kind == Kind::kName && text == name; }
  bool IsOperator(absl::string_view name) const { return kind == Kind::kOperator && text == name; }
};

}  // namespace ropewalk::jinja
