#include "worker/chat/jinja/attributes.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/methods.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

absl::Status UndefinedHasNothing(const Value& object, absl::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("'", object.text(), "' is undefined, so it has no '", name, "'"));
}

// A method or attribute; absent if the value has none of that name.
absl::StatusOr<Value> OwnAttribute(Runtime& runtime, const Value& object, absl::string_view name) {
  if (object.is(Kind::kNamespace)) {
    const auto found = object.names()->values.find(name);
    return found == object.names()->values.end() ? Value::Absent() : found->second;
  }
  if (object.is(Kind::kCallable) && object.callable().macro != nullptr && name == "name") {
    return Value::String(object.callable().name);
  }
  ASSIGN_OR_RETURN(const Method method, FindMethod(object, name));
  if (method.exists && method.function == nullptr) return Value::Undefined(name);
  if (!method.exists) return Value::Absent();
  return runtime.heap.Make(Callable{name, method.function, object});
}

// list[index], tuple[index], ...; absent if there is none.
Value ItemAt(const Value& object, int64_t index) {
  const std::vector<Value>& items = object.sequence().items;
  const auto count = static_cast<int64_t>(items.size());
  if (index < 0) index += count;
  return index < 0 || index >= count ? Value::Absent() : items[index];
}

absl::StatusOr<Value> CharacterAt(Runtime& runtime, absl::string_view text, int64_t index) {
  RETURN_IF_ERROR(runtime.budget.Scan(text.size()));
  const std::vector<size_t> offsets = CharacterOffsets(text);
  const auto count = static_cast<int64_t>(offsets.size()) - 1;
  if (index < 0) index += count;
  if (index < 0 || index >= count) return Value::Absent();
  return Value::String(text.substr(offsets[index], offsets[index + 1] - offsets[index]));
}

absl::StatusOr<Value> OwnItem(Runtime& runtime, const Value& object, const Value& key) {
  if (object.is(Kind::kDict)) {
    RETURN_IF_ERROR(runtime.budget.Step(key.is_string() ? 1 : object.dict().entries.size()));
    const Value* const found = object.dict().Find(key);
    return found == nullptr ? Value::Absent() : *found;
  }
  if (!key.is_integral()) return Value::Absent();
  if (object.is_string()) return CharacterAt(runtime, object.text(), key.integer());
  if (object.is_sequence() && !object.is(Kind::kView)) return ItemAt(object, key.integer());
  return Value::Absent();
}

// Python's slice.indices(): where a slice of `count` items begins, ends and how it goes.
struct Range {
  int64_t begin, end, step;
};

absl::StatusOr<int64_t> Bound(const Value& value, int64_t otherwise) {
  if (value.is_absent() || value.is(Kind::kNone)) return otherwise;
  if (value.is_integral()) return value.integer();
  return absl::InvalidArgumentError(
      absl::StrCat("a slice's bounds are integers, not a ", TypeName(value)));
}

absl::StatusOr<Range> SliceRange(int64_t count, const Value& begin, const Value& end,
                                 const Value& step) {
  Range range;
  ASSIGN_OR_RETURN(range.step, Bound(step, 1));
  if (range.step == 0) return absl::InvalidArgumentError("a slice's step is zero");
  const int64_t lowest = range.step < 0 ? -1 : 0;
  const int64_t highest = range.step < 0 ? count - 1 : count;
  // `lowest` of a default end going down must not be counted from the end.
  const auto place = [&](const Value& value, int64_t otherwise) -> absl::StatusOr<int64_t> {
    if (value.is_absent() || value.is(Kind::kNone)) return otherwise;
    ASSIGN_OR_RETURN(int64_t at, Bound(value, 0));
    if (at < 0) at += count;
    return std::clamp(at, lowest, highest);
  };
  ASSIGN_OR_RETURN(range.begin, place(begin, range.step < 0 ? highest : lowest));
  ASSIGN_OR_RETURN(range.end, place(end, range.step < 0 ? lowest : highest));
  return range;
}

// Calls `visit` with the index of each item of the slice.
template <typename Visit>
void ForEach(const Range& range, int64_t count, Visit visit) {
  if (range.step > count) {  // also so that nothing overflows
    if (range.begin < range.end) visit(range.begin);
  } else if (range.step > 0) {
    for (int64_t i = range.begin; i < range.end; i += range.step) visit(i);
  } else if (range.step < -count) {
    if (range.begin > range.end) visit(range.begin);
  } else {
    for (int64_t i = range.begin; i > range.end; i += range.step) visit(i);
  }
}

absl::StatusOr<Value> SliceText(Runtime& runtime, absl::string_view text, const Value& begin,
                                const Value& end, const Value& step) {
  RETURN_IF_ERROR(runtime.budget.Scan(text.size()));
  const std::vector<size_t> offsets = CharacterOffsets(text);
  const auto count = static_cast<int64_t>(offsets.size()) - 1;
  ASSIGN_OR_RETURN(const Range range, SliceRange(count, begin, end, step));
  if (range.step == 1) {
    const int64_t stop = std::max(range.begin, range.end);
    return Value::String(text.substr(offsets[range.begin], offsets[stop] - offsets[range.begin]));
  }
  std::string out;
  ForEach(range, count, [&](int64_t i) {
    absl::StrAppend(&out, text.substr(offsets[i], offsets[i + 1] - offsets[i]));
  });
  return runtime.heap.String(std::move(out));
}

}  // namespace

absl::StatusOr<Value> GetAttribute(Runtime& runtime, const Value& object, absl::string_view name) {
  if (object.is(Kind::kUndefined)) return UndefinedHasNothing(object, name);
  ASSIGN_OR_RETURN(const Value own, OwnAttribute(runtime, object, name));
  if (!own.is_absent()) return own;
  if (!object.is(Kind::kDict)) return Value::Undefined(name);
  const Value* const found = object.dict().Find(name);
  return found == nullptr ? Value::Undefined(name) : *found;
}

absl::StatusOr<Value> GetItem(Runtime& runtime, const Value& object, const Value& key) {
  const absl::string_view name = key.is_string() ? key.text() : "item";
  if (object.is(Kind::kUndefined)) return UndefinedHasNothing(object, name);
  ASSIGN_OR_RETURN(const Value item, OwnItem(runtime, object, key));
  if (!item.is_absent()) return item;
  if (!key.is_string()) return Value::Undefined(name);
  ASSIGN_OR_RETURN(const Value own, OwnAttribute(runtime, object, name));
  return own.is_absent() ? Value::Undefined(name) : own;
}

absl::StatusOr<Value> GetSlice(Runtime& runtime, const Value& object, const Value& begin,
                               const Value& end, const Value& step) {
  if (object.is(Kind::kUndefined)) return UndefinedHasNothing(object, "slice");
  if (object.is_string()) return SliceText(runtime, object.text(), begin, end, step);
  if (!object.is_sequence() || object.is(Kind::kView)) {
    return absl::InvalidArgumentError(
        absl::StrCat("slices of a ", TypeName(object), " are not supported"));
  }
  const std::vector<Value>& from = object.sequence().items;
  const auto count = static_cast<int64_t>(from.size());
  ASSIGN_OR_RETURN(const Range range, SliceRange(count, begin, end, step));
  std::vector<Value> items;
  ForEach(range, count, [&](int64_t i) { items.push_back(from[i]); });
  const Kind kind = object.is(Kind::kTuple) ? Kind::kTuple : Kind::kList;
  if (object.is(Kind::kRange)) {
    return absl::InvalidArgumentError("slices of a range are not supported; take its list first");
  }
  RETURN_IF_ERROR(runtime.budget.Step(items.size() / 16));
  return runtime.heap.Items(kind, {std::move(items), {}});
}

absl::StatusOr<Value> GetPath(Runtime& runtime, const Value& object, const Value& path,
                              const Value& otherwise) {
  Value value = object;
  const auto step = [&](const Value& key) -> absl::Status {
    ASSIGN_OR_RETURN(value, GetItem(runtime, value, key));
    const bool replace = !otherwise.is_absent() && !otherwise.is(Kind::kNone);
    if (replace && value.is(Kind::kUndefined)) value = otherwise;
    return absl::OkStatus();
  };
  if (path.is_absent() || path.is(Kind::kNone)) return value;
  if (!path.is_string()) {
    RETURN_IF_ERROR(step(path));
    return value;
  }
  for (const absl::string_view part : absl::StrSplit(path.text(), '.')) {
    int64_t index = 0;
    const bool digits = !part.empty() && std::all_of(part.begin(), part.end(), absl::ascii_isdigit);
    const bool is_index = digits && absl::SimpleAtoi(part, &index);
    RETURN_IF_ERROR(step(is_index ? Value::Int(index) : Value::String(part)));
  }
  return value;
}

}  // namespace ropewalk::jinja
