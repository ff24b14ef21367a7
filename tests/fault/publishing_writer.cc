#include "tests/fault/publishing_writer.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/manifest.h"
#include "services/common/resource_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "tests/fault/random_bytes.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);
constexpr size_t kMostVersions = 12;
constexpr size_t kSmallBytes = 20'000;
constexpr size_t kLargeBytes = 2'500'000;  // Several messages of an upload.
constexpr char kLatest[] = "latest";

struct Manifest {
  google::protobuf::RepeatedPtrField<v1::File> files;
  std::vector<std::string> digests;
};

Manifest ManifestOf(const std::vector<SourceFile>& files) {
  Manifest manifest;
  for (const SourceFile& source : files) {
    v1::File* const file = manifest.files.Add();
    file->set_path(source.path);
    file->set_digest(Sha256Hex(source.bytes));
    file->set_size_bytes(static_cast<int64_t>(source.bytes.size()));
    manifest.digests.push_back(file->digest());
  }
  return manifest;
}

}  // namespace

PublishingWriter::PublishingWriter(CrashSite* site, std::string repository, uint64_t seed)
    : site_(site), repository_(std::move(repository)), random_(seed) {
  client_ = RegistryClient::Connect(site_->registry().grpc_address(), kPatience);
}

void PublishingWriter::Step() {
  const uint64_t draw = Draw(100);
  if (acknowledged_.versions().size() > kMostVersions) return DeleteVersion();
  if (draw < 55) return Publish();
  if (draw < 70) return MoveTag();
  if (draw < 75) return DeleteTag();
  if (draw < 80) return DeleteVersion();
  Collect();
}

// A connection that broke is given up: a new one does not wait before it tries.
void PublishingWriter::Handle(absl::string_view call, const absl::Status& status) {
  if (status.ok()) return site_->Acknowledge(call, {});
  site_->TakeFailure(absl::StrCat(call, " in ", repository_), status);
  client_ = RegistryClient::Connect(site_->registry().grpc_address(), kPatience);
}

std::vector<SourceFile> PublishingWriter::RandomFiles() {
  std::vector<SourceFile> files;
  const bool large = Draw(8) == 0;
  files.push_back(
      SourceFile::InMemory("model.bin", RandomBytes(large ? kLargeBytes : kSmallBytes, &random_)));
  if (Draw(2) == 0) files.push_back(SourceFile::InMemory("common.txt", repository_));
  if (Draw(2) == 0) {
    files.push_back(SourceFile::InMemory("sub/notes.txt", RandomBytes(100, &random_)));
  }
  return files;
}

// Half of the time what was broken off is taken up again; the rest is left for collections.
void PublishingWriter::Publish() {
  if (files_.empty() || Draw(2) == 0) files_ = RandomFiles();
  const Manifest manifest = ManifestOf(files_);
  const std::string version = VersionName(repository_, VersionId(manifest.files));
  std::vector<std::string> tags;
  if (Draw(2) == 0) tags.push_back(RandomTag());
  acknowledged_.TryVersion(version);
  acknowledged_.TryTag(kLatest, version);
  for (const std::string& tag : tags) acknowledged_.TryTag(tag, version);
  const absl::StatusOr<v1::Version> published =
      client_->Publish(repository_, files_, v1::Lineage(), tags);
  if (!published.ok()) return Handle("Publish", published.status());
  files_.clear();
  if (published->name() != version) {
    site_->AddProblem(absl::StrCat("published ", version, ", was told ", published->name()));
  }
  acknowledged_.HaveVersion(version);
  acknowledged_.HaveTag(kLatest, version);
  for (const std::string& tag : tags) acknowledged_.HaveTag(tag, version);
  site_->Acknowledge("Publish", manifest.digests);
}

std::string PublishingWriter::RandomVersion() {
  const std::vector<std::string> versions = acknowledged_.versions();
  return versions.empty() ? "" : versions[Draw(versions.size())];
}

void PublishingWriter::MoveTag() {
  const std::string version = RandomVersion();
  if (version.empty()) return;
  const std::string tag = RandomTag();
  v1::SetTagRequest request;
  request.set_name(TagName(repository_, tag));
  request.set_version(version);
  acknowledged_.TryTag(tag, version);
  const absl::Status status = client_->SetTag(request).status();
  if (status.ok()) acknowledged_.HaveTag(tag, version);
  Handle("SetTag", status);
}

void PublishingWriter::DeleteTag() {
  const std::string tag = RandomTag();
  const bool there = acknowledged_.HasTag(tag);
  acknowledged_.TryTag(tag, "");
  absl::Status status = client_->DeleteTag(TagName(repository_, tag));
  // It may never have been there, or an attempt whose answer was lost has deleted it.
  if (absl::IsNotFound(status)) status = absl::OkStatus();
  if (status.ok()) acknowledged_.HaveTag(tag, "");
  if (there || !status.ok()) Handle("DeleteTag", status);
}

void PublishingWriter::DeleteVersion() {
  const std::string version = RandomVersion();
  if (version.empty()) return;
  acknowledged_.TryDeleteVersion(version);
  absl::Status status = client_->DeleteVersion(version);
  if (absl::IsNotFound(status)) status = absl::OkStatus();
  if (status.ok()) acknowledged_.HaveNoVersion(version);
  Handle("DeleteVersion", status);
}

void PublishingWriter::Collect() {
  Handle("CollectGarbage", client_->CollectGarbage(/*dry_run=*/false).status());
}

absl::Status PublishingWriter::Check() {
  v1::ListVersionsRequest list;
  list.set_parent(repository_);
  list.set_page_size(1000);
  ASSIGN_OR_RETURN(const v1::ListVersionsResponse page, client_->ListVersions(list));
  std::set<std::string> versions;
  std::map<std::string, std::string> tags;
  for (const v1::Version& version : page.versions()) {
    versions.insert(version.name());
    for (const std::string& tag : version.tags()) tags[tag] = version.name();
  }
  return acknowledged_.Check(versions, tags);
}

}  // namespace ropewalk
