#include "services/registry/model_card.h"

#include <yaml-cpp/yaml.h>

#include <set>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// A MiB of YAML takes a quarter of a GiB while it is parsed.
constexpr size_t kMaxFrontMatterBytes = 64 << 10;
constexpr int kMaxNodes = 10'000;
constexpr int kMaxDepth = 32;
// Of all keys and scalars.
constexpr size_t kMaxTextBytes = 256 << 10;
constexpr size_t kMaxLabels = 200;
constexpr size_t kMaxLabelBytes = 200;

// Converts a tree of YAML. Aliases may make a small text a huge tree, hence the limits.
class JsonOfYaml {
 public:
  // Anything if it has `overflowed()`, by too many nodes or too much text.
  nlohmann::json Convert(const YAML::Node& node, int depth = 0) {
    Count(node);
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) overflowed_ = true;
    if (overflowed_ || node.IsNull()) return nullptr;
    if (node.IsScalar()) return Scalar(node);
    return node.IsSequence() ? Sequence(node, depth) : Mapping(node, depth);
  }

  bool overflowed() const { return overflowed_; }

 private:
  void Count(const YAML::Node& node) {
    text_bytes_ += node.Scalar().size();
    if (text_bytes_ > kMaxTextBytes) overflowed_ = true;
  }

  nlohmann::json Sequence(const YAML::Node& node, int depth) {
    nlohmann::json result = nlohmann::json::array();
    for (const YAML::Node& item : node) {
      if (overflowed_) break;
      result.push_back(Convert(item, depth + 1));
    }
    return result;
  }

  nlohmann::json Mapping(const YAML::Node& node, int depth) {
    nlohmann::json result = nlohmann::json::object();
    for (const auto& item : node) {
      if (overflowed_) break;
      Count(item.first);
      result[item.first.Scalar()] = Convert(item.second, depth + 1);
    }
    return result;
  }

  static nlohmann::json Scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const bool quoted = node.Tag() == "!";
    if (quoted) return text;
    if (text == "true" || text == "false") return text == "true";
    int64_t integer;
    if (absl::SimpleAtoi(text, &integer)) return integer;
    double number;
    if (absl::SimpleAtod(text, &number)) return number;
    return text;
  }

  int nodes_ = 0;
  size_t text_bytes_ = 0;
  bool overflowed_ = false;
};

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("the front matter, between the lines ---, ", what));
}

// The text between the lines "---"; empty if there is none.
absl::StatusOr<std::string> FrontMatter(absl::string_view readme) {
  absl::ConsumePrefix(&readme, "\xef\xbb\xbf");
  if (!absl::StartsWith(readme, "---\n") && !absl::StartsWith(readme, "---\r\n")) return "";
  readme = readme.substr(readme.find('\n'), kMaxFrontMatterBytes);
  const size_t end = readme.find("\n---");
  if (end != absl::string_view::npos) return std::string(readme.substr(0, end + 1));
  return Bad(absl::StrCat("does not end within ", kMaxFrontMatterBytes, " bytes"));
}

// Null if there is none.
absl::StatusOr<nlohmann::json> ReadCard(absl::string_view readme) {
  ASSIGN_OR_RETURN(const std::string text, FrontMatter(readme));
  if (text.size() <= 1) return nlohmann::json();
  try {
    const YAML::Node node = YAML::Load(text);
    if (!node.IsMap()) return Bad("is not a YAML mapping");
    JsonOfYaml conversion;
    nlohmann::json card = conversion.Convert(node);
    if (conversion.overflowed()) return Bad("holds too much, or is nested too deep");
    card.dump();  // Throws if a text is not UTF-8.
    return card;
  } catch (const YAML::Exception& error) {
    return Bad(absl::StrCat("is not YAML: ", error.what()));
  } catch (const nlohmann::json::exception&) {
    return Bad("is not UTF-8");
  }
}

// Whether it has a character that ends a line or steers a terminal: ASCII's, or those that are
// U+0080 to U+009F.
bool HasControl(absl::string_view utf8) {
  for (size_t i = 0; i < utf8.size(); ++i) {
    if (absl::ascii_iscntrl(utf8[i])) return true;
    if (utf8[i] == '\xc2' && i + 1 < utf8.size() && utf8[i + 1] < '\xa0') return true;
  }
  return false;
}

class Labels {
 public:
  void Add(absl::string_view prefix, const nlohmann::json& value) {
    if (value.is_array()) {
      for (const nlohmann::json& item : value) Add(prefix, item);
    }
    if (!value.is_string()) return;
    std::string label = absl::StrCat(prefix, value.get_ref<const std::string&>());
    const bool good =
        label.size() > prefix.size() && label.size() <= kMaxLabelBytes && !HasControl(label);
    if (good && labels_.size() < kMaxLabels) labels_.insert(std::move(label));
  }

  std::vector<std::string> Take() { return {labels_.begin(), labels_.end()}; }

 private:
  std::set<std::string> labels_;
};

bool HasFile(const v1::Version& version, absl::string_view ending) {
  for (const v1::File& file : version.files()) {
    if (absl::EndsWith(file.path(), ending)) return true;
  }
  return false;
}

}  // namespace

absl::Status CheckModelCard(absl::string_view readme) { return ReadCard(readme).status(); }

nlohmann::json ParseModelCard(absl::string_view readme) {
  absl::StatusOr<nlohmann::json> card = ReadCard(readme);
  if (!card.ok()) return nullptr;
  return *std::move(card);
}

std::vector<std::string> LabelsOf(const v1::Version& version, const nlohmann::json& card) {
  const bool is_adapter = HasFile(version, "adapter_config.json");
  const nlohmann::json fields = card.is_object() ? card : nlohmann::json::object();
  const auto field = [&fields](const char* name) { return fields.value(name, nlohmann::json()); };
  Labels labels;
  labels.Add("", field("tags"));
  labels.Add("", is_adapter && !fields.contains("library_name") ? "peft" : field("library_name"));
  labels.Add("", field("pipeline_tag"));
  labels.Add("", field("language"));
  labels.Add("license:", field("license"));
  labels.Add("dataset:", field("datasets"));
  labels.Add("base_model:", field("base_model"));
  if (is_adapter) labels.Add("base_model:adapter:", field("base_model"));
  if (HasFile(version, ".safetensors")) labels.Add("", "safetensors");
  if (HasFile(version, ".gguf")) labels.Add("", "gguf");
  labels.Add("job:", std::string(absl::StripPrefix(version.lineage().job(), "jobs/")));
  return labels.Take();
}

}  // namespace ropewalk
