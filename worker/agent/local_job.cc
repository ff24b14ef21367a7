#include "worker/agent/local_job.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/job_spec.h"

namespace ropewalk {

absl::StatusOr<v1::JobSpec> ParseLocalJob(const std::string& json) {
  v1::JobSpec spec;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &spec);
  if (!status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--job: ", status.ToString()));
  }
  return WithDefaults(std::move(spec));
}

TrainingFiles LocalFilesOf(const v1::JobSpec& spec) {
  return {spec.base_model(),
          {spec.train_data().begin(), spec.train_data().end()},
          {spec.eval_data().begin(), spec.eval_data().end()}};
}

}  // namespace ropewalk
