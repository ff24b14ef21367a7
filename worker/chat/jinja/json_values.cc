#include "worker/chat/jinja/json_values.h"

#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/chat/jinja/unicode.h"

namespace ropewalk::jinja {
namespace {

using Json = nlohmann::ordered_json;

absl::StatusOr<Value> TextValue(absl::string_view text) {
  if (!IsUtf8(text)) return absl::InvalidArgumentError("a text of the chat is not valid UTF-8");
  return Value::String(text);
}

absl::StatusOr<Value> ListValue(Runtime& runtime, const Json& json, int depth) {
  std::vector<Value> items;
  items.reserve(json.size());
  for (const Json& item : json) {
    ASSIGN_OR_RETURN(items.emplace_back(), FromJson(runtime, item, depth + 1));
  }
  return runtime.heap.List(std::move(items));
}

absl::StatusOr<Value> DictValue(Runtime& runtime, const Json& json, int depth) {
  Dict dict;
  for (auto entry = json.begin(); entry != json.end(); ++entry) {
    ASSIGN_OR_RETURN(const Value key, TextValue(entry.key()));
    ASSIGN_OR_RETURN(const Value value, FromJson(runtime, entry.value(), depth + 1));
    dict.Insert(key, value);
  }
  return runtime.heap.Make(std::move(dict));
}

}  // namespace

absl::StatusOr<Value> FromJson(Runtime& runtime, const Json& json, int depth) {
  if (depth > kMaxValueDepth / 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("the chat's JSON is nested more than ", kMaxValueDepth / 2, " deep"));
  }
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::Bool(json.get<bool>());
    case Json::value_t::number_unsigned:
      if (json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
        return absl::InvalidArgumentError("an integer of the chat needs more than 64 bits");
      }
      return Value::Int(json.get<int64_t>());
    case Json::value_t::number_integer:
      return Value::Int(json.get<int64_t>());
    case Json::value_t::number_float:
      return Value::Float(json.get<double>());
    case Json::value_t::string:
      return TextValue(json.get_ref<const std::string&>());
    case Json::value_t::array:
      return ListValue(runtime, json, depth);
    case Json::value_t::object:
      return DictValue(runtime, json, depth);
    default:
      return Value::None();
  }
}

absl::StatusOr<absl::string_view> KeepText(Runtime& runtime, absl::string_view text) {
  if (!IsUtf8(text)) return absl::InvalidArgumentError("a variable's name is not valid UTF-8");
  ASSIGN_OR_RETURN(const Value kept, runtime.heap.String(std::string(text)));
  return kept.text();
}

}  // namespace ropewalk::jinja
