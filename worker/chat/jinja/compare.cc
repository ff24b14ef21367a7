#include "worker/chat/jinja/compare.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/iterate.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

absl::Status Visit(Runtime& runtime, int depth) {
  if (depth > kMaxValueDepth) {
    return absl::InvalidArgumentError("values are nested too deeply to be compared");
  }
  return runtime.budget.Step();
}

absl::StatusOr<bool> SameItems(Runtime& runtime, const Sequence& a, const Sequence& b, int depth) {
  if (a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, a.items[i], b.items[i], depth + 1));
    if (!same) return false;
  }
  return true;
}

absl::StatusOr<bool> SameEntries(Runtime& runtime, const Dict& a, const Dict& b, int depth) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    RETURN_IF_ERROR(runtime.budget.Step(key.is_string() ? 1 : b.entries.size()));
    const Value* const other = b.Find(key);
    if (other == nullptr) return false;
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, value, *other, depth + 1));
    if (!same) return false;
  }
  return true;
}

absl::StatusOr<bool> LessItems(Runtime& runtime, const Sequence& a, const Sequence& b, int depth) {
  for (size_t i = 0; i < a.items.size() && i < b.items.size(); ++i) {
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, a.items[i], b.items[i], depth + 1));
    if (!same) return Less(runtime, a.items[i], b.items[i], depth + 1);
  }
  return a.items.size() < b.items.size();
}

bool SameNumber(const Value& a, const Value& b) {
  if (a.is_integral() && b.is_integral()) return a.integer() == b.integer();
  return a.number() == b.number();
}

}  // namespace

absl::StatusOr<bool> Equal(Runtime& runtime, const Value& a, const Value& b, int depth) {
  RETURN_IF_ERROR(Visit(runtime, depth));
  if (a.is_number() && b.is_number()) return SameNumber(a, b);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kAbsent:
    case Kind::kUndefined:
    case Kind::kNone:
      return true;
    case Kind::kString:
      if (a.text().size() != b.text().size()) return false;
      RETURN_IF_ERROR(runtime.budget.Scan(a.text().size()));
      return a.text() == b.text();
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kRange:
      return SameItems(runtime, a.sequence(), b.sequence(), depth);
    case Kind::kDict:
      return SameEntries(runtime, a.dict(), b.dict(), depth);
    default:
      return a.identity() == b.identity();
  }
}

absl::StatusOr<bool> Less(Runtime& runtime, const Value& a, const Value& b, int depth) {
  RETURN_IF_ERROR(Visit(runtime, depth));
  if (a.is_integral() && b.is_integral()) return a.integer() < b.integer();
  if (a.is_number() && b.is_number()) return a.number() < b.number();
  if (a.is_string() && b.is_string()) {
    RETURN_IF_ERROR(runtime.budget.Scan(a.text().size()));
    return a.text() < b.text();  // UTF-8 has the order of code points
  }
  if (a.kind() == b.kind() && (a.is(Kind::kList) || a.is(Kind::kTuple))) {
    return LessItems(runtime, a.sequence(), b.sequence(), depth);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a ", TypeName(a), " and a ", TypeName(b), " have no order"));
}

absl::StatusOr<bool> LessOrEqual(Runtime& runtime, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number() && !(a.is_integral() && b.is_integral())) {
    return a.number() <= b.number();  // false of what is not a number
  }
  ASSIGN_OR_RETURN(const bool greater, Less(runtime, b, a));
  return !greater;
}

absl::StatusOr<bool> Contains(Runtime& runtime, const Value& container, const Value& item) {
  if (container.is_string()) {
    if (!item.is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat("'in' a string looks for a string, not for a ", TypeName(item)));
    }
    const absl::string_view text = container.text();
    RETURN_IF_ERROR(runtime.budget.Scan(text.size() + item.text().size()));
    return memmem(text.data(), text.size(), item.text().data(), item.text().size()) != nullptr;
  }
  if (container.is(Kind::kDict)) {
    RETURN_IF_ERROR(CheckHashable(item));
    RETURN_IF_ERROR(runtime.budget.Step(item.is_string() ? 1 : container.dict().entries.size()));
    return container.dict().Find(item) != nullptr;
  }
  ASSIGN_OR_RETURN(const std::vector<Value> items, Iterate(runtime, container));
  for (const Value& candidate : items) {
    ASSIGN_OR_RETURN(const bool same, Equal(runtime, candidate, item));
    if (same) return true;
  }
  return false;
}

}  // namespace ropewalk::jinja
