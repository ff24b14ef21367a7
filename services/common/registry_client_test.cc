#include "services/common/registry_client.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "ropewalk/v1/registry_service.grpc.pb.h"
#include "services/common/files.h"
#include "services/common/mutex.h"
#include "services/common/server.h"
#include "services/common/sha256.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {
namespace {

using ::testing::IsEmpty;

// A registry with one blob and a bad connection.
class UnreliableRegistry final : public v1::RegistryService::Service {
 public:
  explicit UnreliableRegistry(std::string blob) : blob_(std::move(blob)) {}

  // Each download breaks after so many bytes; 0: never.
  void BreakDownloadsAfter(int64_t bytes) { break_after_ = bytes; }
  void StallDownloads() { stall_ = true; }
  void FailGetVersion(int times) { get_version_failures_ = times; }
  int downloads() const { return downloads_; }

  // Returns when a download has begun, or after half a minute.
  void WaitForDownload() {
    MutexLock lock(&mutex_);
    for (int i = 0; i < 300 && !stalled_; ++i) changed_.WaitFor(&mutex_, absl::Milliseconds(100));
    EXPECT_TRUE(stalled_);
  }

  grpc::Status GetVersion(grpc::ServerContext*, const v1::GetVersionRequest* request,
                          v1::Version* response) override {
    if (get_version_failures_-- > 0) return {grpc::StatusCode::UNAVAILABLE, "try again"};
    response->set_name(request->name());
    return grpc::Status::OK;
  }

  grpc::Status DownloadBlob(grpc::ServerContext* context, const v1::DownloadBlobRequest* request,
                            grpc::ServerWriter<v1::DownloadBlobResponse>* stream) override {
    ++downloads_;
    if (stall_) return StallUntilCancelled(context);
    const std::string rest = blob_.substr(request->offset());
    v1::DownloadBlobResponse response;
    response.set_data(break_after_ == 0 ? rest : rest.substr(0, break_after_));
    if (!response.data().empty()) stream->Write(response);
    if (response.data().size() == rest.size()) return grpc::Status::OK;
    return {grpc::StatusCode::UNAVAILABLE, "the line is bad"};
  }

 private:
  grpc::Status StallUntilCancelled(grpc::ServerContext* context) {
    MutexLock lock(&mutex_);
    stalled_ = true;
    changed_.SignalAll();
    while (!context->IsCancelled()) changed_.WaitFor(&mutex_, absl::Milliseconds(10));
    return grpc::Status::CANCELLED;
  }

  const std::string blob_;
  std::atomic<int64_t> break_after_ = 0;
  std::atomic<bool> stall_ = false;
  std::atomic<int> get_version_failures_ = 0;
  std::atomic<int> downloads_ = 0;
  Mutex mutex_;
  CondVar changed_;
  bool stalled_ ABSL_GUARDED_BY(mutex_) = false;
};

class RegistryClientTest : public ::testing::Test {
 protected:
  RegistryClientTest() : registry_("0123456789") {
    auto server = Server::Start(ServerOptions(), {&registry_});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = Connect(absl::Seconds(30));
    v1::File* file = version_.add_files();
    file->set_path("file");
    file->set_digest(Sha256Hex("0123456789"));
    file->set_size_bytes(10);
  }

  std::unique_ptr<RegistryClient> Connect(absl::Duration stall_timeout) {
    return RegistryClient::Connect(absl::StrCat("127.0.0.1:", server_->port()), stall_timeout);
  }

  const TemporaryFolder folder_;
  UnreliableRegistry registry_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<RegistryClient> client_;
  v1::Version version_;
};

TEST_F(RegistryClientTest, GoesOnWithABrokenDownload) {
  registry_.BreakDownloadsAfter(4);
  const absl::Status status = client_->FetchVersion(version_, folder_.path("x"));
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(*ReadFile(folder_.path("x/file")), "0123456789");
  EXPECT_EQ(registry_.downloads(), 3);
}

TEST_F(RegistryClientTest, RefusesOtherBytes) {
  version_.mutable_files(0)->set_digest(Sha256Hex("9876543210"));
  EXPECT_TRUE(absl::IsDataLoss(client_->FetchVersion(version_, folder_.path("x"))));
  version_.mutable_files(0)->set_size_bytes(9);
  EXPECT_TRUE(absl::IsDataLoss(client_->FetchVersion(version_, folder_.path("x"))));
  EXPECT_THAT(*ListFilesBelow(folder_.path()), IsEmpty());
}

TEST_F(RegistryClientTest, GivesUpWhenNothingMoves) {
  registry_.StallDownloads();
  const auto impatient = Connect(absl::Milliseconds(200));
  const absl::Status status = impatient->FetchVersion(version_, folder_.path("x"));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(*ListFilesBelow(folder_.path()), IsEmpty());
}

TEST_F(RegistryClientTest, StopsWhenCancelled) {
  registry_.StallDownloads();
  absl::Status status;
  std::thread fetch([&] { status = client_->FetchVersion(version_, folder_.path("x")); });
  registry_.WaitForDownload();
  client_->Cancel();
  fetch.join();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
  EXPECT_TRUE(absl::IsCancelled(client_->GetVersion("models/a/b").status()));
}

TEST_F(RegistryClientTest, TriesAgainWhenTheRegistryIsBusy) {
  registry_.FailGetVersion(2);
  EXPECT_TRUE(client_->GetVersion("models/a/b").ok());
}

TEST_F(RegistryClientTest, SaysWhenTheRegistryIsGone) {
  server_.reset();
  EXPECT_TRUE(absl::IsUnavailable(client_->GetVersion("models/a/b").status()));
}

TEST_F(RegistryClientTest, RefusesBadFilesBeforeSendingThem) {
  const std::vector<SourceFile> outside = {SourceFile::InMemory("../x", "")};
  EXPECT_TRUE(
      absl::IsInvalidArgument(client_->Publish("models/a/b", outside, v1::Lineage(), {}).status()));
  const std::vector<SourceFile> missing = {SourceFile::OnDisk("x", folder_.path("none"))};
  EXPECT_TRUE(
      absl::IsNotFound(client_->Publish("models/a/b", missing, v1::Lineage(), {}).status()));
}

}  // namespace
}  // namespace ropewalk
