#include "services/registry/hub/hub_guard.h"

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/hub_error.h"

namespace ropewalk {
namespace {

enum class Need { kNothing, kSomeReading, kReading, kWriting };

Need NeedOf(const HubRequest& request) {
  switch (request.route.call) {
    case HubCall::kWhoAmI:
    case HubCall::kValidateYaml:
    case HubCall::kCreateRepo:
    case HubCall::kDeleteRepo:
    case HubCall::kMoveRepo:
    case HubCall::kLfsUpload:  // Its address is a permission by itself.
    case HubCall::kLfsPart:
      return Need::kNothing;
    case HubCall::kList:
      return Need::kSomeReading;
    case HubCall::kInfo:
    case HubCall::kTree:
    case HubCall::kPathsInfo:
    case HubCall::kRefs:
    case HubCall::kCommits:
    case HubCall::kResolve:
      return Need::kReading;
    case HubCall::kAuthCheck:
      return request.route.path == "write" ? Need::kWriting : Need::kReading;
    default:
      return Need::kWriting;
  }
}

}  // namespace

absl::Status HubGuard::Check(const HubRequest& request) {
  switch (NeedOf(request)) {
    case Need::kNothing:
      return absl::OkStatus();
    case Need::kSomeReading:
      return request.caller.CheckMayRead();
    case Need::kReading:
      return CheckMayRead(request);
    case Need::kWriting:
      // What one may not see, one is not told of.
      RETURN_IF_ERROR(CheckMayRead(request));
      return request.caller.CheckMayWrite(AuthorOf(request.route.id));
  }
  return absl::InternalError("a call that needs nothing known");
}

absl::Status HubGuard::CheckMayRead(const HubRequest& request) {
  const std::string& id = request.route.id;
  if (request.caller.Owns(AuthorOf(id))) return absl::OkStatus();
  if (const absl::Status may = request.caller.CheckMayRead(); !may.ok()) {
    return AsRepoNotFound(may);
  }
  ASSIGN_OR_RETURN(const v1::Repository repository,
                   catalog_.FindRepository(request.route.type, id));
  const absl::Status may = access_->CheckMayRead(request.caller, repository.name());
  return absl::IsNotFound(may) ? RepoNotFound(id) : may;
}

}  // namespace ropewalk
