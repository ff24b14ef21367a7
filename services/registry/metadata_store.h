#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  int64_t before = 0;  // Only those older than this position; 0: from the newest.
  int limit = 0;
};

struct VersionPage {
  std::vector<v1::Version> versions;
  int64_t last = 0;   // Position of the last one.
  bool more = false;  // There are older ones.
};

struct RepositoryPage {
  std::vector<v1::Repository> repositories;
  bool more = false;
};

// Keeps versions and tags. Names given are well-formed. Every change is one transaction that is on
// the disk when the call returns. Thread-safe.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  // With its tags. NOT_FOUND: there is no such version.
  virtual absl::StatusOr<v1::Version> GetVersion(const std::string& repository,
                                                 const std::string& version) = 0;

  // Adds the version if it is not there, and points all of its tags to it, unprotected where new.
  virtual absl::Status PutVersion(const std::string& repository, const std::string& version,
                                  const v1::Version& contents) = 0;

  // Deletes the version and the tags on it. NOT_FOUND: there is no such version.
  virtual absl::Status DeleteVersion(const std::string& repository, const std::string& version) = 0;

  // Newest first.
  virtual absl::StatusOr<VersionPage> ListVersions(const VersionQuery& query) = 0;

  // Those with at least one version, by name, after the name `after`; `kind` empty: all.
  virtual absl::StatusOr<RepositoryPage> ListRepositories(const std::string& kind,
                                                          const std::string& after, int limit) = 0;

  // NOT_FOUND: there is no such tag.
  virtual absl::StatusOr<v1::Tag> GetTag(const std::string& repository, const std::string& tag) = 0;

  // Makes or changes a tag. NOT_FOUND: its version is not there.
  virtual absl::Status PutTag(const std::string& repository, const std::string& tag,
                              const v1::Tag& contents) = 0;

  // NOT_FOUND: there is no such tag.
  virtual absl::Status DeleteTag(const std::string& repository, const std::string& tag) = 0;

  // Whether some version has a file with this digest.
  virtual absl::StatusOr<bool> IsReferenced(const std::string& digest) = 0;
};

}  // namespace ropewalk
