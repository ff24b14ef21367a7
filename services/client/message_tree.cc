#include "services/client/message_tree.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <nlohmann/json.hpp>

#include "services/client/enum_text.h"

namespace ropewalk {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::TimeUtil;
using Tree = nlohmann::ordered_json;

Tree MessageTree(const Message& message) {
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    return TimeUtil::ToString(*time);
  }
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    return TimeUtil::ToString(*duration);
  }
  return ToTree(message);
}

Tree EnumTree(const FieldDescriptor* field, int number) {
  const auto* value = field->enum_type()->FindValueByNumber(number);
  return value == nullptr ? Tree(number) : Tree(EnumText(value));
}

Tree SingleTree(const Message& message, const FieldDescriptor* field) {
  const auto* from = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return from->GetInt32(message, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return from->GetInt64(message, field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return from->GetUInt32(message, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return from->GetUInt64(message, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return from->GetFloat(message, field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return from->GetDouble(message, field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return from->GetBool(message, field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumTree(field, from->GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_STRING:
      return from->GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return MessageTree(from->GetMessage(message, field));
  }
  return nullptr;
}

// The lists of the protocol hold strings and messages only.
Tree ListTree(const Message& message, const FieldDescriptor* field) {
  const auto* from = message.GetReflection();
  Tree list = Tree::array();
  for (int i = 0; i < from->FieldSize(message, field); ++i) {
    list.push_back(field->cpp_type() == FieldDescriptor::CPPTYPE_STRING
                       ? Tree(from->GetRepeatedString(message, field, i))
                       : MessageTree(from->GetRepeatedMessage(message, field, i)));
  }
  return list;
}

Tree MapTree(const Message& message, const FieldDescriptor* field) {
  const auto* from = message.GetReflection();
  nlohmann::json sorted = nlohmann::json::object();
  for (int i = 0; i < from->FieldSize(message, field); ++i) {
    const Message& entry = from->GetRepeatedMessage(message, field, i);
    const auto* key = field->message_type()->map_key();
    const auto* value = field->message_type()->map_value();
    sorted[entry.GetReflection()->GetString(entry, key)] = SingleTree(entry, value);
  }
  return sorted;
}

Tree FieldTree(const Message& message, const FieldDescriptor* field) {
  if (field->is_map()) return MapTree(message, field);
  return field->is_repeated() ? ListTree(message, field) : SingleTree(message, field);
}

}  // namespace

Tree ToTree(const Message& message) {
  Tree tree = Tree::object();
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->has_presence() && !message.GetReflection()->HasField(message, field)) continue;
    tree[field->name()] = FieldTree(message, field);
  }
  return tree;
}

}  // namespace ropewalk
