#include "services/client/output.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/client/message_tree.h"
#include "services/client/yaml_writer.h"

namespace ropewalk {
namespace {

using google::protobuf::Message;

std::string Name(const Message& message) {
  const auto* field = message.GetDescriptor()->FindFieldByName("name");
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

std::string Json(const nlohmann::ordered_json& tree) {
  return tree.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string RenderOne(const Message& message, OutputFormat format,
                      const std::function<std::string()>& human) {
  switch (format) {
    case OutputFormat::kJson:
      return Json(ToTree(message));
    case OutputFormat::kYaml:
      return WriteYaml(ToTree(message));
    case OutputFormat::kName:
      return absl::StrCat(Name(message), "\n");
    default:
      return human();
  }
}

std::string RenderList(const std::vector<const Message*>& messages, OutputFormat format,
                       const std::function<Table(bool wide)>& table) {
  if (format == OutputFormat::kTable) return table(false).Render();
  if (format == OutputFormat::kWide) return table(true).Render();
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  std::string names;
  for (const Message* message : messages) {
    list.push_back(ToTree(*message));
    absl::StrAppend(&names, Name(*message), "\n");
  }
  if (format == OutputFormat::kName) return names;
  return format == OutputFormat::kJson ? Json(list) : WriteYaml(list);
}

}  // namespace ropewalk
