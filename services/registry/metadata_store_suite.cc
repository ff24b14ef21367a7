#include "services/registry/metadata_store_suite.h"

#include "absl/strings/str_cat.h"
#include "services/common/resource_name.h"

namespace ropewalk {

void MetadataStoreSuite::SetUp() {
  place_ = GetParam()();
  Reopen();
}

void MetadataStoreSuite::Reopen() {
  store_.reset();
  auto store = place_->Open();
  ASSERT_TRUE(store.ok()) << store.status();
  store_ = *std::move(store);
}

MetadataStore* MetadataStoreSuite::Other() {
  if (!place_->shared()) return store_.get();
  if (other_ == nullptr) {
    auto other = place_->Open();
    EXPECT_TRUE(other.ok()) << other.status();
    if (other.ok()) other_ = *std::move(other);
  }
  return other_.get();
}

v1::Version MetadataStoreSuite::MadeAt(int64_t seconds) {
  v1::Version version;
  *version.mutable_create_time() = Seconds(seconds);
  return version;
}

google::protobuf::Timestamp MetadataStoreSuite::Seconds(int64_t seconds) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  return time;
}

void MetadataStoreSuite::Put(const std::string& repository, char id, const v1::Version& contents) {
  const absl::Status status = store_->PutVersion(repository, Id(id), contents);
  ASSERT_TRUE(status.ok()) << status;
}

void MetadataStoreSuite::Create(const std::string& repository, int64_t seconds) {
  const absl::Status status = store_->CreateRepository(repository, Seconds(seconds));
  ASSERT_TRUE(status.ok()) << status;
}

absl::Status MetadataStoreSuite::Tag(const std::string& repository, const std::string& name,
                                     char version, bool is_protected, bool branch,
                                     int64_t seconds) {
  v1::Tag tag;
  tag.set_name(TagName(repository, name));
  tag.set_version(VersionName(repository, Id(version)));
  tag.set_protected_(is_protected);
  tag.set_branch(branch);
  *tag.mutable_update_time() = Seconds(seconds);
  return store_->PutTag(repository, name, tag);
}

v1::Version MetadataStoreSuite::Get(const std::string& repository, char id) {
  const auto version = store_->GetVersion(repository, Id(id));
  EXPECT_TRUE(version.ok()) << version.status();
  return version.value_or(v1::Version());
}

v1::Repository MetadataStoreSuite::GetRepository(const std::string& name) {
  const auto repository = store_->GetRepository(name);
  EXPECT_TRUE(repository.ok()) << repository.status();
  return repository.value_or(v1::Repository());
}

std::vector<std::string> MetadataStoreSuite::List(const VersionQuery& query) {
  const auto page = store_->ListVersions(query);
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<std::string> names;
  if (!page.ok()) return names;
  for (const v1::Version& version : page->versions) {
    const auto name = ParseResourceName(version.name());
    EXPECT_TRUE(name.ok()) << name.status();
    if (!name.ok()) continue;
    const std::string repository = name->repository.substr(name->repository.find('/') + 1);
    names.push_back(absl::StrCat(repository, " ", name->version.substr(0, 1)));
  }
  return names;
}

std::vector<std::string> MetadataStoreSuite::List(const RepositoryQuery& query) {
  const auto page = store_->ListRepositories(query);
  EXPECT_TRUE(page.ok()) << page.status();
  std::vector<std::string> names;
  if (!page.ok()) return names;
  for (const v1::Repository& repository : page->repositories) names.push_back(repository.name());
  return names;
}

VersionQuery AllVersions() {
  VersionQuery query;
  query.limit = 100;
  return query;
}

RepositoryQuery AllRepositories() {
  RepositoryQuery query;
  query.limit = 100;
  return query;
}

}  // namespace ropewalk
