#pragma once

#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/registry/registry.h"

namespace ropewalk {

// The registry over gRPC.
class RegistryServiceImpl final : public v1::RegistryService::Service {
 public:
  // `registry` is not owned and outlives the service.
  explicit RegistryServiceImpl(Registry* registry) : registry_(registry) {}

  grpc::Status FindMissingBlobs(grpc::ServerContext*, const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override;
  grpc::Status QueryUpload(grpc::ServerContext*, const v1::QueryUploadRequest* request,
                           v1::QueryUploadResponse* response) override;
  grpc::Status UploadBlob(grpc::ServerContext*, grpc::ServerReader<v1::UploadBlobRequest>* stream,
                          v1::UploadBlobResponse* response) override;
  grpc::Status DownloadBlob(grpc::ServerContext*, const v1::DownloadBlobRequest* request,
                            grpc::ServerWriter<v1::DownloadBlobResponse>* stream) override;
  grpc::Status CreateVersion(grpc::ServerContext*, const v1::CreateVersionRequest* request,
                             v1::Version* response) override;
  grpc::Status GetVersion(grpc::ServerContext*, const v1::GetVersionRequest* request,
                          v1::Version* response) override;
  grpc::Status ListVersions(grpc::ServerContext*, const v1::ListVersionsRequest* request,
                            v1::ListVersionsResponse* response) override;
  grpc::Status DeleteVersion(grpc::ServerContext*, const v1::DeleteVersionRequest* request,
                             google::protobuf::Empty* response) override;
  grpc::Status ListRepositories(grpc::ServerContext*, const v1::ListRepositoriesRequest* request,
                                v1::ListRepositoriesResponse* response) override;
  grpc::Status SetTag(grpc::ServerContext*, const v1::SetTagRequest* request,
                      v1::Tag* response) override;
  grpc::Status DeleteTag(grpc::ServerContext*, const v1::DeleteTagRequest* request,
                         google::protobuf::Empty* response) override;
  grpc::Status CollectGarbage(grpc::ServerContext*, const v1::CollectGarbageRequest* request,
                              v1::CollectGarbageResponse* response) override;

 private:
  Registry* const registry_;
};

}  // namespace ropewalk
