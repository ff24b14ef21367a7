#pragma once

#include <nlohmann/json_fwd.hpp>

namespace google::protobuf {
class Message;
}

namespace ropewalk {

// A message as plain values, ready to be written as JSON or YAML: keys are field names in the order
// of declaration, enums their lower-case texts, integers numbers, times RFC 3339 and durations
// seconds with an "s". A field that can be absent is left out when it is; any other is always
// there, so scripts need no defaults.
nlohmann::ordered_json ToTree(const google::protobuf::Message& message);

}  // namespace ropewalk
