#include "coordinator/rpc/job_request.h"

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "services/common/job_spec.h"
#include "services/common/resource_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxRequestId = 36;
constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789";

absl::Status CheckVersion(const std::string& field, const std::string& kind,
                          const std::string& name) {
  const absl::StatusOr<ResourceName> parsed = ParseResourceName(name);
  if (parsed.ok() && parsed->kind() == kind && !parsed->version.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("inputs.", field, " must be \"", kind,
                                                 "/{namespace}/{name}/versions/{version}\"; got \"",
                                                 name, "\""));
}

absl::Status CheckInputs(const v1::JobInputs& inputs) {
  RETURN_IF_ERROR(CheckVersion("base_model", "models", inputs.base_model()));
  if (inputs.train_data().empty()) {
    return absl::InvalidArgumentError("inputs.train_data must name at least one version");
  }
  for (const std::string& name : inputs.train_data()) {
    RETURN_IF_ERROR(CheckVersion("train_data", "datasets", name));
  }
  for (const std::string& name : inputs.eval_data()) {
    RETURN_IF_ERROR(CheckVersion("eval_data", "datasets", name));
  }
  return absl::OkStatus();
}

// Of what was asked for, before defaults: those may change between programs.
std::string HashOf(const v1::Job& job) {
  v1::Job asked;
  *asked.mutable_spec() = job.spec();
  *asked.mutable_inputs() = job.inputs();
  return Sha256Hex(asked.SerializeAsString());
}

}  // namespace

absl::StatusOr<NewJob> CheckJobRequest(const v1::CreateJobRequest& request) {
  if (request.request_id().size() > kMaxRequestId) {
    return absl::InvalidArgumentError(
        absl::StrCat("request_id must have at most ", kMaxRequestId, " characters"));
  }
  RETURN_IF_ERROR(ValidateJobSpec(request.job().spec()));
  RETURN_IF_ERROR(CheckInputs(request.job().inputs()));
  NewJob job;
  job.spec = WithDefaults(request.job().spec());
  job.inputs = request.job().inputs();
  job.request_id = request.request_id();
  job.request_hash = HashOf(request.job());
  return job;
}

std::string RandomJobName(const std::string& label, absl::BitGenRef random) {
  std::string name = absl::StrCat("jobs/", label, "-");
  for (int i = 0; i < 6; ++i) {
    name += kAlphabet[absl::Uniform<size_t>(random, 0, sizeof(kAlphabet) - 1)];
  }
  return name;
}

}  // namespace ropewalk
