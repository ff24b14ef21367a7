#include "services/common/yaml_flags.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/common/nearest_name.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

absl::StatusOr<std::string> KnownKey(const std::string& given,
                                     const std::vector<std::string>& known) {
  const std::string key = absl::StrReplaceAll(given, {{"_", "-"}});
  if (std::find(known.begin(), known.end(), key) != known.end()) return key;
  return absl::InvalidArgumentError(
      absl::StrCat("unknown key '", given, "'", DidYouMean(key, known)));
}

absl::StatusOr<std::vector<std::string>> Values(const std::string& key, const YAML::Node& node) {
  if (node.IsScalar()) return std::vector<std::string>{node.Scalar()};
  std::vector<std::string> values;
  for (const YAML::Node& item : node) {
    if (node.IsSequence() && item.IsScalar()) values.push_back(item.Scalar());
  }
  if (node.IsSequence() && values.size() == node.size()) return values;
  return absl::InvalidArgumentError(
      absl::StrCat("'", key, "' must be one value or a list of values"));
}

}  // namespace

absl::StatusOr<std::map<std::string, std::vector<std::string>>> ReadYamlFlags(
    std::istream& input, const std::vector<std::string>& known) {
  YAML::Node root;
  try {
    root = YAML::Load(input);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("not YAML: ", error.what()));
  }
  std::map<std::string, std::vector<std::string>> flags;
  if (root.IsNull()) return flags;
  if (!root.IsMap()) return absl::InvalidArgumentError("must be a list of \"key: value\"");
  for (const auto& entry : root) {
    const std::string given = entry.first.IsScalar() ? entry.first.Scalar() : "";
    ASSIGN_OR_RETURN(const std::string key, KnownKey(given, known));
    ASSIGN_OR_RETURN(flags[key], Values(key, entry.second));
  }
  return flags;
}

}  // namespace ropewalk
