#pragma once

#include <map>
#include <string>
#include <vector>

#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/common/mutex.h"

namespace ropewalk {

// A registry in memory, with as much of the contract as commands use. It counts uploads.
class FakeRegistryService : public v1::RegistryService::Service {
 public:
  int uploads() const;
  // Whether a repository has a version.
  bool Has(const std::string& repository) const;

  grpc::Status FindMissingBlobs(grpc::ServerContext* context,
                                const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override;
  grpc::Status QueryUpload(grpc::ServerContext* context, const v1::QueryUploadRequest* request,
                           v1::QueryUploadResponse* response) override;
  grpc::Status UploadBlob(grpc::ServerContext* context,
                          grpc::ServerReader<v1::UploadBlobRequest>* reader,
                          v1::UploadBlobResponse* response) override;
  grpc::Status DownloadBlob(grpc::ServerContext* context, const v1::DownloadBlobRequest* request,
                            grpc::ServerWriter<v1::DownloadBlobResponse>* writer) override;
  grpc::Status CreateVersion(grpc::ServerContext* context, const v1::CreateVersionRequest* request,
                             v1::Version* response) override;
  grpc::Status GetVersion(grpc::ServerContext* context, const v1::GetVersionRequest* request,
                          v1::Version* response) override;
  grpc::Status ListVersions(grpc::ServerContext* context, const v1::ListVersionsRequest* request,
                            v1::ListVersionsResponse* response) override;
  grpc::Status ListRepositories(grpc::ServerContext* context,
                                const v1::ListRepositoriesRequest* request,
                                v1::ListRepositoriesResponse* response) override;
  grpc::Status SetTag(grpc::ServerContext* context, const v1::SetTagRequest* request,
                      v1::Tag* response) override;
  grpc::Status DeleteVersion(grpc::ServerContext* context, const v1::DeleteVersionRequest* request,
                             google::protobuf::Empty* response) override;

 private:
  mutable Mutex mutex_;
  int uploads_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::string> blobs_ ABSL_GUARDED_BY(mutex_);
  // By every name that means it: its own, its tags', and its repository's for the latest.
  std::map<std::string, v1::Version> versions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
