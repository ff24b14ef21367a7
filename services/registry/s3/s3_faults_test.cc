#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "services/registry/s3/s3_fixture.h"
#include "tests/testing/tcp_fault_proxy.h"

namespace ropewalk {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

// The store, through a network that the test can break.
class S3FaultsTest : public S3Fixture {
 protected:
  void SetUp() override {
    S3Fixture::SetUp();
    auto proxy = TcpFaultProxy::Start(server_->port());
    ASSERT_TRUE(proxy.ok()) << proxy.status();
    proxy_ = *std::move(proxy);
    options_.endpoint = absl::StrCat("http://127.0.0.1:", proxy_->port());
  }

  std::unique_ptr<TcpFaultProxy> proxy_;
};

TEST_F(S3FaultsTest, UploadGoesOnWhenAnswersAreLost) {
  const auto store = Open();
  const std::string bytes = Pattern(40 << 20);
  const auto upload = Begin(store.get(), bytes);
  for (size_t offset = 0; offset < bytes.size(); offset += 8 << 20) {
    proxy_->CutAfterServerBytes(10);
    const absl::Status status = upload->Append(absl::string_view(bytes).substr(offset, 8 << 20));
    ASSERT_TRUE(status.ok()) << status;
  }
  proxy_->CutAfterServerBytes(10);
  const absl::Status status = upload->Finish();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(*Get(*store, Sha256Hex(bytes)) == bytes);  // Too long to print.
  EXPECT_GE(proxy_->connections_accepted(), 3);
}

TEST_F(S3FaultsTest, SendsAPartAgainThatChangedOnItsWay) {
  const auto store = Open();
  const std::string bytes = Pattern(20 << 20);
  const auto upload = Begin(store.get(), bytes);
  proxy_->FlipBitAfter("\r\n\r\n" + bytes.substr(0, 8), 1'000'000);
  ASSERT_TRUE(upload->Append(bytes).ok());
  const absl::Status status = upload->Finish();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(*Get(*store, Sha256Hex(bytes)) == bytes);  // Too long to print.
}

TEST_F(S3FaultsTest, ReadGoesOnWhereTheConnectionBroke) {
  const auto store = Open();
  const std::string bytes = Pattern(20 << 20);
  ASSERT_TRUE(Put(store.get(), bytes).ok());
  const auto reader = store->Read(Sha256Hex(bytes), 0, 0);
  ASSERT_TRUE(reader.ok()) << reader.status();
  proxy_->CutAfterServerBytes(7 << 20);
  std::string read;
  while (true) {
    const auto piece = (*reader)->Next();
    ASSERT_TRUE(piece.ok()) << piece.status();
    if (piece->empty()) break;
    read += *piece;
  }
  EXPECT_TRUE(read == bytes);  // Too long to print.
}

TEST_F(S3FaultsTest, FailsInTimeWhenTheStoreStalls) {
  S3Options hasty = options_;
  hasty.patience.attempts = 2;
  hasty.patience.deadlines.stall = absl::Milliseconds(500);
  const auto store = Open(hasty);
  const std::string bytes = Pattern(20 << 20);
  auto upload = Begin(store.get(), bytes);
  proxy_->Stall(true);
  const absl::Status status = upload->Append(bytes);
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_EQ(upload->Finish(), status);
  upload.reset();
  EXPECT_TRUE(absl::IsDeadlineExceeded(store->Stat(Sha256Hex("abc")).status()));
  proxy_->Stall(false);
  EXPECT_TRUE(Put(Open().get(), bytes).ok());
}

class DyingS3Test : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = S3Server::Make();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    options_ = server_->NewPrefix();
  }

  std::unique_ptr<S3Server> server_;
  S3Options options_;
};

TEST_F(DyingS3Test, LeavesNothingTornOfAnUpload) {
  options_.abandoned_after = absl::ZeroDuration();
  options_.patience.attempts = 2;
  auto store = S3BlobStore::Open(options_);
  ASSERT_TRUE(store.ok()) << store.status();
  const std::string bytes((40 << 20) + 1, 'x');
  const std::string digest = Sha256Hex(bytes);
  {
    const auto upload = (*store)->BeginUpload(digest, bytes.size(), 0);
    ASSERT_TRUE((*upload)->Append(absl::string_view(bytes).substr(0, 20 << 20)).ok());
    server_->Kill();
    const absl::Status status = (*upload)->Append(absl::string_view(bytes).substr(20 << 20));
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ((*upload)->Finish(), status);
  }
  EXPECT_TRUE(absl::IsUnavailable((*store)->Stat(digest).status()));
  const absl::Status started = server_->Start();
  ASSERT_TRUE(started.ok()) << started;

  EXPECT_TRUE(absl::IsNotFound((*store)->Stat(digest).status()));
  EXPECT_THAT(*(*store)->ListBlobs(), IsEmpty());
  const auto left = (*store)->ListUploads();
  ASSERT_THAT(*left, SizeIs(1));
  EXPECT_TRUE(*(*store)->DeleteUploadIfOlder((*left)[0].name, absl::Now() + absl::Hours(1)));
  EXPECT_THAT(*(*store)->ListUploads(), IsEmpty());

  const auto again = (*store)->BeginUpload(digest, bytes.size(), 0);
  ASSERT_TRUE((*again)->Append(bytes).ok());
  EXPECT_TRUE((*again)->Finish().ok());
  EXPECT_EQ((*store)->Stat(digest)->size_bytes, bytes.size());
}

}  // namespace
}  // namespace ropewalk
