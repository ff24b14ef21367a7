#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace google::protobuf {
class EnumDescriptor;
class EnumValueDescriptor;
}  // namespace google::protobuf

namespace ropewalk {

// Enum values as people read and write them: in lower case, without the prefix that protobuf's
// style wants, which is taken from the *_UNSPECIFIED value. PRECISION_BF16 is "bf16".

std::string EnumText(const google::protobuf::EnumValueDescriptor* value);

// All texts of an enum but that of its *_UNSPECIFIED value, in the order of declaration.
std::vector<std::string> EnumTexts(const google::protobuf::EnumDescriptor* descriptor);

// The value with that text, or null. The *_UNSPECIFIED value cannot be named.
const google::protobuf::EnumValueDescriptor* FindEnumText(
    const google::protobuf::EnumDescriptor* descriptor, absl::string_view text);

}  // namespace ropewalk
