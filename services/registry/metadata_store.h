#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ropewalk/v1/access_service.pb.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "services/registry/metric_filter.h"

namespace ropewalk {

// Which versions to list; what is empty does not narrow.
struct VersionQuery {
  std::string kind;
  std::string repository;
  std::string base_model_digest;
  std::string method;
  std::string tag;
  std::optional<MetricFilter> metric;
  // If set, only of public repositories and of those in these namespaces.
  std::optional<std::vector<std::string>> visible_to;
  int64_t before = 0;  // Only those older than this position; 0: from the newest.
  int limit = 0;
};

struct VersionPage {
  std::vector<v1::Version> versions;
  int64_t last = 0;   // Position of the last one.
  bool more = false;  // There are older ones.
};

enum class RepositoryOrder { kName, kCreateTime, kUpdateTime };

// Which repositories to list, and how; what is empty does not narrow.
struct RepositoryQuery {
  std::vector<std::string> kinds;
  std::string name_space;
  // Part of "{namespace}/{name}"; capitals do not matter.
  std::string search;
  // All of them are labels of the version that `latest` points to.
  std::vector<std::string> labels;
  // If set, only public ones and those in these namespaces.
  std::optional<std::vector<std::string>> visible_to;
  RepositoryOrder order = RepositoryOrder::kName;
  bool descending = false;
  // The last one of the page before; its name empty: from the first.
  v1::Repository after;
  int limit = 0;
};

struct RepositoryPage {
  std::vector<v1::Repository> repositories;
  bool more = false;
};

// Held from looking to writing; let go when destroyed, by the thread that took it.
class WriteLock {
 public:
  virtual ~WriteLock() = default;
};

// Keeps versions and tags. Names given are well-formed. Every change is one transaction that is on
// the disk when the call returns. Thread-safe.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  // Keeps out all others who ask for it, in other processes on the same store too, so that what was
  // looked up still holds when it is written. A thread that holds one does not ask for another.
  // UNAVAILABLE: others held it for too long.
  virtual absl::StatusOr<std::unique_ptr<WriteLock>> LockForWriting() = 0;

  // With its tags. NOT_FOUND: there is no such version.
  virtual absl::StatusOr<v1::Version> GetVersion(const std::string& repository,
                                                 const std::string& version) = 0;

  // The one version whose id begins with `prefix`. NOT_FOUND: there is none, or more than one.
  virtual absl::StatusOr<v1::Version> FindVersion(const std::string& repository,
                                                  const std::string& prefix) = 0;

  // Adds the version if it is not there, and points all of its tags to it, unprotected where new.
  virtual absl::Status PutVersion(const std::string& repository, const std::string& version,
                                  const v1::Version& contents) = 0;

  // Deletes the version and the tags on it, and the repository with the last one. NOT_FOUND: there
  // is no such version.
  virtual absl::Status DeleteVersion(const std::string& repository, const std::string& version) = 0;

  // Newest first.
  virtual absl::StatusOr<VersionPage> ListVersions(const VersionQuery& query) = 0;

  // A repository without versions. ALREADY_EXISTS.
  virtual absl::Status CreateRepository(const std::string& name,
                                        const google::protobuf::Timestamp& time) = 0;

  // With its versions and tags. NOT_FOUND.
  virtual absl::Status DeleteRepository(const std::string& name) = 0;

  // Under another name, with its versions and tags. NOT_FOUND: `from` is not there.
  // ALREADY_EXISTS: `to` is.
  virtual absl::Status MoveRepository(const std::string& from, const std::string& to) = 0;

  // A repository is private until it is made public. NOT_FOUND.
  virtual absl::Status SetVisibility(const std::string& name, v1::Visibility visibility) = 0;

  // NOT_FOUND: there is no such repository.
  virtual absl::StatusOr<v1::Repository> GetRepository(const std::string& name) = 0;

  // By name where the order makes no difference.
  virtual absl::StatusOr<RepositoryPage> ListRepositories(const RepositoryQuery& query) = 0;

  // NOT_FOUND: there is no such tag.
  virtual absl::StatusOr<v1::Tag> GetTag(const std::string& repository, const std::string& tag) = 0;

  // Makes or changes a tag. NOT_FOUND: its version is not there.
  virtual absl::Status PutTag(const std::string& repository, const std::string& tag,
                              const v1::Tag& contents) = 0;

  // NOT_FOUND: there is no such tag.
  virtual absl::Status DeleteTag(const std::string& repository, const std::string& tag) = 0;

  // Whether some version has a file with this digest.
  virtual absl::StatusOr<bool> IsReferenced(const std::string& digest) = 0;

  // How git names the blob with this digest, if that was kept; else empty.
  virtual absl::StatusOr<std::string> GetGitOid(const std::string& digest) = 0;
  virtual absl::Status PutGitOid(const std::string& digest, const std::string& git_oid) = 0;

  // Access tokens. `hash`: of a token's text, which is not kept.
  // ALREADY_EXISTS: there is one of this name or hash.
  virtual absl::Status AddToken(const std::string& hash, const v1::AccessToken& token) = 0;
  // NOT_FOUND: there is no such token.
  virtual absl::StatusOr<v1::AccessToken> FindToken(const std::string& hash) = 0;
  // Ordered by name.
  virtual absl::StatusOr<std::vector<v1::AccessToken>> ListTokens() = 0;
  // NOT_FOUND: there is no such token.
  virtual absl::Status DeleteToken(const std::string& name) = 0;

  // The secret of the store, which all share who have it open: what was proposed first.
  virtual absl::StatusOr<std::string> KeepSecret(const std::string& proposal) = 0;
};

}  // namespace ropewalk
