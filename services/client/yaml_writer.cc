#include "services/client/yaml_writer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace ropewalk {
namespace {

using Tree = nlohmann::ordered_json;

// Words that YAML 1.1 or 1.2 takes for something other than a string.
bool IsReservedWord(const std::string& text) {
  constexpr std::array<absl::string_view, 9> kReserved = {"true", "false", "null", "yes", "no",
                                                          "on",   "off",   "y",    "n"};
  return absl::c_linear_search(kReserved, absl::AsciiStrToLower(text));
}

bool IsPlain(const std::string& text) {
  const auto harmless = [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("_/.-@", c);
  };
  return !text.empty() && (absl::ascii_isalpha(text[0]) || text[0] == '/') &&
         absl::c_all_of(text, harmless) && !IsReservedWord(text);
}

// JSON's scalars are YAML's.
std::string Scalar(const Tree& tree) {
  if (tree.is_string() && IsPlain(tree.get_ref<const std::string&>())) {
    return tree.get<std::string>();
  }
  return tree.dump(-1, ' ', false, Tree::error_handler_t::replace);
}

bool IsBlock(const Tree& tree) { return tree.is_structured() && !tree.empty(); }

void Append(const Tree& tree, int indent, std::string* yaml);

void AppendList(const Tree& list, int indent, std::string* yaml) {
  for (const Tree& element : list) {
    std::string nested;
    if (IsBlock(element)) {
      Append(element, indent + 2, &nested);
      nested.erase(0, indent + 2);  // the first line stands behind the dash
    } else {
      nested = absl::StrCat(Scalar(element), "\n");
    }
    absl::StrAppend(yaml, std::string(indent, ' '), "- ", nested);
  }
}

void AppendMapping(const Tree& mapping, int indent, std::string* yaml) {
  for (const auto& [key, value] : mapping.items()) {
    absl::StrAppend(yaml, std::string(indent, ' '), Scalar(key), ":");
    if (IsBlock(value)) {
      yaml->push_back('\n');
      Append(value, indent + 2, yaml);
    } else {
      absl::StrAppend(yaml, " ", Scalar(value), "\n");
    }
  }
}

void Append(const Tree& tree, int indent, std::string* yaml) {
  if (tree.is_array()) return AppendList(tree, indent, yaml);
  AppendMapping(tree, indent, yaml);
}

}  // namespace

std::string WriteYaml(const Tree& tree) {
  if (!IsBlock(tree)) return absl::StrCat(Scalar(tree), "\n");
  std::string yaml;
  Append(tree, 0, &yaml);
  return yaml;
}

}  // namespace ropewalk
