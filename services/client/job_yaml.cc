#include "services/client/job_yaml.h"

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/client/message_tree.h"
#include "services/client/yaml_message.h"
#include "services/client/yaml_writer.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

absl::StatusOr<YAML::Node> ParseYaml(const std::string& yaml, const std::string& source) {
  try {
    return YAML::Load(yaml);
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        source, ":", error.mark.line + 1, ":", error.mark.column + 1, ": not YAML: ", error.msg));
  }
}

// The field at the end of `path`, and the message that holds it.
struct Place {
  Message* message;
  const FieldDescriptor* field;
};

absl::StatusOr<Place> FindPlace(const std::string& path, Message* message) {
  const FieldDescriptor* field = nullptr;
  for (const std::string& key : std::vector<std::string>(absl::StrSplit(path, "."))) {
    if (field != nullptr) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
        return absl::InvalidArgumentError(absl::StrCat(field->name(), " has no keys of its own"));
      }
      message = message->GetReflection()->MutableMessage(message, field);
    }
    field = message->GetDescriptor()->FindFieldByName(key);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(key, " ", UnknownKey(key, *message)));
    }
  }
  return Place{message, field};
}

absl::Status Override(const std::string& path, const std::string& value, v1::JobSpec* spec) {
  ASSIGN_OR_RETURN(const YAML::Node node, ParseYaml(value, path));
  ASSIGN_OR_RETURN(const Place place, FindPlace(path, spec));
  place.message->GetReflection()->ClearField(place.message, place.field);
  return YamlMessageReader("value").ReadField(node, path, place.field, place.message);
}

}  // namespace

absl::StatusOr<v1::JobSpec> ParseJobYaml(const std::string& yaml, const std::string& source) {
  ASSIGN_OR_RETURN(const YAML::Node root, ParseYaml(yaml, source));
  v1::JobSpec spec;
  RETURN_IF_ERROR(YamlMessageReader(source).Read(root, "", &spec));
  return spec;
}

absl::Status ApplyOverride(const std::string& assignment, v1::JobSpec* spec) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  const std::string prefix = absl::StrCat("--set ", assignment, ": ");
  if (assignment.find('=') == std::string::npos) {
    return absl::InvalidArgumentError(prefix + "write it as key=value, e.g. training.seed=7");
  }
  v1::JobSpec changed = *spec;
  const absl::Status status = Override(parts.first, parts.second, &changed);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat(prefix, status.message()));
  *spec = std::move(changed);
  return absl::OkStatus();
}

std::string WriteJobYaml(const v1::JobSpec& spec) { return WriteYaml(ToTree(spec)); }

}  // namespace ropewalk
