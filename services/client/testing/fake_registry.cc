#include "services/client/testing/fake_registry.h"

#include "services/common/manifest.h"
#include "services/common/resource_name.h"

namespace ropewalk {
namespace {

grpc::Status NotFound(const std::string& name) {
  return {grpc::StatusCode::NOT_FOUND, "there is no " + name};
}

}  // namespace

int FakeRegistryService::uploads() const {
  MutexLock lock(&mutex_);
  return uploads_;
}

bool FakeRegistryService::Has(const std::string& repository) const {
  MutexLock lock(&mutex_);
  return versions_.count(repository) > 0;
}

grpc::Status FakeRegistryService::FindMissingBlobs(grpc::ServerContext*,
                                                   const v1::FindMissingBlobsRequest* request,
                                                   v1::FindMissingBlobsResponse* response) {
  MutexLock lock(&mutex_);
  for (const std::string& digest : request->digests()) {
    if (blobs_.count(digest) == 0) response->add_missing_digests(digest);
  }
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::QueryUpload(grpc::ServerContext*, const v1::QueryUploadRequest*,
                                              v1::QueryUploadResponse*) {
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::UploadBlob(grpc::ServerContext*,
                                             grpc::ServerReader<v1::UploadBlobRequest>* reader,
                                             v1::UploadBlobResponse* response) {
  v1::UploadBlobRequest part;
  std::string digest, bytes;
  while (reader->Read(&part)) {
    if (!part.digest().empty()) digest = part.digest();
    bytes += part.data();
  }
  response->set_committed_bytes(static_cast<int64_t>(bytes.size()));
  MutexLock lock(&mutex_);
  ++uploads_;
  blobs_[digest] = bytes;
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::DownloadBlob(
    grpc::ServerContext*, const v1::DownloadBlobRequest* request,
    grpc::ServerWriter<v1::DownloadBlobResponse>* writer) {
  v1::DownloadBlobResponse response;
  {
    MutexLock lock(&mutex_);
    response.set_data(blobs_[request->digest()].substr(request->offset()));
  }
  writer->Write(response);
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::CreateVersion(grpc::ServerContext*,
                                                const v1::CreateVersionRequest* request,
                                                v1::Version* response) {
  response->set_name(VersionName(request->repository(), VersionId(request->files())));
  *response->mutable_files() = request->files();
  *response->mutable_lineage() = request->lineage();
  for (const v1::File& file : request->files()) {
    response->set_total_bytes(response->total_bytes() + file.size_bytes());
  }
  MutexLock lock(&mutex_);
  versions_[response->name()] = *response;
  versions_[request->repository()] = *response;
  for (const std::string& tag : request->tags()) {
    versions_[TagName(request->repository(), tag)] = *response;
  }
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::GetVersion(grpc::ServerContext*,
                                             const v1::GetVersionRequest* request,
                                             v1::Version* response) {
  MutexLock lock(&mutex_);
  const auto found = versions_.find(request->name());
  if (found == versions_.end()) return NotFound(request->name());
  *response = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::ListVersions(grpc::ServerContext*,
                                               const v1::ListVersionsRequest* request,
                                               v1::ListVersionsResponse* response) {
  MutexLock lock(&mutex_);
  const std::string prefix = request->parent() + "/versions/";
  for (auto at = versions_.lower_bound(prefix);
       at != versions_.end() && at->first.rfind(prefix, 0) == 0; ++at) {
    *response->add_versions() = at->second;
  }
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::ListRepositories(grpc::ServerContext*,
                                                   const v1::ListRepositoriesRequest* request,
                                                   v1::ListRepositoriesResponse* response) {
  MutexLock lock(&mutex_);
  for (const auto& [name, version] : versions_) {
    const auto parsed = ParseResourceName(name);
    if (!parsed.ok() || parsed->kind() != request->kind()) continue;
    if (parsed->repository == name) response->add_repositories()->set_name(name);
    if (parsed->tag.empty()) continue;
    // Names are in order: a repository's own comes before those of its tags.
    v1::Tag* const tag =
        response->mutable_repositories(response->repositories_size() - 1)->add_tags();
    tag->set_name(name);
    tag->set_version(version.name());
  }
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::SetTag(grpc::ServerContext*, const v1::SetTagRequest* request,
                                         v1::Tag* response) {
  MutexLock lock(&mutex_);
  const auto found = versions_.find(request->version());
  if (found == versions_.end()) return NotFound(request->version());
  versions_[request->name()] = found->second;
  response->set_name(request->name());
  response->set_version(request->version());
  response->set_immutable(request->immutable());
  return grpc::Status::OK;
}

grpc::Status FakeRegistryService::DeleteVersion(grpc::ServerContext*,
                                                const v1::DeleteVersionRequest* request,
                                                google::protobuf::Empty*) {
  MutexLock lock(&mutex_);
  return versions_.erase(request->name()) > 0 ? grpc::Status::OK : NotFound(request->name());
}

}  // namespace ropewalk
