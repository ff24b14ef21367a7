#include "worker/tokenizer/pre_tokenizer_json.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "worker/tokenizer/character_class.h"
#include "worker/tokenizer/rewriting_steps.h"
#include "worker/tokenizer/split.h"

namespace ropewalk {
namespace {

constexpr char kSupported[] =
    "ByteLevel, Split, Digits, Metaspace, Punctuation, Whitespace, WhitespaceSplit, a Sequence";

// What the tokenizers library takes for punctuation: ASCII's, and that of Unicode 8.
constexpr char kPunctuation[] =
    R"((?![\x{61D}\x{9FD}\x{A76}\x{C77}\x{C84}\x{166D}\x{1B4E}-\x{1B4F}\x{1B7D}-\x{1B7F})"
    R"(\x{2E43}-\x{2E4F}\x{2E52}-\x{2E5D}\x{10EAD}\x{10F55}-\x{10F59}\x{10F86}-\x{10F89})"
    R"(\x{111C9}\x{1144B}-\x{1144F}\x{1145A}\x{1145B}\x{1145D}\x{11660}-\x{1166C}\x{116B9})"
    R"(\x{1183B}\x{11944}-\x{11946}\x{119E2}\x{11A3F}-\x{11A46}\x{11A9A}-\x{11A9C})"
    R"(\x{11A9E}-\x{11AA2}\x{11C41}-\x{11C45}\x{11C70}\x{11C71}\x{11EF7}\x{11EF8}\x{11FFF})"
    R"(\x{12FF1}\x{12FF2}\x{16E97}-\x{16E9A}\x{16FE2}\x{1E95E}\x{1E95F}])[\p{P}$+<=>^`|~])";

absl::Status AddSplit(absl::string_view expression, SplitBehavior behavior, bool invert,
                      Splitting* splitting) {
  ASSIGN_OR_RETURN(Regex regex, Regex::Create(expression));
  splitting->steps.push_back(std::make_unique<Split>(std::move(regex), behavior, invert));
  return absl::OkStatus();
}

absl::Status ReadSplit(const Json& part, Splitting* splitting) {
  ASSIGN_OR_RETURN(Regex regex, ReadPattern(Child(part, "pattern")));
  ASSIGN_OR_RETURN(const SplitBehavior behavior,
                   SplitBehaviorByName(part.at("behavior").get_ref<const std::string&>()));
  splitting->steps.push_back(
      std::make_unique<Split>(std::move(regex), behavior, part.value("invert", false)));
  return absl::OkStatus();
}

absl::Status ReadByteLevel(const Json& part, Splitting* splitting) {
  if (part.value("add_prefix_space", true)) {
    splitting->steps.push_back(std::make_unique<PrefixSpace>());
  }
  splitting->ends_with_bytes = true;
  if (!part.value("use_regex", true)) return absl::OkStatus();
  return AddSplit(Split::kGpt2Regex, SplitBehavior::kIsolated, false, splitting);
}

absl::StatusOr<Metaspace::Prepend> ReadPrependScheme(const Json& part) {
  const std::string scheme = part.value("prepend_scheme", "always");
  const Json& add_prefix_space = Child(part, "add_prefix_space");
  if (add_prefix_space == false && scheme != "never") {
    return absl::InvalidArgumentError(
        "Metaspace has add_prefix_space false, so its prepend_scheme must be never");
  }
  if (scheme == "always") return Metaspace::Prepend::kAlways;
  if (scheme == "first") return Metaspace::Prepend::kFirst;
  if (scheme == "never") return Metaspace::Prepend::kNever;
  return Unsupported("pre_tokenizer's prepend_scheme", scheme, "always, first, never");
}

absl::Status ReadMetaspace(const Json& part, Splitting* splitting) {
  ASSIGN_OR_RETURN(std::string replacement, ReadCharacter(part, "replacement"));
  ASSIGN_OR_RETURN(const Metaspace::Prepend prepend, ReadPrependScheme(part));
  const Json& split = Child(part, "split");
  splitting->steps.push_back(std::make_unique<Metaspace>(std::move(replacement), prepend,
                                                         split.is_null() || split.get<bool>()));
  return absl::OkStatus();
}

absl::Status ReadPunctuation(const Json& part, Splitting* splitting) {
  ASSIGN_OR_RETURN(const SplitBehavior behavior,
                   SplitBehaviorByName(part.value("behavior", "Isolated")));
  return AddSplit(kPunctuation, behavior, false, splitting);
}

absl::Status ReadStep(const Json& part, Splitting* splitting) {
  if (std::exchange(splitting->ends_with_bytes, false)) {
    splitting->steps.push_back(std::make_unique<ByteCharacters>());
  }
  const std::string type = TypeOf(part);
  if (type == "ByteLevel") return ReadByteLevel(part, splitting);
  if (type == "Split") return ReadSplit(part, splitting);
  if (type == "Metaspace") return ReadMetaspace(part, splitting);
  if (type == "Punctuation") return ReadPunctuation(part, splitting);
  if (type == "Digits") {
    const bool individual = part.value("individual_digits", false);
    return AddSplit(individual ? R"(\p{N})" : R"(\p{N}+)", SplitBehavior::kIsolated, false,
                    splitting);
  }
  if (type == "Whitespace") {
    return AddSplit(absl::StrCat("[", kWordSet, "]+|[^", kWordSet, "\\s]+"),
                    SplitBehavior::kRemoved, true, splitting);
  }
  if (type != "WhitespaceSplit") return Unsupported("pre_tokenizer", type, kSupported);
  return AddSplit(R"(\s)", SplitBehavior::kRemoved, false, splitting);
}

}  // namespace

absl::StatusOr<Splitting> ReadPreTokenizer(const Json& part) {
  Splitting splitting;
  RETURN_IF_ERROR(ForEachPart("pre_tokenizer", part, "pretokenizers",
                              [&](const Json& item) { return ReadStep(item, &splitting); }));
  return splitting;
}

}  // namespace ropewalk
