#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "services/common/mutex.h"
#include "services/registry/registry.h"

namespace ropewalk {

// Model cards by the digest of their README.md, so that one is read and parsed once. Thread-safe.
class CardCache {
 public:
  // `registry` is not owned and outlives the cache.
  explicit CardCache(Registry* registry) : registry_(registry) {}

  // What ParseModelCard says of the version's README.md; null without one, or if it is large.
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Get(const v1::Version& version);

 private:
  void Keep(const std::string& digest, std::string card);

  Registry* const registry_;
  Mutex mutex_;
  std::map<std::string, std::string> cards_ ABSL_GUARDED_BY(mutex_);  // as JSON, by digest
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace ropewalk
