#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/registry/registry.h"

namespace ropewalk {

// A version as the Hub's clients ask for it.
struct HubRevision {
  // "{namespace}/{name}".
  std::string id;
  v1::Repository repository;
  v1::Version version;

  // The first 40 digits of the version's id: what the Hub calls a commit.
  std::string commit() const;
};

// The kinds of repository that the Hub's type stands for, first the one that is preferred. Types
// that are not kept here, "spaces", have a kind that nothing has.
std::vector<std::string> KindsOf(const std::string& type);

// The namespace in "{namespace}/{name}".
std::string AuthorOf(const std::string& id);

// The commit that a version's name stands for.
std::string CommitOf(const std::string& version_name);

// Finds the registry's repositories by the Hub's names. Models and adapters are both of the Hub's
// type "models"; of two with one name the adapter is found. The branch "main" is the tag `latest`.
// Thread-safe.
class HubCatalog {
 public:
  // `registry` is not owned and outlives the catalog.
  explicit HubCatalog(Registry* registry) : registry_(registry) {}

  // NOT_FOUND: RepoNotFound.
  absl::StatusOr<v1::Repository> FindRepository(const std::string& type, const std::string& id);

  // `revision`: "main", a branch, a tag, or at least 7 digits of a commit. A repository without
  // versions has a version without files at "main".
  // NOT_FOUND: RepoNotFound or RevisionNotFound.
  absl::StatusOr<HubRevision> FindRevision(const std::string& type, const std::string& id,
                                           const std::string& revision);

  // The same of a repository that was found. NOT_FOUND: RevisionNotFound.
  absl::StatusOr<HubRevision> RevisionOf(v1::Repository repository, const std::string& revision);

 private:
  absl::StatusOr<v1::Version> FindVersion(const v1::Repository& repository,
                                          const std::string& revision);

  Registry* const registry_;
};

}  // namespace ropewalk
