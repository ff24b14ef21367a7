#include "worker/model/strict_json.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

using Json = nlohmann::json;
using Event = Json::parse_event_t;

constexpr int kMaxDepth = 64;

// Watches the parser's events for what the parser itself lets pass. Returns false, which drops the
// value, once something was wrong.
class Watcher {
 public:
  bool operator()(int depth, Event event, const Json& parsed) {
    if (!problem_.empty()) return false;
    if (event == Event::object_start || event == Event::array_start) Enter(depth);
    if (event == Event::object_end || event == Event::array_end) keys_.pop_back();
    if (event == Event::key && !keys_.back().insert(parsed.get<std::string>()).second) {
      problem_ = absl::StrCat("the key '", parsed.get<std::string>(), "' occurs twice");
    }
    return problem_.empty();
  }

  const std::string& problem() const { return problem_; }

 private:
  void Enter(int depth) {
    keys_.emplace_back();
    if (depth >= kMaxDepth) problem_ = absl::StrCat("nested deeper than ", kMaxDepth);
  }

  std::vector<std::set<std::string>> keys_;
  std::string problem_;
};

}  // namespace

absl::StatusOr<Json> ParseStrictJson(absl::string_view text, absl::string_view file) {
  Watcher watcher;
  Json json;
  try {
    json = Json::parse(text.begin(), text.end(), [&](int depth, Event event, Json& parsed) {
      return watcher(depth, event, parsed);
    });
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", error.what()));
  }
  if (!watcher.problem().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": ", watcher.problem()));
  }
  if (!json.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": not a JSON object"));
  }
  return json;
}

}  // namespace ropewalk
