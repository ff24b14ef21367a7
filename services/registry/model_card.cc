#include "services/registry/model_card.h"

#include <yaml-cpp/yaml.h>

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace ropewalk {
namespace {

constexpr int kMaxNodes = 10'000;
constexpr int kMaxDepth = 32;
constexpr size_t kMaxLabels = 200;
constexpr size_t kMaxLabelBytes = 200;

// Converts a tree of YAML. Aliases may make a small text a huge tree, hence the limits.
class JsonOfYaml {
 public:
  // Null with `overflowed()` if there are too many nodes.
  nlohmann::json Convert(const YAML::Node& node, int depth = 0) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) overflowed_ = true;
    if (overflowed_ || node.IsNull()) return nullptr;
    if (node.IsScalar()) return Scalar(node);
    nlohmann::json result;
    if (node.IsSequence()) {
      result = nlohmann::json::array();
      for (const YAML::Node& item : node) result.push_back(Convert(item, depth + 1));
    } else {
      result = nlohmann::json::object();
      for (const auto& item : node) result[item.first.Scalar()] = Convert(item.second, depth + 1);
    }
    return result;
  }

  bool overflowed() const { return overflowed_; }

 private:
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
  bool overflowed_ = false;
};

// The text between the lines "---"; empty if there is none.
absl::string_view FrontMatter(absl::string_view readme) {
  absl::ConsumePrefix(&readme, "\xef\xbb\xbf");
  if (!absl::ConsumePrefix(&readme, "---\n") && !absl::ConsumePrefix(&readme, "---\r\n")) return "";
  const size_t end = readme.find("\n---");
  return end == absl::string_view::npos ? "" : readme.substr(0, end + 1);
}

class Labels {
 public:
  void Add(absl::string_view prefix, const nlohmann::json& value) {
    if (value.is_array()) {
      for (const nlohmann::json& item : value) Add(prefix, item);
    }
    if (!value.is_string()) return;
    std::string label = absl::StrCat(prefix, value.get_ref<const std::string&>());
    const bool good = label.size() > prefix.size() && label.size() <= kMaxLabelBytes;
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

nlohmann::json ParseModelCard(absl::string_view readme) {
  const absl::string_view text = FrontMatter(readme);
  if (text.empty()) return nullptr;
  try {
    const YAML::Node node = YAML::Load(std::string(text));
    if (!node.IsMap()) return nullptr;
    JsonOfYaml conversion;
    nlohmann::json card = conversion.Convert(node);
    return conversion.overflowed() ? nullptr : card;
  } catch (const YAML::Exception&) {
    return nullptr;
  }
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
