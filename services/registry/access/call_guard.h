#pragma once

#include <grpcpp/server_context.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/registry/access/access_control.h"

namespace ropewalk {

// Says of a gRPC call whether its caller may make it; errors as registry_service.proto has them.
// Thread-safe.
class CallGuard {
 public:
  // `access` is not owned and outlives this.
  explicit CallGuard(AccessControl* access) : access_(access) {}

  // A caller who may read what is public, at least.
  absl::StatusOr<Caller> ReaderOf(const grpc::ServerContext& context) const;

  // `name`: of a repository, or of a version or tag of one. INVALID_ARGUMENT: it is no such name.
  absl::Status MayRead(const grpc::ServerContext& context, const std::string& name) const;
  absl::Status MayWrite(const grpc::ServerContext& context, const std::string& name) const;

  // What public repositories have, blobs of known digests among it.
  absl::Status MayRead(const grpc::ServerContext& context) const;
  absl::Status MayUpload(const grpc::ServerContext& context) const;
  absl::Status MayAdminister(const grpc::ServerContext& context) const;

 private:
  absl::StatusOr<Caller> CallerOf(const grpc::ServerContext& context) const;

  AccessControl* const access_;
};

}  // namespace ropewalk
