#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/registry/metadata_store.h"

namespace ropewalk {

// Where a test keeps a store, empty at first.
class StorePlace {
 public:
  virtual ~StorePlace() = default;

  virtual absl::StatusOr<std::unique_ptr<MetadataStore>> Open() = 0;

  // Whether several may be open at the same time.
  virtual bool shared() const = 0;
};

// For tests: what every MetadataStore does, whatever it is kept in. The tests of each one run them:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, MetadataStoreSuite, ::testing::Values(&MakePlace));
class MetadataStoreSuite : public ::testing::TestWithParam<std::unique_ptr<StorePlace> (*)()> {
 protected:
  void SetUp() override;

  // Stands for a restart.
  void Reopen();

  // Another store in the same place; the same one if it has its place for itself.
  MetadataStore* Other();

  // A version that was made so many seconds after 1970.
  static v1::Version MadeAt(int64_t seconds);
  // `digit` 64 times.
  static std::string Id(char digit) { return std::string(64, digit); }
  static google::protobuf::Timestamp Seconds(int64_t seconds);

  // Puts a version and hopes for the best.
  void Put(const std::string& repository, char id, const v1::Version& contents = MadeAt(1));
  void Create(const std::string& repository, int64_t seconds = 1);
  absl::Status Tag(const std::string& repository, const std::string& tag, char version,
                   bool is_protected = false, bool branch = false, int64_t seconds = 1);
  v1::Version Get(const std::string& repository, char id);
  v1::Repository GetRepository(const std::string& name);

  // "org/tiny a" of "models/org/tiny/versions/aaa...", newest first.
  std::vector<std::string> List(const VersionQuery& query);
  // Names in the order of the list.
  std::vector<std::string> List(const RepositoryQuery& query);

  std::unique_ptr<StorePlace> place_;
  std::unique_ptr<MetadataStore> store_;

 private:
  std::unique_ptr<MetadataStore> other_;
};

// A query for everything.
VersionQuery AllVersions();
RepositoryQuery AllRepositories();

}  // namespace ropewalk
