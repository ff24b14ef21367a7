#pragma once

#include <functional>
#include <string>
#include <vector>

#include "services/client/table.h"

namespace google::protobuf {
class Message;
}

namespace ropewalk {

enum class OutputFormat { kTable, kWide, kJson, kYaml, kName };

// A message alone. human: makes its text for a person, for kTable and kWide. kName prints its field
// `name`.
std::string RenderOne(const google::protobuf::Message& message, OutputFormat format,
                      const std::function<std::string()>& human);

// Messages of one type; JSON and YAML are an array. table: makes their table, `wide` or not.
std::string RenderList(const std::vector<const google::protobuf::Message*>& messages,
                       OutputFormat format, const std::function<Table(bool wide)>& table);

// The addresses of a vector's messages, for RenderList.
template <typename Messages>
std::vector<const google::protobuf::Message*> Pointers(const Messages& messages) {
  std::vector<const google::protobuf::Message*> pointers;
  for (const auto& message : messages) pointers.push_back(&message);
  return pointers;
}

}  // namespace ropewalk
