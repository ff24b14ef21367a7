#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ropewalk/v1/job_service.pb.h"
#include "worker/train/training_job.h"

namespace ropewalk {

class RegistryClient;

// A job's inputs on this machine's disk, fetched from the registry once and kept by digest;
// whatever is here is whole and verified. Not thread-safe.
class InputCache {
 public:
  // `folder` is made if need be; it may be deleted whenever no worker runs.
  InputCache(std::string folder, RegistryClient* registry)
      : folder_(std::move(folder)), registry_(registry) {}

  // Fetches what is missing. The registry's errors, each naming the version.
  absl::StatusOr<TrainingFiles> Fetch(const v1::JobInputs& inputs);

  // The one file of a checkpoint's version, in memory.
  absl::StatusOr<std::string> FetchCheckpoint(const std::string& version);

 private:
  absl::StatusOr<std::string> FetchFolder(const std::string& version);

  const std::string folder_;
  RegistryClient* const registry_;
};

}  // namespace ropewalk
