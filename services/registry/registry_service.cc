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

grpc::Status RegistryServiceImpl::FindMissingBlobs(grpc::ServerContext* context,
                                                   const v1::FindMissingBlobsRequest* request,
                                                   v1::FindMissingBlobsResponse* response) {
  if (const absl::Status may = guard_.MayUpload(*context); !may.ok()) return ToGrpcStatus(may);
  return Answer(registry_->FindMissingBlobs(*request), response);
}

grpc::Status RegistryServiceImpl::QueryUpload(grpc::ServerContext* context,
                                              const v1::QueryUploadRequest* request,
                                              v1::QueryUploadResponse* response) {
  if (const absl::Status may = guard_.MayUpload(*context); !may.ok()) return ToGrpcStatus(may);
  return Answer(registry_->QueryUpload(*request), response);
}

grpc::Status RegistryServiceImpl::UploadBlob(grpc::ServerContext* context,
                                             grpc::ServerReader<v1::UploadBlobRequest>* stream,
                                             v1::UploadBlobResponse* response) {
  if (const absl::Status may = guard_.MayUpload(*context); !may.ok()) return ToGrpcStatus(may);
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
    grpc::ServerContext* context, const v1::DownloadBlobRequest* request,
    grpc::ServerWriter<v1::DownloadBlobResponse>* stream) {
  if (const absl::Status may = guard_.MayRead(*context); !may.ok()) return ToGrpcStatus(may);
  const absl::Status status = Send(*request, registry_, stream);
  if (absl::IsDataLoss(status)) {
    LogError("a blob is damaged", {{"error", status.ToString()}});
  }
  return ToGrpcStatus(status);
}

grpc::Status RegistryServiceImpl::CreateVersion(grpc::ServerContext* context,
                                                const v1::CreateVersionRequest* request,
                                                v1::Version* response) {
  const absl::Status may = guard_.MayWrite(*context, request->repository());
  if (!may.ok()) return ToGrpcStatus(may);
  const grpc::Status status = Answer(registry_->CreateVersion(*request), response);
  if (status.ok()) LogInfo("published", {{"version", response->name()}});
  return status;
}

grpc::Status RegistryServiceImpl::GetVersion(grpc::ServerContext* context,
                                             const v1::GetVersionRequest* request,
                                             v1::Version* response) {
  const absl::Status may = guard_.MayRead(*context, request->name());
  if (!may.ok()) return ToGrpcStatus(may);
  return Answer(registry_->GetVersion(*request), response);
}

grpc::Status RegistryServiceImpl::ListVersions(grpc::ServerContext* context,
                                               const v1::ListVersionsRequest* request,
                                               v1::ListVersionsResponse* response) {
  const absl::StatusOr<Caller> caller = guard_.ReaderOf(*context);
  if (!caller.ok()) return ToGrpcStatus(caller.status());
  return Answer(registry_->ListVersions(*request, caller->visible_to()), response);
}

grpc::Status RegistryServiceImpl::DeleteVersion(grpc::ServerContext* context,
                                                const v1::DeleteVersionRequest* request,
                                                google::protobuf::Empty*) {
  const absl::Status may = guard_.MayWrite(*context, request->name());
  if (!may.ok()) return ToGrpcStatus(may);
  const absl::Status status = registry_->DeleteVersion(*request);
  if (status.ok()) LogInfo("deleted", {{"version", request->name()}});
  return ToGrpcStatus(status);
}

grpc::Status RegistryServiceImpl::ListRepositories(grpc::ServerContext* context,
                                                   const v1::ListRepositoriesRequest* request,
                                                   v1::ListRepositoriesResponse* response) {
  const absl::StatusOr<Caller> caller = guard_.ReaderOf(*context);
  if (!caller.ok()) return ToGrpcStatus(caller.status());
  return Answer(registry_->ListRepositories(*request, caller->visible_to()), response);
}

grpc::Status RegistryServiceImpl::SetTag(grpc::ServerContext* context,
                                         const v1::SetTagRequest* request, v1::Tag* response) {
  const absl::Status may = guard_.MayWrite(*context, request->name());
  if (!may.ok()) return ToGrpcStatus(may);
  return Answer(registry_->SetTag(*request), response);
}

grpc::Status RegistryServiceImpl::DeleteTag(grpc::ServerContext* context,
                                            const v1::DeleteTagRequest* request,
                                            google::protobuf::Empty*) {
  const absl::Status may = guard_.MayWrite(*context, request->name());
  if (!may.ok()) return ToGrpcStatus(may);
  return ToGrpcStatus(registry_->DeleteTag(*request));
}

grpc::Status RegistryServiceImpl::SetVisibility(grpc::ServerContext* context,
                                                const v1::SetVisibilityRequest* request,
                                                v1::Repository* response) {
  const absl::Status may = guard_.MayWrite(*context, request->name());
  if (!may.ok()) return ToGrpcStatus(may);
  return Answer(registry_->SetVisibility(*request), response);
}

grpc::Status RegistryServiceImpl::CollectGarbage(grpc::ServerContext* context,
                                                 const v1::CollectGarbageRequest* request,
                                                 v1::CollectGarbageResponse* response) {
  if (const absl::Status may = guard_.MayAdminister(*context); !may.ok()) return ToGrpcStatus(may);
  return Answer(registry_->CollectGarbage(request->dry_run()), response);
}

}  // namespace ropewalk
