#pragma once

#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/registry/access/call_guard.h"
#include "services/registry/registry.h"

namespace ropewalk {

// The registry over gRPC.
class RegistryServiceImpl final : public v1::RegistryService::Service {
 public:
  // Neither is owned; both outlive the service.
  RegistryServiceImpl(Registry* registry, AccessControl* access)
      : registry_(registry), guard_(access) {}

  grpc::Status FindMissingBlobs(grpc::ServerContext* context,
                                const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override;
  grpc::Status QueryUpload(grpc::ServerContext* context, const v1::QueryUploadRequest* request,
                           v1::QueryUploadResponse* response) override;
  grpc::Status UploadBlob(grpc::ServerContext* context,
                          grpc::ServerReader<v1::UploadBlobRequest>* stream,
                          v1::UploadBlobResponse* response) override;
  grpc::Status DownloadBlob(grpc::ServerContext* context, const v1::DownloadBlobRequest* request,
                            grpc::ServerWriter<v1::DownloadBlobResponse>* stream) override;
  grpc::Status CreateVersion(grpc::ServerContext* context, const v1::CreateVersionRequest* request,
                             v1::Version* response) override;
  grpc::Status GetVersion(grpc::ServerContext* context, const v1::GetVersionRequest* request,
                          v1::Version* response) override;
  grpc::Status ListVersions(grpc::ServerContext* context, const v1::ListVersionsRequest* request,
                            v1::ListVersionsResponse* response) override;
  grpc::Status DeleteVersion(grpc::ServerContext* context, const v1::DeleteVersionRequest* request,
                             google::protobuf::Empty* response) override;
  grpc::Status ListRepositories(grpc::ServerContext* context,
                                const v1::ListRepositoriesRequest* request,
                                v1::ListRepositoriesResponse* response) override;
  grpc::Status SetTag(grpc::ServerContext* context, const v1::SetTagRequest* request,
                      v1::Tag* response) override;
  grpc::Status DeleteTag(grpc::ServerContext* context, const v1::DeleteTagRequest* request,
                         google::protobuf::Empty* response) override;
  grpc::Status SetVisibility(grpc::ServerContext* context, const v1::SetVisibilityRequest* request,
                             v1::Repository* response) override;
  grpc::Status CollectGarbage(grpc::ServerContext* context,
                              const v1::CollectGarbageRequest* request,
                              v1::CollectGarbageResponse* response) override;

 private:
  Registry* const registry_;
  const CallGuard guard_;
};

}  // namespace ropewalk
