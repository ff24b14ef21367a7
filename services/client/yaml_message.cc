#include "services/client/yaml_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <yaml-cpp/yaml.h>

#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/client/enum_text.h"
#include "services/common/nearest_name.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::vector<std::string> FieldNames(const google::protobuf::Descriptor* descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor->field_count(); ++i) names.push_back(descriptor->field(i)->name());
  return names;
}

std::string Join(const std::string& path, const std::string& key) {
  return path.empty() ? key : absl::StrCat(path, ".", key);
}

// What a field takes, for an error.
std::string Wanted(const FieldDescriptor* field) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return "a whole number of at most 32 bits";
    case FieldDescriptor::CPPTYPE_INT64:
      return "a whole number";
    case FieldDescriptor::CPPTYPE_UINT64:
      return "a whole number, 0 or more";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrCat("one of ", absl::StrJoin(EnumTexts(field->enum_type()), ", "));
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_STRING:
      return "a text";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("a mapping with keys of ",
                          absl::StrJoin(FieldNames(field->message_type()), ", "));
    default:
      return "a number";
  }
}

// The value as protobuf's text format writes it, which does the parsing; "" if it cannot be one.
std::string AsText(const std::string& value, const FieldDescriptor* field) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    return absl::StrCat("\"", absl::CEscape(value), "\"");
  }
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_ENUM) return value;
  const auto* named = FindEnumText(field->enum_type(), value);
  return named == nullptr ? "" : named->name();
}

// Keeps the parser's own complaints off stderr; ours say more.
class SilentErrors : public google::protobuf::io::ErrorCollector {
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
};

bool ParseValue(const std::string& text, const FieldDescriptor* field, Message* message) {
  SilentErrors errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  return !text.empty() && parser.ParseFieldValueFromString(text, field, message);
}

// The other choice of the field's oneof if one was made, or null.
const FieldDescriptor* OtherChoice(const FieldDescriptor* field, const Message& message) {
  const auto* choices = field->real_containing_oneof();
  if (choices == nullptr) return nullptr;
  const auto* chosen = message.GetReflection()->GetOneofFieldDescriptor(message, choices);
  return chosen == field ? nullptr : chosen;
}

}  // namespace

std::string UnknownKey(const std::string& key, const Message& message) {
  const std::vector<std::string> known = FieldNames(message.GetDescriptor());
  const std::string nearest = NearestName(key, known);
  if (!nearest.empty()) return absl::StrCat("is not known; did you mean ", nearest, "?");
  return absl::StrCat("is not known; known are ", absl::StrJoin(known, ", "));
}

absl::Status YamlMessageReader::Error(const YAML::Node& node, const std::string& path,
                                      const std::string& fault) const {
  const YAML::Mark mark = node.Mark();
  const std::string where = absl::StrCat(source_, ":", mark.line + 1, ":", mark.column + 1, ": ");
  return absl::InvalidArgumentError(absl::StrCat(where, path.empty() ? "" : path + ": ", fault));
}

absl::Status YamlMessageReader::Read(const YAML::Node& node, const std::string& path,
                                     Message* message) const {
  if (node.IsNull()) return absl::OkStatus();
  if (!node.IsMap()) {
    const std::vector<std::string> keys = FieldNames(message->GetDescriptor());
    return Error(node, path,
                 absl::StrCat("must be a mapping with keys of ", absl::StrJoin(keys, ", ")));
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (!seen.insert(key).second) return Error(entry.first, Join(path, key), "is given twice");
    RETURN_IF_ERROR(ReadEntry(entry.first, entry.second, path, message));
  }
  return absl::OkStatus();
}

absl::Status YamlMessageReader::ReadEntry(const YAML::Node& key, const YAML::Node& value,
                                          const std::string& path, Message* message) const {
  const std::string name = key.IsScalar() ? key.Scalar() : "";
  const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name);
  if (field == nullptr) return Error(key, Join(path, name), UnknownKey(name, *message));
  if (const FieldDescriptor* other = OtherChoice(field, *message)) {
    return Error(key, Join(path, name), absl::StrCat("excludes ", other->name(), "; give one"));
  }
  if (value.IsNull() && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return Error(key, Join(path, name), absl::StrCat("has no value; give ", Wanted(field)));
  }
  return ReadField(value, Join(path, name), field, message);
}

absl::Status YamlMessageReader::ReadMap(const YAML::Node& node, const std::string& path,
                                        const FieldDescriptor* field, Message* message) const {
  const FieldDescriptor* value = field->message_type()->map_value();
  if (!node.IsMap()) {
    return Error(node, path, absl::StrCat("must be a mapping of names, each to ", Wanted(value)));
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
    if (key.empty()) return Error(entry.first, path, "has a key that is not a name");
    if (!seen.insert(key).second) return Error(entry.first, Join(path, key), "is given twice");
    Message* pair = message->GetReflection()->AddMessage(message, field);
    pair->GetReflection()->SetString(pair, field->message_type()->map_key(), key);
    RETURN_IF_ERROR(ReadScalar(entry.second, Join(path, key), value, pair));
  }
  return absl::OkStatus();
}

absl::Status YamlMessageReader::ReadField(const YAML::Node& node, const std::string& path,
                                          const FieldDescriptor* field, Message* message) const {
  if (field->is_map()) return ReadMap(node, path, field, message);
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return Read(node, path, message->GetReflection()->MutableMessage(message, field));
  }
  if (!field->is_repeated() || !node.IsSequence()) return ReadScalar(node, path, field, message);
  for (const auto& element : node) {
    RETURN_IF_ERROR(ReadScalar(element, path, field, message));
  }
  return absl::OkStatus();
}

absl::Status YamlMessageReader::ReadScalar(const YAML::Node& node, const std::string& path,
                                           const FieldDescriptor* field, Message* message) const {
  if (node.IsScalar() && ParseValue(AsText(node.Scalar(), field), field, message)) {
    return absl::OkStatus();
  }
  const std::string given = node.IsScalar() ? absl::StrCat("'", node.Scalar(), "'") : "this";
  return Error(node, path, absl::StrCat(given, " is not ", Wanted(field)));
}

}  // namespace ropewalk
