#include "services/registry/access/call_guard.h"

#include "services/common/resource_name.h"
#include "services/common/status_macros.h"

namespace ropewalk {

absl::StatusOr<Caller> CallGuard::CallerOf(const grpc::ServerContext& context) const {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) return access_->Authenticate("");
  return access_->Authenticate(absl::string_view(found->second.data(), found->second.size()));
}

absl::Status CallGuard::MayRead(const grpc::ServerContext& context, const std::string& name) const {
  ASSIGN_OR_RETURN(const Caller caller, CallerOf(context));
  ASSIGN_OR_RETURN(const ResourceName resource, ParseResourceName(name));
  return access_->CheckMayRead(caller, resource.repository);
}

absl::Status CallGuard::MayWrite(const grpc::ServerContext& context,
                                 const std::string& name) const {
  ASSIGN_OR_RETURN(const Caller caller, CallerOf(context));
  ASSIGN_OR_RETURN(const ResourceName resource, ParseResourceName(name));
  return caller.CheckMayWrite(NamespaceOf(resource.repository));
}

absl::StatusOr<Caller> CallGuard::ReaderOf(const grpc::ServerContext& context) const {
  ASSIGN_OR_RETURN(Caller caller, CallerOf(context));
  RETURN_IF_ERROR(caller.CheckMayRead());
  return caller;
}

absl::Status CallGuard::MayRead(const grpc::ServerContext& context) const {
  return ReaderOf(context).status();
}

absl::Status CallGuard::MayUpload(const grpc::ServerContext& context) const {
  ASSIGN_OR_RETURN(const Caller caller, CallerOf(context));
  return caller.CheckMayWriteSomewhere();
}

absl::Status CallGuard::MayAdminister(const grpc::ServerContext& context) const {
  ASSIGN_OR_RETURN(const Caller caller, CallerOf(context));
  return caller.CheckIsAdmin();
}

}  // namespace ropewalk
