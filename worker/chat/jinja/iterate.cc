#include "worker/chat/jinja/iterate.h"

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Kind = Value::Kind;

std::vector<Value> CharactersOf(absl::string_view text) {
  std::vector<Value> characters;
  characters.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t begin = at;
    NextCharacter(text, &at);
    characters.push_back(Value::String(text.substr(begin, at - begin)));
  }
  return characters;
}

std::vector<Value> KeysOf(const Dict& dict) {
  std::vector<Value> keys;
  keys.reserve(dict.entries.size());
  for (const auto& [key, value] : dict.entries) keys.push_back(key);
  return keys;
}

std::vector<Value> RestOf(Generator* generator, absl::Status* failure) {
  std::vector<Value> rest(generator->items.begin() + generator->next, generator->items.end());
  generator->next = generator->items.size();
  *failure = std::move(generator->failure);
  generator->failure = absl::OkStatus();
  return rest;
}

}  // namespace

absl::StatusOr<std::vector<Value>> Iterate(Runtime& runtime, const Value& value,
                                           absl::Status* failure) {
  const auto pay = [&](size_t items) -> absl::Status {
    RETURN_IF_ERROR(runtime.budget.Step(1 + static_cast<int64_t>(items / 16)));
    return runtime.budget.Fits(items, sizeof(Value));
  };
  switch (value.kind()) {
    case Kind::kUndefined:
      return std::vector<Value>();
    case Kind::kString:
      RETURN_IF_ERROR(pay(value.text().size()));
      return CharactersOf(value.text());
    case Kind::kList:
    case Kind::kTuple:
    case Kind::kRange:
    case Kind::kView:
      RETURN_IF_ERROR(pay(value.sequence().items.size()));
      return value.sequence().items;
    case Kind::kDict:
      RETURN_IF_ERROR(pay(value.dict().entries.size()));
      return KeysOf(value.dict());
    case Kind::kGenerator:
      RETURN_IF_ERROR(pay(value.generator()->items.size()));
      return RestOf(value.generator(), failure);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("a ", TypeName(value), " cannot be gone through"));
  }
}

absl::StatusOr<std::vector<Value>> Iterate(Runtime& runtime, const Value& value) {
  absl::Status failure;
  ASSIGN_OR_RETURN(std::vector<Value> items, Iterate(runtime, value, &failure));
  RETURN_IF_ERROR(failure);
  return items;
}

bool IsIterable(const Value& value) {
  return value.is(Kind::kUndefined) || value.is_string() || value.is_sequence() ||
         value.is(Kind::kDict) || value.is(Kind::kGenerator) || value.is(Kind::kLoop);
}

absl::StatusOr<int64_t> Length(Runtime& runtime, const Value& value) {
  if (value.is(Kind::kUndefined)) return 0;
  if (value.is_string()) {
    RETURN_IF_ERROR(runtime.budget.Scan(value.text().size()));
    return static_cast<int64_t>(CharacterCount(value.text()));
  }
  if (value.is_sequence()) return static_cast<int64_t>(value.sequence().items.size());
  if (value.is(Kind::kDict)) return static_cast<int64_t>(value.dict().entries.size());
  return absl::InvalidArgumentError(absl::StrCat("a ", TypeName(value), " has no length"));
}

absl::Status CheckHashable(const Value& value, int depth) {
  if (value.is(Kind::kTuple) && depth < kMaxValueDepth) {
    for (const Value& item : value.sequence().items) {
      RETURN_IF_ERROR(CheckHashable(item, depth + 1));
    }
    return absl::OkStatus();
  }
  if (value.is_sequence() || value.is(Kind::kDict)) {
    return absl::InvalidArgumentError(absl::StrCat("a ", TypeName(value), " cannot be a key"));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk::jinja
