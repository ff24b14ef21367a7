#include "services/common/registry_client.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/access_service.grpc.pb.h"
#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/common/blob_transfer.h"
#include "services/common/call_monitor.h"
#include "services/common/channel.h"
#include "services/common/files.h"
#include "services/common/manifest.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/common/version_folder.h"

namespace ropewalk {
namespace {

using Stub = v1::RegistryService::StubInterface;
using AccessStub = v1::AccessService::StubInterface;

constexpr int kDigestsPerQuestion = 10'000;

absl::StatusOr<v1::File> Describe(const SourceFile& source) {
  v1::File file;
  file.set_path(source.path);
  if (source.local_path.empty()) {
    file.set_digest(Sha256Hex(source.bytes));
    file.set_size_bytes(source.bytes.size());
    return file;
  }
  ASSIGN_OR_RETURN(*file.mutable_digest(), Sha256OfFile(source.local_path));
  std::error_code error;
  file.set_size_bytes(std::filesystem::file_size(source.local_path, error));
  if (error) return FileError(error.value(), absl::StrCat("cannot read ", source.local_path));
  return file;
}

}  // namespace

SourceFile SourceFile::OnDisk(std::string path, std::string local_path) {
  return {std::move(path), std::move(local_path), ""};
}

SourceFile SourceFile::InMemory(std::string path, std::string bytes) {
  return {std::move(path), "", std::move(bytes)};
}

absl::StatusOr<std::vector<SourceFile>> SourceFilesBelow(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListFilesBelow(folder));
  std::vector<SourceFile> files;
  for (const std::string& path : paths) {
    files.push_back(SourceFile::OnDisk(path, absl::StrCat(folder, "/", path)));
  }
  return files;
}

std::vector<SourceFile> SourceFilesInMemory(std::map<std::string, std::string> files) {
  std::vector<SourceFile> sources;
  for (auto& [path, bytes] : files) {
    sources.push_back(SourceFile::InMemory(path, std::move(bytes)));
  }
  return sources;
}

struct RegistryClient::State {
  State(const std::shared_ptr<grpc::Channel>& channel, absl::Duration stall_timeout,
        const std::string& authorization)
      : stub(v1::RegistryService::NewStub(channel)),
        access(v1::AccessService::NewStub(channel)),
        monitor(stall_timeout, authorization) {}

  template <typename AnyStub, typename Request, typename Response>
  using Method = grpc::Status (AnyStub::*)(grpc::ClientContext*, const Request&, Response*);

  // All unary methods may be repeated safely; a token that was made twice is only not used once.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Stub, Request, Response> method, const Request& request) {
    return CallOf(stub.get(), method, request);
  }

  template <typename AnyStub, typename Request, typename Response>
  absl::StatusOr<Response> CallOf(AnyStub* any_stub, Method<AnyStub, Request, Response> method,
                                  const Request& request) {
    Response response;
    const int64_t no_progress = 0;
    RETURN_IF_ERROR(WithRetries(&monitor, &no_progress, [&] {
      CallMonitor::Call call(&monitor);
      return call.Finish((any_stub->*method)(call.context(), request, &response));
    }));
    return response;
  }

  absl::StatusOr<std::set<std::string>> FindMissing(const v1::CreateVersionRequest& version);

  std::unique_ptr<Stub> stub;
  std::unique_ptr<AccessStub> access;
  CallMonitor monitor;
};

absl::StatusOr<std::set<std::string>> RegistryClient::State::FindMissing(
    const v1::CreateVersionRequest& version) {
  std::set<std::string> missing;
  for (int begin = 0; begin < version.files_size(); begin += kDigestsPerQuestion) {
    v1::FindMissingBlobsRequest request;
    const int end = std::min(version.files_size(), begin + kDigestsPerQuestion);
    for (int i = begin; i < end; ++i) request.add_digests(version.files(i).digest());
    ASSIGN_OR_RETURN(const v1::FindMissingBlobsResponse response,
                     Call(&Stub::FindMissingBlobs, request));
    missing.insert(response.missing_digests().begin(), response.missing_digests().end());
  }
  return missing;
}

std::unique_ptr<RegistryClient> RegistryClient::Connect(const std::string& address,
                                                        absl::Duration stall_timeout,
                                                        const std::string& token) {
  const std::string authorization = token.empty() ? "" : absl::StrCat("Bearer ", token);
  return std::unique_ptr<RegistryClient>(new RegistryClient(
      std::make_unique<State>(DialChannel(address), stall_timeout, authorization)));
}

std::string RegistryClient::TokenFromEnvironment() {
  const char* const token = std::getenv("ROPEWALK_TOKEN");
  return token == nullptr ? "" : token;
}

RegistryClient::RegistryClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
RegistryClient::~RegistryClient() = default;

absl::StatusOr<v1::Version> RegistryClient::GetVersion(const std::string& name,
                                                       const std::string& expected_base_digest) {
  v1::GetVersionRequest request;
  request.set_name(name);
  request.set_expected_base_model_digest(expected_base_digest);
  return state_->Call(&Stub::GetVersion, request);
}

absl::StatusOr<v1::Version> RegistryClient::Publish(const std::string& repository,
                                                    const std::vector<SourceFile>& files,
                                                    const v1::Lineage& lineage,
                                                    const std::vector<std::string>& tags) {
  v1::CreateVersionRequest request;
  request.set_repository(repository);
  *request.mutable_lineage() = lineage;
  request.mutable_tags()->Add(tags.begin(), tags.end());
  for (const SourceFile& file : files) {
    ASSIGN_OR_RETURN(*request.add_files(), Describe(file));
  }
  RETURN_IF_ERROR(ValidateManifest(request.files()));
  ASSIGN_OR_RETURN(std::set<std::string> missing, state_->FindMissing(request));
  for (size_t i = 0; i < files.size(); ++i) {
    if (missing.erase(request.files(i).digest()) == 0) continue;
    RETURN_IF_ERROR(UploadFile(state_->stub.get(), &state_->monitor, files[i], request.files(i)));
  }
  return state_->Call(&Stub::CreateVersion, request);
}

absl::Status RegistryClient::FetchVersion(const v1::Version& version, const std::string& folder) {
  return MakeVersionFolder(version, folder, [this](const v1::File& file, const std::string& path) {
    return DownloadFile(state_->stub.get(), &state_->monitor, file, path);
  });
}

absl::StatusOr<v1::ListVersionsResponse> RegistryClient::ListVersions(
    const v1::ListVersionsRequest& request) {
  return state_->Call(&Stub::ListVersions, request);
}

absl::StatusOr<v1::ListRepositoriesResponse> RegistryClient::ListRepositories(
    const v1::ListRepositoriesRequest& request) {
  return state_->Call(&Stub::ListRepositories, request);
}

absl::Status RegistryClient::DeleteVersion(const std::string& name) {
  v1::DeleteVersionRequest request;
  request.set_name(name);
  return state_->Call(&Stub::DeleteVersion, request).status();
}

absl::StatusOr<v1::Tag> RegistryClient::SetTag(const v1::SetTagRequest& request) {
  return state_->Call(&Stub::SetTag, request);
}

absl::Status RegistryClient::DeleteTag(const std::string& name) {
  v1::DeleteTagRequest request;
  request.set_name(name);
  return state_->Call(&Stub::DeleteTag, request).status();
}

absl::StatusOr<v1::Repository> RegistryClient::SetVisibility(const std::string& name,
                                                             v1::Visibility visibility) {
  v1::SetVisibilityRequest request;
  request.set_name(name);
  request.set_visibility(visibility);
  return state_->Call(&Stub::SetVisibility, request);
}

absl::StatusOr<v1::CreateTokenResponse> RegistryClient::CreateToken(
    const v1::CreateTokenRequest& request) {
  return state_->CallOf(state_->access.get(), &AccessStub::CreateToken, request);
}

absl::StatusOr<v1::ListTokensResponse> RegistryClient::ListTokens() {
  return state_->CallOf(state_->access.get(), &AccessStub::ListTokens, v1::ListTokensRequest());
}

absl::Status RegistryClient::DeleteToken(const std::string& name) {
  v1::DeleteTokenRequest request;
  request.set_name(name);
  return state_->CallOf(state_->access.get(), &AccessStub::DeleteToken, request).status();
}

absl::StatusOr<v1::CollectGarbageResponse> RegistryClient::CollectGarbage(bool dry_run) {
  v1::CollectGarbageRequest request;
  request.set_dry_run(dry_run);
  return state_->Call(&Stub::CollectGarbage, request);
}

void RegistryClient::Cancel() { state_->monitor.CancelAll(); }

}  // namespace ropewalk
