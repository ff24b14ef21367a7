#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/mutex.h"
#include "services/common/registry_client.h"
#include "tests/testing/postgres_server.h"
#include "tests/testing/process.h"
#include "tests/testing/process_cluster.h"
#include "tests/testing/reserved_address.h"
#include "tests/testing/s3_server.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/until.h"

namespace ropewalk {
namespace {

constexpr int kWriters = 4;

std::string S3Url(const S3Options& options) {
  return absl::StrCat("s3://", options.bucket, "/", options.prefix, "?endpoint=", options.endpoint,
                      "&region=", options.region, "&path_style=true");
}

// What was published and acknowledged, by name.
class Published {
 public:
  void Add(const v1::Version& version) {
    MutexLock lock(&mutex_);
    versions_[version.name()] = version;
  }

  std::map<std::string, v1::Version> versions() const {
    MutexLock lock(&mutex_);
    return versions_;
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, v1::Version> versions_ ABSL_GUARDED_BY(mutex_);
};

// Two registry processes on one PostgreSQL database and one S3 store.
class TwoRegistries : public ::testing::Test {
 protected:
  void SetUp() override {
    auto postgres = PostgresServer::Make();
    ASSERT_TRUE(postgres.ok()) << postgres.status();
    postgres_ = *std::move(postgres);
    const auto database = postgres_->NewDatabase();
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *database;
    auto s3 = S3Server::Make();
    ASSERT_TRUE(s3.ok()) << s3.status();
    s3_ = *std::move(s3);
    const S3Options options = s3_->NewPrefix();
    blobs_ = S3Url(options);
    setenv("AWS_ACCESS_KEY_ID", options.credentials.access_key_id.c_str(), 1);
    setenv("AWS_SECRET_ACCESS_KEY", options.credentials.secret_access_key.c_str(), 1);
    for (int i : {0, 1}) ASSERT_TRUE(Start(i).ok());
  }

  absl::Status Start(int i) {
    const std::string folder = absl::StrCat(folder_.path(), "/", i);
    auto process = Process::Start(
        {ProgramFolder() + "/ropewalk-registry", "--listen", addresses_[i].text(), "--http-listen",
         "127.0.0.1:0", "--data", folder, "--database", database_, "--blobs", blobs_},
        folder + ".log");
    if (!process.ok()) return process.status();
    processes_[i] = *std::move(process);
    const auto client = Client(i);
    return Until(absl::Seconds(60),
                 [&] { return client->ListRepositories(v1::ListRepositoriesRequest()).ok(); });
  }

  std::unique_ptr<RegistryClient> Client(int i) {
    return RegistryClient::Connect(addresses_[i].text());
  }

  // Publishes versions of some MiB until told to stop, through registry `i` for as long as it is
  // there, then through the other.
  void Write(int writer, int i, const std::atomic<bool>* stop) {
    std::mt19937_64 random(writer);
    auto client = Client(i);
    for (int n = 0; !*stop; ++n) {
      std::string bytes(3 << 20, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      const auto version = client->Publish(absl::StrCat("models/writer", writer, "/m"),
                                           {SourceFile::InMemory("weights", bytes)}, v1::Lineage(),
                                           {absl::StrCat("n", n)});
      if (version.ok()) {
        published_.Add(*version);
      } else {
        client = Client(i = 1 - i);
      }
    }
  }

  // Every version that registry `i` shows is whole, and all that were acknowledged are there.
  void Audit(int i) {
    const auto client = Client(i);
    v1::ListVersionsRequest all;
    all.set_parent("models");
    std::map<std::string, v1::Version> shown;
    do {
      const auto page = client->ListVersions(all);
      ASSERT_TRUE(page.ok()) << page.status();
      for (const v1::Version& version : page->versions()) shown[version.name()] = version;
      all.set_page_token(page->next_page_token());
    } while (!all.page_token().empty());
    for (const auto& [name, version] : published_.versions()) {
      EXPECT_EQ(shown.count(name), 1u) << name << " was acknowledged and is gone";
    }
    for (const auto& [name, version] : shown) {
      const std::string folder = absl::StrCat(folder_.path(), "/copy");
      EXPECT_TRUE(client->FetchVersion(version, folder).ok()) << name;
      ASSERT_TRUE(RemoveAll(folder).ok());
    }
  }

  TemporaryFolder folder_;
  std::unique_ptr<PostgresServer> postgres_;
  std::unique_ptr<S3Server> s3_;
  std::string database_, blobs_;
  ReservedAddress addresses_[2];
  std::optional<Process> processes_[2];
  Published published_;
};

TEST_F(TwoRegistries, EachServesWhatTheOtherHasTaken) {
  const auto version = Client(0)->Publish("models/a/b", {SourceFile::InMemory("f", "bytes")},
                                          v1::Lineage(), {"stable"});
  ASSERT_TRUE(version.ok()) << version.status();
  const auto found = Client(1)->GetVersion("models/a/b/tags/stable");
  ASSERT_TRUE(found.ok()) << found.status();
  const std::string copy = absl::StrCat(folder_.path(), "/copy");
  ASSERT_TRUE(Client(1)->FetchVersion(*found, copy).ok());
  EXPECT_EQ(*ReadFile(copy + "/f"), "bytes");
}

TEST_F(TwoRegistries, LoseNothingWhenOneIsKilledAndTheOtherServesOn) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([this, writer, &stop] { Write(writer, writer % 2, &stop); });
  }
  const auto await = [&](size_t count) {
    return Until(absl::Minutes(2), [&] { return published_.versions().size() >= count; });
  };
  EXPECT_TRUE(await(20).ok());
  processes_[0].reset();  // SIGKILL, with uploads on their way.
  const size_t before = published_.versions().size();
  EXPECT_TRUE(await(before + 20).ok());
  EXPECT_TRUE(Start(0).ok());
  EXPECT_TRUE(await(before + 40).ok());
  stop = true;
  for (std::thread& writer : writers) writer.join();
  for (const int i : {0, 1}) Audit(i);
}

}  // namespace
}  // namespace ropewalk
