#pragma once

#include <string>

#include "absl/status/status.h"

namespace YAML {
class Node;
}
namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace ropewalk {

// Reads YAML into messages by reflection: keys are field names, enum values their lower-case texts,
// and a lone scalar is a list of one. Strict: unknown and repeated keys, values of another type,
// and two choices of a oneof are INVALID_ARGUMENT with file, line, column and the field's path.
class YamlMessageReader {
 public:
  // source: what errors begin with, e.g. the file's name.
  explicit YamlMessageReader(std::string source) : source_(std::move(source)) {}

  // Merges a mapping into `message`. path: of the message within the file; "" for the whole.
  absl::Status Read(const YAML::Node& node, const std::string& path,
                    google::protobuf::Message* message) const;

  // Reads one field's value; replaces nothing: a list grows.
  absl::Status ReadField(const YAML::Node& node, const std::string& path,
                         const google::protobuf::FieldDescriptor* field,
                         google::protobuf::Message* message) const;

 private:
  absl::Status ReadEntry(const YAML::Node& key, const YAML::Node& value, const std::string& path,
                         google::protobuf::Message* message) const;
  // Adds the entries of a mapping from strings to scalars.
  absl::Status ReadMap(const YAML::Node& node, const std::string& path,
                       const google::protobuf::FieldDescriptor* field,
                       google::protobuf::Message* message) const;
  absl::Status ReadScalar(const YAML::Node& node, const std::string& path,
                          const google::protobuf::FieldDescriptor* field,
                          google::protobuf::Message* message) const;
  absl::Status Error(const YAML::Node& node, const std::string& path,
                     const std::string& fault) const;

  std::string source_;
};

// Why `message` has no field `key`, with the nearest that it has: "is not known; did you mean
// ...?".
std::string UnknownKey(const std::string& key, const google::protobuf::Message& message);

}  // namespace ropewalk
