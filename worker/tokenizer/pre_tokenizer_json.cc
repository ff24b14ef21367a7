#include "worker/tokenizer/pre_tokenizer_json.h"

#include "services/common/status_macros.h"
#include "worker/tokenizer/pre_tokenizer.h"

namespace ropewalk {
namespace {

constexpr char kSupported[] = "ByteLevel, or a Sequence of Split and Digits that ends with it";

absl::Status ReadByteLevel(const Json& part, Splitting* splitting) {
  splitting->add_prefix_space = part.value("add_prefix_space", true);
  if (splitting->add_prefix_space && !splitting->expressions.empty()) {
    return Unsupported("pre_tokenizer", "ByteLevel with add_prefix_space after another",
                       "add_prefix_space false");
  }
  if (part.value("use_regex", true)) splitting->expressions.push_back(PreTokenizer::kGpt2Regex);
  return absl::OkStatus();
}

absl::Status ReadSplit(const Json& part, Splitting* splitting) {
  const Json& regex = Child(Child(part, "pattern"), "Regex");
  if (!regex.is_string() || part.value("behavior", "") != "Isolated" ||
      Child(part, "invert") == true) {
    return Unsupported("pre_tokenizer", "Split of this kind",
                       "Split with a Regex, behavior Isolated, not inverted");
  }
  splitting->expressions.push_back(regex.get<std::string>());
  return absl::OkStatus();
}

absl::Status ReadStep(const Json& part, Splitting* splitting) {
  const std::string type = TypeOf(part);
  if (type == "Split") return ReadSplit(part, splitting);
  if (type != "Digits") return Unsupported("pre_tokenizer", type, kSupported);
  splitting->expressions.push_back(part.value("individual_digits", false) ? R"(\p{N})"
                                                                          : R"(\p{N}+)");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Splitting> ReadPreTokenizer(const Json& part) {
  Splitting splitting;
  const Json* last = &part;
  if (TypeOf(part) == "Sequence" && !part.at("pretokenizers").empty()) {
    const auto& steps = part.at("pretokenizers").get_ref<const Json::array_t&>();
    for (size_t i = 0; i + 1 < steps.size(); ++i) RETURN_IF_ERROR(ReadStep(steps[i], &splitting));
    last = &steps.back();
  }
  if (TypeOf(*last) != "ByteLevel") return Unsupported("pre_tokenizer", TypeOf(*last), kSupported);
  RETURN_IF_ERROR(ReadByteLevel(*last, &splitting));
  return splitting;
}

}  // namespace ropewalk
