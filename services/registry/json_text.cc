#include "services/registry/json_text.h"

namespace ropewalk {
namespace {

constexpr int kMostLevels = 100;

// Of brackets outside of strings.
bool IsTooDeep(absl::string_view text) {
  int levels = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') ++i;
    if (c == '"') in_string = !in_string;
    if (in_string) continue;
    if (c == '{' || c == '[') ++levels;
    if (c == '}' || c == ']') --levels;
    if (levels > kMostLevels) return true;
  }
  return false;
}

}  // namespace

nlohmann::json ParseJson(absl::string_view text) {
  if (IsTooDeep(text)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
}

}  // namespace ropewalk
