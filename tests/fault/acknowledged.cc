#include "tests/fault/acknowledged.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/common/status_macros.h"

namespace ropewalk {

void Acknowledged::TryVersion(const std::string& version) {
  versions_.emplace(version, Fate::kPerhaps);
}

void Acknowledged::HaveVersion(const std::string& version) { versions_[version] = Fate::kThere; }

void Acknowledged::TryDeleteVersion(const std::string& version) {
  versions_[version] = Fate::kPerhaps;
  for (auto& [tag, targets] : tags_) {
    if (targets.count(version) > 0) targets.insert("");
  }
}

void Acknowledged::HaveNoVersion(const std::string& version) {
  versions_[version] = Fate::kGone;
  for (auto& [tag, targets] : tags_) {
    if (targets.erase(version) > 0) targets.insert("");
  }
}

void Acknowledged::TryTag(const std::string& tag, const std::string& version) {
  tags_.emplace(tag, std::set<std::string>{""}).first->second.insert(version);
}

void Acknowledged::HaveTag(const std::string& tag, const std::string& version) {
  tags_[tag] = {version};
}

std::vector<std::string> Acknowledged::versions() const {
  std::vector<std::string> there;
  for (const auto& [version, fate] : versions_) {
    if (fate == Fate::kThere) there.push_back(version);
  }
  return there;
}

bool Acknowledged::HasTag(const std::string& tag) const {
  const auto found = tags_.find(tag);
  return found != tags_.end() && found->second.count("") == 0;
}

absl::Status Acknowledged::CheckVersions(const std::set<std::string>& versions) const {
  for (const auto& [version, fate] : versions_) {
    const bool found = versions.count(version) > 0;
    if (fate == Fate::kThere && !found) {
      return absl::DataLossError(absl::StrCat("the version ", version, " is lost"));
    }
    if (fate == Fate::kGone && found) {
      return absl::DataLossError(absl::StrCat("the version ", version, " has come back"));
    }
  }
  for (const std::string& version : versions) {
    if (versions_.count(version) > 0) continue;
    return absl::DataLossError(absl::StrCat("nobody made the version ", version));
  }
  return absl::OkStatus();
}

absl::Status Acknowledged::Check(const std::set<std::string>& versions,
                                 const std::map<std::string, std::string>& tags) const {
  RETURN_IF_ERROR(CheckVersions(versions));
  for (const auto& [tag, targets] : tags_) {
    const auto found = tags.find(tag);
    const std::string target = found == tags.end() ? "" : found->second;
    if (targets.count(target) > 0) continue;
    return absl::DataLossError(absl::StrCat("the tag ", tag, " points to '", target, "', not to '",
                                            absl::StrJoin(targets, "' or '"), "'"));
  }
  for (const auto& [tag, target] : tags) {
    if (tags_.count(tag) > 0) continue;
    return absl::DataLossError(absl::StrCat("nobody made the tag ", tag));
  }
  return absl::OkStatus();
}

}  // namespace ropewalk
