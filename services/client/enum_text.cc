#include "services/client/enum_text.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace ropewalk {
namespace {

constexpr absl::string_view kUnspecified = "UNSPECIFIED";

// "PRECISION_" of an enum whose first value is PRECISION_UNSPECIFIED.
absl::string_view Prefix(const google::protobuf::EnumDescriptor* descriptor) {
  return absl::StripSuffix(descriptor->value(0)->name(), kUnspecified);
}

}  // namespace

std::string EnumText(const google::protobuf::EnumValueDescriptor* value) {
  return absl::AsciiStrToLower(absl::StripPrefix(value->name(), Prefix(value->type())));
}

std::vector<std::string> EnumTexts(const google::protobuf::EnumDescriptor* descriptor) {
  std::vector<std::string> texts;
  for (int i = 0; i < descriptor->value_count(); ++i) {
    if (absl::EndsWith(descriptor->value(i)->name(), kUnspecified)) continue;
    texts.push_back(EnumText(descriptor->value(i)));
  }
  return texts;
}

const google::protobuf::EnumValueDescriptor* FindEnumText(
    const google::protobuf::EnumDescriptor* descriptor, absl::string_view text) {
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const auto* value = descriptor->value(i);
    if (absl::EndsWith(value->name(), kUnspecified)) continue;
    if (EnumText(value) == text) return value;
  }
  return nullptr;
}

}  // namespace ropewalk
