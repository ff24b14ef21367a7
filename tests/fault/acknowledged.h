#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace ropewalk {

// What a registry has said OK to in one repository, which one writer alone changes: what must be
// found there whatever befell the registry, what may be, and what must not. A change that was tried
// and not answered may have been made or not. Not thread-safe.
class Acknowledged {
 public:
  void TryVersion(const std::string& version);
  void HaveVersion(const std::string& version);

  // The tags on it go with it.
  void TryDeleteVersion(const std::string& version);
  void HaveNoVersion(const std::string& version);

  // `version` "" means that there is no such tag.
  void TryTag(const std::string& tag, const std::string& version);
  void HaveTag(const std::string& tag, const std::string& version);

  // Those that must be there.
  std::vector<std::string> versions() const;

  // Whether the tag is certain to be there.
  bool HasTag(const std::string& tag) const;

  // DATA_LOSS: of what is found, something is not as it was acknowledged.
  absl::Status Check(const std::set<std::string>& versions,
                     const std::map<std::string, std::string>& tags) const;

 private:
  enum class Fate { kPerhaps, kThere, kGone };

  absl::Status CheckVersions(const std::set<std::string>& versions) const;

  std::map<std::string, Fate> versions_;
  std::map<std::string, std::set<std::string>> tags_;  // What each may point to.
};

}  // namespace ropewalk
