#include "services/registry/webhooks/webhook_event.h"

#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/registry/hub/hub_catalog.h"
#include "services/registry/hub/hub_info.h"

namespace ropewalk {
namespace {

// Commits by "refs/heads/main" and the like.
using Refs = std::map<std::string, std::string>;

std::string RefName(const v1::Tag& tag) {
  const std::string name = tag.name().substr(tag.name().rfind('/') + 1);
  if (name == "latest") return "refs/heads/main";
  return absl::StrCat(tag.branch() ? "refs/heads/" : "refs/tags/", name);
}

Refs RefsOf(const v1::Repository* repository) {
  Refs refs;
  if (repository == nullptr) return refs;
  for (const v1::Tag& tag : repository->tags()) refs[RefName(tag)] = CommitOf(tag.version());
  return refs;
}

nlohmann::json CommitAt(const Refs& refs, const std::string& name) {
  const auto found = refs.find(name);
  return found == refs.end() ? nlohmann::json() : nlohmann::json(found->second);
}

nlohmann::json UpdatedRefs(const Refs& before, const Refs& after) {
  std::set<std::string> names;
  for (const Refs* const refs : {&before, &after}) {
    for (const auto& [name, commit] : *refs) names.insert(name);
  }
  nlohmann::json updated = nlohmann::json::array();
  for (const std::string& name : names) {
    const nlohmann::json from = CommitAt(before, name), to = CommitAt(after, name);
    if (from != to) updated.push_back({{"ref", name}, {"oldSha", from}, {"newSha", to}});
  }
  return updated;
}

nlohmann::json RepoOf(const v1::Repository& repository, const std::string& origin) {
  const std::string id = HubId(repository.name());
  const bool dataset = repository.name().substr(0, 9) == "datasets/";
  return {{"type", dataset ? "dataset" : "model"},
          {"name", id},
          {"id", repository.name()},
          {"private", repository.visibility() != v1::VISIBILITY_PUBLIC},
          {"headSha", CommitAt(RefsOf(&repository), "refs/heads/main")},
          {"owner", {{"id", AuthorOf(id)}}},
          {"url",
           {{"web", absl::StrCat(origin, dataset ? "/datasets/" : "/", id)},
            {"api", absl::StrCat(origin, dataset ? "/api/datasets/" : "/api/models/", id)}}}};
}

nlohmann::json Event(const char* action, const char* scope, const v1::Repository& repository,
                     const std::string& origin) {
  return {{"event", {{"action", action}, {"scope", scope}}},
          {"repo", RepoOf(repository, origin)},
          {"webhook", {{"id", "ropewalk"}, {"version", 3}}}};
}

}  // namespace

std::vector<nlohmann::json> WebhookEvents(const v1::Repository* before, const v1::Repository* after,
                                          const std::string& origin) {
  if (after == nullptr) return {Event("delete", "repo", *before, origin)};
  std::vector<nlohmann::json> events;
  if (before == nullptr) events.push_back(Event("create", "repo", *after, origin));
  if (before != nullptr && before->name() != after->name()) {
    events.push_back(Event("move", "repo", *after, origin));
    events.back()["movedTo"] = {{"name", HubId(after->name())}, {"from", HubId(before->name())}};
  }
  if (before != nullptr && before->visibility() != after->visibility()) {
    events.push_back(Event("update", "repo.config", *after, origin));
  }
  nlohmann::json refs = UpdatedRefs(RefsOf(before), RefsOf(after));
  if (!refs.empty()) {
    events.push_back(Event("update", "repo.content", *after, origin));
    events.back()["updatedRefs"] = std::move(refs);
  }
  return events;
}

}  // namespace ropewalk
