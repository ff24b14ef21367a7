#include "services/registry/hub/hub_info.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "services/registry/hub/hub_catalog.h"

namespace ropewalk {
namespace {

std::string TagOf(const v1::Tag& tag) { return tag.name().substr(tag.name().rfind('/') + 1); }

bool HasLabel(const v1::Version& version, const std::string& label) {
  return std::find(version.labels().begin(), version.labels().end(), label) !=
         version.labels().end();
}

nlohmann::json RefInfo(const std::string& name, const std::string& ref, const v1::Tag& tag) {
  return {{"name", name}, {"ref", ref}, {"targetCommit", CommitOf(tag.version())}};
}

std::string CommitTitle(const v1::Version& version) {
  const v1::Lineage& lineage = version.lineage();
  if (!lineage.title().empty()) return lineage.title();
  if (lineage.job().empty()) return "Upload";
  return absl::StrCat(lineage.job(), ", step ", lineage.step());
}

}  // namespace

std::string HubTime(const google::protobuf::Timestamp& time) {
  const absl::Time t = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E3SZ", t, absl::UTCTimeZone());
}

std::string HubId(const std::string& repository_name) {
  return repository_name.substr(repository_name.find('/') + 1);
}

nlohmann::json RepositoryInfo(const v1::Repository& repository, const v1::Version& version,
                              const nlohmann::json& card) {
  const std::string id = HubId(repository.name());
  nlohmann::json info{{"_id", id},
                      {"id", id},
                      {"modelId", id},
                      {"author", AuthorOf(id)},
                      {"sha", CommitOf(version.name())},
                      {"createdAt", HubTime(repository.create_time())},
                      {"lastModified", HubTime(repository.update_time())},
                      {"private", repository.visibility() != v1::VISIBILITY_PUBLIC},
                      {"gated", false},
                      {"disabled", false},
                      {"downloads", 0},
                      {"likes", 0},
                      {"usedStorage", version.total_bytes()}};
  info["tags"] =
      nlohmann::json(std::vector<std::string>(version.labels().begin(), version.labels().end()));
  if (card.is_object()) {
    info["cardData"] = card;
    for (const char* const field : {"library_name", "pipeline_tag"}) {
      if (card.contains(field) && card[field].is_string()) info[field] = card[field];
    }
  }
  if (!info.contains("library_name") && HasLabel(version, "peft")) info["library_name"] = "peft";
  return info;
}

nlohmann::json RefsInfo(const v1::Repository& repository) {
  nlohmann::json branches = nlohmann::json::array();
  nlohmann::json tags = nlohmann::json::array();
  for (const v1::Tag& tag : repository.tags()) {
    const std::string name = TagOf(tag);
    if (name == "latest") {
      branches.push_back(RefInfo("main", "refs/heads/main", tag));
    } else if (tag.branch()) {
      branches.push_back(RefInfo(name, absl::StrCat("refs/heads/", name), tag));
    } else {
      tags.push_back(RefInfo(name, absl::StrCat("refs/tags/", name), tag));
    }
  }
  return {{"branches", branches}, {"converts", nlohmann::json::array()}, {"tags", tags}};
}

nlohmann::json CommitInfo(const v1::Version& version) {
  std::string author = version.lineage().author();
  if (author.empty()) author = NamespaceOf(version.name());
  return {{"id", CommitOf(version.name())},
          {"title", CommitTitle(version)},
          {"message", version.lineage().message()},
          {"authors", nlohmann::json::array({{{"user", author}}})},
          {"date", HubTime(version.create_time())}};
}

}  // namespace ropewalk
