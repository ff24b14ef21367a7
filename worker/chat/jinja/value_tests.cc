#include "worker/chat/jinja/value_tests.h"

#include "services/common/status_macros.h"
#include "worker/chat/jinja/arguments.h"
#include "worker/chat/jinja/arithmetic.h"
#include "worker/chat/jinja/compare.h"
#include "worker/chat/jinja/filters.h"
#include "worker/chat/jinja/iterate.h"
#include "worker/chat/jinja/runtime.h"
#include "worker/chat/jinja/text.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

bool IsDefined(const Value& v) { return !v.is(Kind::kUndefined); }
bool IsUndefined(const Value& v) { return v.is(Kind::kUndefined); }
bool IsNone(const Value& v) { return v.is(Kind::kNone); }
bool IsString(const Value& v) { return v.is_string(); }
bool IsNumber(const Value& v) { return v.is_number(); }
bool IsInteger(const Value& v) { return v.is(Kind::kInt); }
bool IsFloat(const Value& v) { return v.is(Kind::kFloat); }
bool IsBoolean(const Value& v) { return v.is(Kind::kBool); }
bool IsTrue(const Value& v) { return v.is(Kind::kBool) && v.boolean(); }
bool IsFalse(const Value& v) { return v.is(Kind::kBool) && !v.boolean(); }
bool IsMapping(const Value& v) { return v.is(Kind::kDict); }
bool IsEscaped(const Value& v) { return v.is_markup(); }

// Has a length and subscripts: Python's dicts do, and Jinja's undefined too.
bool IsSequence(const Value& v) {
  return v.is_string() || v.is(Kind::kList) || v.is(Kind::kTuple) || v.is(Kind::kRange) ||
         v.is(Kind::kDict) || v.is(Kind::kUndefined);
}

bool IsCallable(const Value& v) {
  return v.is(Kind::kCallable) || v.is(Kind::kUndefined) || v.is(Kind::kLoop);
}

template <bool (*kIs)(const Value&)>
absl::StatusOr<Value> Is(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("a test without arguments", arguments, {}).status());
  return Value::Bool(kIs(self));
}

absl::StatusOr<Value> IsLower(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  return Value::Bool(Lower(text.text()) == text.text() && Upper(text.text()) != text.text());
}

absl::StatusOr<Value> IsUpper(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const Value text, Str(runtime, self));
  return Value::Bool(Upper(text.text()) == text.text() && Lower(text.text()) != text.text());
}

absl::StatusOr<Value> HasRemainder(Runtime& runtime, const Value& value, const Value& divisor,
                                   int64_t wanted) {
  ASSIGN_OR_RETURN(const Value rest, Arithmetic(runtime, Binary::Op::kMod, value, divisor));
  ASSIGN_OR_RETURN(const bool same, Equal(runtime, rest, Value::Int(wanted)));
  return Value::Bool(same);
}

template <int kRemainder>
absl::StatusOr<Value> IsOddOrEven(Runtime& runtime, const Value& self, const Arguments& arguments) {
  RETURN_IF_ERROR(Bind("odd", arguments, {}).status());
  return HasRemainder(runtime, self, Value::Int(2), kRemainder);
}

absl::StatusOr<Value> IsDivisibleBy(Runtime& runtime, const Value& self,
                                    const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("divisibleby", arguments, {"num"}, 1));
  return HasRemainder(runtime, self, a[0], 0);
}

absl::StatusOr<Value> IsSameAs(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("sameas", arguments, {"other"}, 1));
  if (a[0].kind() != self.kind()) return Value::Bool(false);
  if (self.is_number() || self.is(Kind::kNone)) {
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, self, a[0]));
    return Value::Bool(same);
  }
  if (self.is_string()) return Value::Bool(self.text() == a[0].text());
  return Value::Bool(self.identity() == a[0].identity());
}

absl::StatusOr<bool> Not(absl::StatusOr<bool> result) {
  if (result.ok()) return !*result;
  return result;
}

absl::StatusOr<bool> Differs(Runtime& r, const Value& a, const Value& b) {
  return Not(Equal(r, a, b, 0));
}
absl::StatusOr<bool> Same(Runtime& r, const Value& a, const Value& b) { return Equal(r, a, b, 0); }
absl::StatusOr<bool> Below(Runtime& r, const Value& a, const Value& b) { return Less(r, a, b, 0); }
absl::StatusOr<bool> Above(Runtime& r, const Value& a, const Value& b) { return Less(r, b, a, 0); }
absl::StatusOr<bool> AtMost(Runtime& r, const Value& a, const Value& b) {
  return LessOrEqual(r, a, b);
}
absl::StatusOr<bool> AtLeast(Runtime& r, const Value& a, const Value& b) {
  return LessOrEqual(r, b, a);
}
absl::StatusOr<bool> In(Runtime& r, const Value& a, const Value& b) { return Contains(r, b, a); }

template <absl::StatusOr<bool> (*kCompare)(Runtime&, const Value&, const Value&)>
absl::StatusOr<Value> Compares(Runtime& runtime, const Value& self, const Arguments& arguments) {
  ASSIGN_OR_RETURN(const std::vector<Value> a, Bind("a comparing test", arguments, {"other"}, 1));
  ASSIGN_OR_RETURN(const bool holds, kCompare(runtime, self, a[0]));
  return Value::Bool(holds);
}

const NativeTable& Tests() {
  static const auto* const tests = new NativeTable{
      {"defined", Is<IsDefined>},
      {"undefined", Is<IsUndefined>},
      {"none", Is<IsNone>},
      {"string", Is<IsString>},
      {"number", Is<IsNumber>},
      {"integer", Is<IsInteger>},
      {"float", Is<IsFloat>},
      {"boolean", Is<IsBoolean>},
      {"true", Is<IsTrue>},
      {"false", Is<IsFalse>},
      {"mapping", Is<IsMapping>},
      {"iterable", Is<IsIterable>},
      {"sequence", Is<IsSequence>},
      {"callable", Is<IsCallable>},
      {"escaped", Is<IsEscaped>},
      {"lower", IsLower},
      {"upper", IsUpper},
      {"odd", IsOddOrEven<1>},
      {"even", IsOddOrEven<0>},
      {"divisibleby", IsDivisibleBy},
      {"sameas", IsSameAs},
      {"in", Compares<In>},
      {"==", Compares<Same>},
      {"eq", Compares<Same>},
      {"equalto", Compares<Same>},
      {"!=", Compares<Differs>},
      {"ne", Compares<Differs>},
      {"<", Compares<Below>},
      {"lt", Compares<Below>},
      {"lessthan", Compares<Below>},
      {">", Compares<Above>},
      {"gt", Compares<Above>},
      {"greaterthan", Compares<Above>},
      {"<=", Compares<AtMost>},
      {"le", Compares<AtMost>},
      {">=", Compares<AtLeast>},
      {"ge", Compares<AtLeast>},
  };
  return *tests;
}

}  // namespace

Native FindTest(absl::string_view name) {
  const auto found = Tests().find(name);
  return found == Tests().end() ? nullptr : found->second;
}

std::string TestNames() { return NamesOf(Tests()); }

}  // namespace ropewalk::jinja
