#include "services/registry/registry_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/grpc_status.h"
#include "services/common/logging.h"
#include "services/common/metrics.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kMaxUploadDataBytes = 2 << 20;

template <typename T>
grpc::Status Answer(absl::StatusOr<T> result, T* response) {
  if (!result.ok()) return ToGrpcStatus(result.status());
  *response = *std::move(result);
  return grpc::Status::OK;
}

void CountBytes(const char* direction, size_t bytes) {
  CounterMetric("ropewalk_registry_blob_bytes_total", "Bytes of blobs moved, by direction.",
                {{"direction", direction}})
      .Increment(static_cast<double>(bytes));
}

absl::Status CheckLength(const v1::UploadBlobRequest& message) {
  if (message.data().size() <= kMaxUploadDataBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("a message has ", message.data().size(),
                                                 " bytes of data; at most ", kMaxUploadDataBytes,
                                                 " are allowed"));
}

// Takes messages until the client is done, or is gone: either way all that came counts.
absl::Status Receive(v1::UploadBlobRequest* message,
                     grpc::ServerReader<v1::UploadBlobRequest>* stream, BlobUpload* upload) {
  do {
    RETURN_IF_ERROR(CheckLength(*message));
    RETURN_IF_ERROR(upload->Append(message->data()));
    CountBytes("in", message->data().size());
  } while (stream->Read(message));
  return upload->Finish();
}

absl::Status Send(const v1::DownloadBlobRequest& request, Registry* registry,
                  grpc::ServerWriter<v1::DownloadBlobResponse>* stream) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, registry->ReadBlob(request));
  v1::DownloadBlobResponse response;
  while (true) {
    ASSIGN_OR_RETURN(*response.mutable_data(), reader->Next());
    if (response.data().empty()) return absl::OkStatus();
    if (!stream->Write(response)) return absl::CancelledError("the client is gone");
    CountBytes("out", response.data().size());
  }
}

}  // namespace

grpc::Status RegistryServiceImpl::FindMissingBlobs(grpc::ServerContext*,
                                                   const v1::FindMissingBlobsRequest* request,
                                                   v1::FindMissingBlobsResponse* response) {
  return Answer(registry_->FindMissingBlobs(*request), response);
}

grpc::Status RegistryServiceImpl::QueryUpload(grpc::ServerContext*,
                                              const v1::QueryUploadRequest* request,
                                              v1::QueryUploadResponse* response) {
  return Answer(registry_->QueryUpload(*request), response);
}

grpc::Status RegistryServiceImpl::UploadBlob(grpc::ServerContext*,
                                             grpc::ServerReader<v1::UploadBlobRequest>* stream,
                                             v1::UploadBlobResponse* response) {
  v1::UploadBlobRequest message;
  if (!stream->Read(&message)) {
    return ToGrpcStatus(absl::InvalidArgumentError("the upload has no first message"));
  }
  const auto upload = registry_->BeginUpload(message);
  if (!upload.ok()) return ToGrpcStatus(upload.status());
  response->set_committed_bytes(message.size_bytes());
  if (*upload == nullptr) return grpc::Status::OK;
  return ToGrpcStatus(Receive(&message, stream, upload->get()));
}

grpc::Status RegistryServiceImpl::DownloadBlob(
    grpc::ServerContext*, const v1::DownloadBlobRequest* request,
    grpc::ServerWriter<v1::DownloadBlobResponse>* stream) {
  const absl::Status status = Send(*request, registry_, stream);
  if (absl::IsDataLoss(status)) {
    LogError("a blob is damaged", {{"error", status.ToString()}});
  }
  return ToGrpcStatus(status);
}

grpc::Status RegistryServiceImpl::CreateVersion(grpc::ServerContext*,
                                                const v1::CreateVersionRequest* request,
                                                v1::Version* response) {
  const grpc::Status status = Answer(registry_->CreateVersion(*request), response);
  if (status.ok()) LogInfo("published", {{"version", response->name()}});
  return status;
}

grpc::Status RegistryServiceImpl::GetVersion(grpc::ServerContext*,
                                             const v1::GetVersionRequest* request,
                                             v1::Version* response) {
  return Answer(registry_->GetVersion(*request), response);
}

grpc::Status RegistryServiceImpl::ListVersions(grpc::ServerContext*,
                                               const v1::ListVersionsRequest* request,
                                               v1::ListVersionsResponse* response) {
  return Answer(registry_->ListVersions(*request), response);
}

grpc::Status RegistryServiceImpl::DeleteVersion(grpc::ServerContext*,
                                                const v1::DeleteVersionRequest* request,
                                                google::protobuf::Empty*) {
  const absl::Status status = registry_->DeleteVersion(*request);
  if (status.ok()) LogInfo("deleted", {{"version", request->name()}});
  return ToGrpcStatus(status);
}

grpc::Status RegistryServiceImpl::ListRepositories(grpc::ServerContext*,
                                                   const v1::ListRepositoriesRequest* request,
                                                   v1::ListRepositoriesResponse* response) {
  return Answer(registry_->ListRepositories(*request), response);
}

grpc::Status RegistryServiceImpl::SetTag(grpc::ServerContext*, const v1::SetTagRequest* request,
                                         v1::Tag* response) {
  return Answer(registry_->SetTag(*request), response);
}

grpc::Status RegistryServiceImpl::DeleteTag(grpc::ServerContext*,
                                            const v1::DeleteTagRequest* request,
                                            google::protobuf::Empty*) {
  return ToGrpcStatus(registry_->DeleteTag(*request));
}

grpc::Status RegistryServiceImpl::CollectGarbage(grpc::ServerContext*,
                                                 const v1::CollectGarbageRequest* request,
                                                 v1::CollectGarbageResponse* response) {
  return Answer(registry_->CollectGarbage(request->dry_run()), response);
}

}  // namespace ropewalk
