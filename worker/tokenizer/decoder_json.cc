#include "worker/tokenizer/decoder_json.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/decoder_steps.h"

namespace ropewalk {
namespace {

constexpr char kSupported[] =
    "none, ByteLevel, ByteFallback, Replace, Strip, Metaspace, Fuse, a Sequence";

absl::StatusOr<Decoder::MakeStep> ReadReplace(const Json& part, bool fused) {
  ASSIGN_OR_RETURN(Regex regex, ReadPattern(Child(part, "pattern")));
  ASSIGN_OR_RETURN(const std::string content, ReadShortText(part, "content"));
  const auto shared = std::make_shared<const Regex>(std::move(regex));
  return [=] { return std::make_unique<ReplaceDecoder>(shared, content, fused); };
}

absl::StatusOr<Decoder::MakeStep> ReadStrip(const Json& part, bool fused) {
  ASSIGN_OR_RETURN(const std::string character, ReadCharacter(part, "content"));
  const auto start = part.value<uint32_t>("start", 0), stop = part.value<uint32_t>("stop", 0);
  return [=] { return std::make_unique<StripDecoder>(character, start, stop, fused); };
}

absl::StatusOr<Decoder::MakeStep> ReadMetaspace(const Json& part, bool fused) {
  ASSIGN_OR_RETURN(const std::string replacement, ReadCharacter(part, "replacement"));
  const bool drops =
      part.value("prepend_scheme", "always") != "never" && Child(part, "add_prefix_space") != false;
  return [=] { return std::make_unique<MetaspaceDecoder>(replacement, drops, fused); };
}

// Those that look at tokens, and so have no sense after a step that makes one piece of them.
absl::StatusOr<Decoder::MakeStep> ReadByteStep(const std::string& type, bool fused) {
  if (fused) {
    return Unsupported("decoder", absl::StrCat(type, " after Fuse or ByteLevel"), "the reverse");
  }
  if (type == "ByteLevel") return [] { return std::make_unique<ByteLevelDecoder>(); };
  return [] { return std::make_unique<ByteFallbackDecoder>(); };
}

absl::StatusOr<Decoder::MakeStep> ReadStep(const Json& part, bool fused) {
  const std::string type = TypeOf(part);
  if (type == "ByteLevel" || type == "ByteFallback") return ReadByteStep(type, fused);
  if (type == "Replace") return ReadReplace(part, fused);
  if (type == "Strip") return ReadStrip(part, fused);
  if (type == "Metaspace") return ReadMetaspace(part, fused);
  return Unsupported("decoder", type, kSupported);
}

}  // namespace

absl::StatusOr<Decoder> ReadDecoder(const Json& part) {
  std::vector<Decoder::MakeStep> steps;
  bool fused = false;
  RETURN_IF_ERROR(ForEachPart("decoder", part, "decoders", [&](const Json& item) {
    const std::string type = TypeOf(item);
    if (type != "Fuse") {
      ASSIGN_OR_RETURN(steps.emplace_back(), ReadStep(item, fused));
    }
    fused = fused || type == "Fuse" || type == "ByteLevel";
    return absl::OkStatus();
  }));
  if (part.is_null()) steps.push_back([] { return std::make_unique<JoinWithSpaces>(); });
  return Decoder(std::move(steps));
}

}  // namespace ropewalk
