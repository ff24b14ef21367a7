#include "worker/tokenizer/normalizer_json.h"

#include "services/common/status_macros.h"
#include "worker/tokenizer/normal_form.h"
#include "worker/tokenizer/normalizer_steps.h"

namespace ropewalk {
namespace {

using Step = std::unique_ptr<const NormalizerStep>;

absl::StatusOr<Step> ReadReplace(const Json& part) {
  ASSIGN_OR_RETURN(Regex regex, ReadPattern(Child(part, "pattern")));
  ASSIGN_OR_RETURN(std::string content, ReadShortText(part, "content"));
  return std::make_unique<Replace>(std::move(regex), std::move(content));
}

absl::StatusOr<Step> ReadPrepend(const Json& part) {
  ASSIGN_OR_RETURN(std::string prefix, ReadShortText(part, "prepend"));
  return std::make_unique<Prepend>(std::move(prefix));
}

absl::StatusOr<Step> ReadStep(const Json& part) {
  const std::string type = TypeOf(part);
  if (type == "Prepend") return ReadPrepend(part);
  if (type == "Replace") return ReadReplace(part);
  if (type == "Lowercase") return std::make_unique<Lowercase>();
  if (type == "Strip") {
    return std::make_unique<Strip>(part.value("strip_left", true), part.value("strip_right", true));
  }
  if (type == "NFC")
    return std::make_unique<NormalForm>(/*composes=*/true, /*compatibility=*/false);
  if (type == "NFD")
    return std::make_unique<NormalForm>(/*composes=*/false, /*compatibility=*/false);
  if (type == "NFKC")
    return std::make_unique<NormalForm>(/*composes=*/true, /*compatibility=*/true);
  if (type == "NFKD")
    return std::make_unique<NormalForm>(/*composes=*/false, /*compatibility=*/true);
  return Unsupported("normalizer", type,
                     "Prepend, Replace, NFC, NFD, NFKC, NFKD, Lowercase, Strip, a Sequence");
}

}  // namespace

absl::StatusOr<Normalizer> ReadNormalizer(const Json& part) {
  std::vector<Step> steps;
  RETURN_IF_ERROR(ForEachPart("normalizer", part, "normalizers", [&](const Json& item) {
    ASSIGN_OR_RETURN(steps.emplace_back(), ReadStep(item));
    return absl::OkStatus();
  }));
  return Normalizer(std::move(steps));
}

}  // namespace ropewalk
