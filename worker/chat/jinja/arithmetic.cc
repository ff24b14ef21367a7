#include "worker/chat/jinja/arithmetic.h"

#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/percent_format.h"
#include "worker/chat/jinja/text.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;
using Op = Binary::Op;

absl::string_view Symbol(Op op) {
  static constexpr absl::string_view kSymbols[] = {"+", "-", "*", "/", "//", "%", "**"};
  return kSymbols[static_cast<int>(op)];
}

absl::Status NotFor(Op op, const Value& a, const Value& b) {
  for (const Value& value : {a, b}) {
    if (value.is(Kind::kUndefined)) {
      return absl::InvalidArgumentError(absl::StrCat("'", value.text(), "' is undefined"));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", Symbol(op), "' cannot take a ", TypeName(a), " and a ", TypeName(b)));
}

absl::Status Overflow() {
  return absl::InvalidArgumentError("an integer needs more than 64 bits, which is not supported");
}

absl::Status DivisionByZero() { return absl::InvalidArgumentError("division by zero"); }

absl::StatusOr<Value> PowerOfInts(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return DivisionByZero();
    return Value::Float(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return Overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return Overflow();
  }
  return Value::Int(result);
}

absl::StatusOr<Value> OfInts(Op op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case Op::kAdd:
      return __builtin_add_overflow(a, b, &result) ? absl::StatusOr<Value>(Overflow())
                                                   : Value::Int(result);
    case Op::kSub:
      return __builtin_sub_overflow(a, b, &result) ? absl::StatusOr<Value>(Overflow())
                                                   : Value::Int(result);
    case Op::kMul:
      return __builtin_mul_overflow(a, b, &result) ? absl::StatusOr<Value>(Overflow())
                                                   : Value::Int(result);
    case Op::kPow:
      return PowerOfInts(a, b);
    default:
      break;
  }
  if (b == 0) return DivisionByZero();
  if (op == Op::kDiv) return Value::Float(static_cast<double>(a) / static_cast<double>(b));
  if (b == -1) {
    if (op == Op::kMod) return Value::Int(0);
    return a == std::numeric_limits<int64_t>::min() ? absl::StatusOr<Value>(Overflow())
                                                    : Value::Int(-a);
  }
  const bool down = a % b != 0 && (a < 0) != (b < 0);
  return Value::Int(op == Op::kMod ? a % b + (down ? b : 0) : a / b - down);
}

absl::StatusOr<Value> OfFloats(Op op, double a, double b) {
  switch (op) {
    case Op::kAdd:
      return Value::Float(a + b);
    case Op::kSub:
      return Value::Float(a - b);
    case Op::kMul:
      return Value::Float(a * b);
    case Op::kPow: {
      if (a == 0 && b < 0) return DivisionByZero();
      const double power = std::pow(a, b);
      if (std::isnan(power) && !std::isnan(a) && !std::isnan(b)) {
        return absl::InvalidArgumentError("the power is a complex number, which is not supported");
      }
      if (std::isinf(power) && !std::isinf(a) && !std::isinf(b)) {
        return absl::InvalidArgumentError("a power is too large");
      }
      return Value::Float(power);
    }
    default:
      break;
  }
  if (b == 0) return DivisionByZero();
  if (op == Op::kDiv) return Value::Float(a / b);
  // As CPython's float_divmod.
  double rest = std::fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest == 0) {
    rest = std::copysign(0.0, b);
  } else if ((b < 0) != (rest < 0)) {
    rest += b;
    quotient -= 1;
  }
  if (op == Op::kMod) return Value::Float(rest);
  if (quotient == 0) return Value::Float(std::copysign(0.0, a / b));
  const double down = std::floor(quotient);
  return Value::Float(quotient - down > 0.5 ? down + 1 : down);
}

absl::StatusOr<Value> AddTexts(Runtime& runtime, const Value& a, const Value& b) {
  RETURN_IF_ERROR(runtime.budget.Fits(1, a.text().size() + b.text().size()));
  if (!a.is_markup() && !b.is_markup()) {
    return runtime.heap.String(absl::StrCat(a.text(), b.text()));
  }
  const auto safe = [](const Value& v) {
    return v.is_markup() ? std::string(v.text()) : Escape(v.text());
  };
  ASSIGN_OR_RETURN(const Value sum, runtime.heap.String(absl::StrCat(safe(a), safe(b))));
  return Value::Markup(sum.text());
}

absl::StatusOr<Value> AddLists(Runtime& runtime, const Value& a, const Value& b) {
  std::vector<Value> items = a.sequence().items;
  RETURN_IF_ERROR(runtime.budget.Fits(items.size() + b.sequence().items.size(), sizeof(Value)));
  items.insert(items.end(), b.sequence().items.begin(), b.sequence().items.end());
  return runtime.heap.Items(a.kind(), {std::move(items), {}});
}

absl::StatusOr<Value> Repeat(Runtime& runtime, const Value& value, int64_t times) {
  const size_t count = times < 0 ? 0 : static_cast<size_t>(times);
  if (value.is_string()) {
    RETURN_IF_ERROR(runtime.budget.Fits(count, value.text().size()));
    std::string text;
    if (value.text().empty()) return value;
    text.reserve(count * value.text().size());
    for (size_t i = 0; i < count; ++i) absl::StrAppend(&text, value.text());
    return runtime.heap.String(std::move(text));
  }
  const std::vector<Value>& once = value.sequence().items;
  RETURN_IF_ERROR(runtime.budget.Fits(count, once.size() * sizeof(Value)));
  std::vector<Value> items;
  if (!once.empty()) {
    for (size_t i = 0; i < count; ++i) items.insert(items.end(), once.begin(), once.end());
  }
  return runtime.heap.Items(value.kind(), {std::move(items), {}});
}

bool CanRepeat(const Value& value) {
  return value.is_string() || value.is(Kind::kList) || value.is(Kind::kTuple);
}

}  // namespace

absl::StatusOr<Value> Arithmetic(Runtime& runtime, Op op, const Value& a, const Value& b) {
  if (a.is_integral() && b.is_integral()) return OfInts(op, a.integer(), b.integer());
  if (a.is_number() && b.is_number()) return OfFloats(op, a.number(), b.number());
  if (op == Op::kAdd && a.kind() == b.kind()) {
    if (a.is_string()) return AddTexts(runtime, a, b);
    if (a.is(Kind::kList) || a.is(Kind::kTuple)) return AddLists(runtime, a, b);
  }
  if (op == Op::kMul && CanRepeat(a) && b.is_integral()) return Repeat(runtime, a, b.integer());
  if (op == Op::kMul && CanRepeat(b) && a.is_integral()) return Repeat(runtime, b, a.integer());
  if (op == Op::kMod && a.is_string()) return PercentFormat(runtime, a.text(), b);
  return NotFor(op, a, b);
}

absl::StatusOr<Value> Negative(const Value& value) {
  if (value.is(Kind::kFloat)) return Value::Float(-value.number());
  if (value.is_integral()) return OfInts(Op::kSub, 0, value.integer());
  return absl::InvalidArgumentError(absl::StrCat("a ", TypeName(value), " has no negative"));
}

absl::StatusOr<Value> Positive(const Value& value) {
  if (value.is(Kind::kFloat)) return value;
  if (value.is_integral()) return Value::Int(value.integer());
  return absl::InvalidArgumentError(absl::StrCat("'+' cannot take a ", TypeName(value)));
}

}  // namespace ropewalk::jinja
