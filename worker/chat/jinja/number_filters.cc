// Filters that make numbers.

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/arithmetic.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/text.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;
using Text = absl::string_view;

Text Stripped(Text text) { return StripEnd(StripStart(text)); }

// Python takes single underscores between digits.
bool WithoutUnderscores(Text text, std::string* out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      *out += text[i];
      continue;
    }
    const bool between = i > 0 && i + 1 < text.size() && absl::ascii_isalnum(text[i - 1]) &&
                         absl::ascii_isalnum(text[i + 1]);
    if (!between) return false;
  }
  return true;
}

// Python's float(text).
bool ParseFloat(Text text, double* value) {
  std::string digits;
  if (!WithoutUnderscores(Stripped(text), &digits)) return false;
  // SimpleAtod takes hexadecimal digits and nan(...), Python does not.
  if (digits.find_first_of("xX(") != digits.npos) return false;
  return absl::SimpleAtod(digits, value);
}

// Python's int(text, base).
absl::StatusOr<bool> ParseInt(Text text, int64_t base, int64_t* value) {
  std::string digits;
  if (!WithoutUnderscores(Stripped(text), &digits)) return false;
  const bool negative = absl::StartsWith(digits, "-");
  if (negative || absl::StartsWith(digits, "+")) digits.erase(0, 1);
  const char letter = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : '\0';
  if (letter != '\0' && digits.size() > 2 && digits[0] == '0' && (digits[1] | 0x20) == letter) {
    digits.erase(0, 2);
  }
  if (digits.empty() || digits[0] == '-') return false;
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, *value, static_cast<int>(base));
  if (result.ptr != end) return false;
  if (result.ec == std::errc::result_out_of_range) {
    return absl::InvalidArgumentError("an integer needs more than 64 bits, which is not supported");
  }
  if (negative) *value = -*value;
  return result.ec == std::errc();
}

absl::StatusOr<Value> Truncated(double value, const Value& otherwise) {
  if (!std::isfinite(value)) return otherwise;
  if (std::fabs(value) < 9e18) return Value::Int(static_cast<int64_t>(value));
  return absl::InvalidArgumentError("an integer needs more than 64 bits, which is not supported");
}

absl::Status IfUndefined(const Value& value) {
  if (!value.is(Kind::kUndefined)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("'%s' is undefined", value.text()));
}

absl::StatusOr<Value> Int(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("int", arguments, {"default", "base"}));
  RETURN_IF_ERROR(IfUndefined(self));
  const Value otherwise = a[0].is_absent() ? Value::Int(0) : a[0];
  ASSIGN_OR_RETURN(const int64_t base, IntOr("int", a[1], 10));
  if (base < 2 || base > 36) return otherwise;
  if (self.is_integral()) return Value::Int(self.integer());
  if (self.is(Kind::kFloat)) return Truncated(self.number(), otherwise);
  if (!self.is_string()) return otherwise;
  int64_t integer = 0;
  ASSIGN_OR_RETURN(const bool parsed, ParseInt(self.text(), base, &integer));
  if (parsed) return Value::Int(integer);
  double number = 0;
  if (!ParseFloat(self.text(), &number)) return otherwise;
  return Truncated(number, otherwise);
}

absl::StatusOr<Value> Float(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("float", arguments, {"default"}));
  RETURN_IF_ERROR(IfUndefined(self));
  if (self.is_number()) return Value::Float(self.number());
  double number = 0;
  if (self.is_string() && ParseFloat(self.text(), &number)) return Value::Float(number);
  return a[0].is_absent() ? Value::Float(0) : a[0];
}

absl::StatusOr<Value> Abs(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("abs", arguments, {}).status());
  if (self.is(Kind::kFloat)) return Value::Float(std::fabs(self.number()));
  ASSIGN_OR_RETURN(const int64_t integer, IntOf("abs", self));
  return integer < 0 ? Negative(self) : Positive(self);
}

// Python's round(): to the even one of two that are equally near, of the exact binary value.
absl::StatusOr<Value> RoundCommon(const Value& value, int64_t precision) {
  if (value.is_integral()) {
    if (precision >= 0) return Positive(value);
    return absl::InvalidArgumentError("'round' of an integer takes no negative precision");
  }
  const double number = value.number();
  if (!std::isfinite(number) || precision > 320) return value;
  if (precision < 0) {
    return absl::InvalidArgumentError("'round' takes no negative precision");
  }
  double rounded = 0;
  (void)absl::SimpleAtod(absl::StrFormat("%.*f", static_cast<int>(precision), number), &rounded);
  return Value::Float(rounded);
}

absl::StatusOr<Value> Round(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("round", arguments, {"precision", "method"}));
  ASSIGN_OR_RETURN(const int64_t precision, IntOr("round", a[0], 0));
  Text method = "common";
  if (!a[1].is_absent()) {
    ASSIGN_OR_RETURN(method, TextOf("round", a[1]));
  }
  if (!self.is_number()) return absl::InvalidArgumentError("'round' takes a number");
  if (method == "common") return RoundCommon(self, precision);
  if ((method != "ceil" && method != "floor") || precision < -18 || precision > 18) {
    return absl::InvalidArgumentError("'round' takes the methods common, ceil and floor");
  }
  ASSIGN_OR_RETURN(const Value scale,
                   Arithmetic(runtime, Binary::Op::kPow, Value::Int(10), Value::Int(precision)));
  ASSIGN_OR_RETURN(const Value scaled, Arithmetic(runtime, Binary::Op::kMul, self, scale));
  const double whole = method == "ceil" ? std::ceil(scaled.number()) : std::floor(scaled.number());
  return Arithmetic(runtime, Binary::Op::kDiv, Value::Float(whole), scale);
}

}  // namespace

const NativeTable& NumberFilters() {
  static const auto* const filters =
      new NativeTable{{"int", Int}, {"float", Float}, {"abs", Abs}, {"round", Round}};
  return *filters;
}

}  // namespace ropewalk::jinja
