#include "services/registry/registry_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/channel.h"
#include "services/common/files.h"
#include "services/common/metrics.h"
#include "services/common/registry_client.h"
#include "services/common/server.h"
#include "services/registry/access/access_service.h"
#include "services/registry/registry_fixture.h"

namespace ropewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The real client and the real service over a connection of this machine.
class ServiceTest : public RegistryFixture {
 protected:
  ServiceTest() : ServiceTest(AccessOptions()) {}
  explicit ServiceTest(const AccessOptions& options)
      : access_(metadata_.get(), &clock_, options),
        service_(registry_.get(), &access_),
        access_service_(&access_) {
    auto server = Server::Start(ServerOptions(), {&service_, &access_service_});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    address_ = absl::StrCat("127.0.0.1:", server_->port());
    client_ = RegistryClient::Connect(address_);
    stub_ = v1::RegistryService::NewStub(DialChannel(address_));
  }

  static void SetDeadline(grpc::ClientContext* context) {
    context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
  }

  // Sends a beginning of `bytes`, then breaks the stream.
  void BreakUpload(const std::string& bytes, int64_t sent) {
    grpc::ClientContext context;
    SetDeadline(&context);
    v1::UploadBlobResponse response;
    const auto stream = stub_->UploadBlob(&context, &response);
    v1::UploadBlobRequest request;
    request.set_digest(Sha256Hex(bytes));
    request.set_size_bytes(bytes.size());
    request.set_data(bytes.substr(0, sent));
    EXPECT_TRUE(stream->Write(request));
    stream->WritesDone();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::ABORTED);
  }

  // What the service says to one message on UploadBlob.
  grpc::Status Upload(const v1::UploadBlobRequest& request) {
    grpc::ClientContext context;
    SetDeadline(&context);
    v1::UploadBlobResponse response;
    const auto stream = stub_->UploadBlob(&context, &response);
    stream->Write(request);
    stream->WritesDone();
    return stream->Finish();
  }

  static double BytesTaken() {
    return CounterMetric("ropewalk_registry_blob_bytes_total", "", {{"direction", "in"}}).Value();
  }

  AccessControl access_;
  RegistryServiceImpl service_;
  AccessServiceImpl access_service_;
  std::unique_ptr<Server> server_;
  std::string address_;
  std::unique_ptr<RegistryClient> client_;
  std::unique_ptr<v1::RegistryService::Stub> stub_;
};

TEST_F(ServiceTest, GivesBackWhatWasPublished) {
  const std::string big(5 << 20, 'w');
  ASSERT_TRUE(WriteFileAtomically(folder_.path("local"), big).ok());
  const auto version = client_->Publish(
      "models/org/tiny",
      {SourceFile::InMemory("config.json", "{}"), SourceFile::InMemory("empty", ""),
       SourceFile::OnDisk("sub/weights", folder_.path("local"))},
      v1::Lineage(), {"stable"});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_THAT(version->tags(), ElementsAre("latest", "stable"));
  const auto found = client_->GetVersion("models/org/tiny/tags/stable");
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(client_->FetchVersion(*found, folder_.path("copy")).ok());
  EXPECT_THAT(*ListFilesBelow(folder_.path("copy")),
              ElementsAre("config.json", "empty", "sub/weights"));
  EXPECT_EQ(*ReadFile(folder_.path("copy/sub/weights")), big);
}

TEST_F(ServiceTest, TakesTheSameBytesOnce) {
  const std::vector<SourceFile> files = {SourceFile::InMemory("a", "12345"),
                                         SourceFile::InMemory("b", "12345")};
  const double before = BytesTaken();
  const auto first = client_->Publish("models/org/tiny", files, v1::Lineage(), {});
  const auto second = client_->Publish("models/org/tiny", files, v1::Lineage(), {});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->name(), second->name());
  EXPECT_EQ(BytesTaken() - before, 5);
}

TEST_F(ServiceTest, GoesOnWithABrokenUpload) {
  const std::string bytes(3 << 20, 'x');
  BreakUpload(bytes, 1 << 20);
  const double before = BytesTaken();
  const auto version =
      client_->Publish("models/org/tiny", {SourceFile::InMemory("x", bytes)}, v1::Lineage(), {});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(BytesTaken() - before, 2 << 20);
  ASSERT_TRUE(client_->FetchVersion(*version, folder_.path("copy")).ok());
  EXPECT_EQ(*ReadFile(folder_.path("copy/x")), bytes);
}

TEST_F(ServiceTest, StartsAfreshWhenWhatWasKeptIsDamaged) {
  const std::string bytes(3 << 20, 'x');
  BreakUpload(bytes, 1 << 20);
  ASSERT_TRUE(WriteFileAtomically(folder_.path("uploads/" + Sha256Hex(bytes)), "damaged").ok());
  const auto version =
      client_->Publish("models/org/tiny", {SourceFile::InMemory("x", bytes)}, v1::Lineage(), {});
  EXPECT_TRUE(version.ok()) << version.status();
}

TEST_F(ServiceTest, RefusesBadUploads) {
  v1::UploadBlobRequest request;
  request.set_digest("../../etc/passwd");
  EXPECT_EQ(Upload(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_digest(Sha256Hex("abc"));
  request.set_size_bytes(2);
  request.set_data("abc");
  EXPECT_EQ(Upload(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_size_bytes(3);
  request.set_offset(1);
  EXPECT_EQ(Upload(request).error_code(), grpc::StatusCode::OUT_OF_RANGE);
  request.set_offset(0);
  request.set_data("abd");
  EXPECT_EQ(Upload(request).error_code(), grpc::StatusCode::DATA_LOSS);
  request.set_size_bytes(-1);
  EXPECT_EQ(Upload(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.set_size_bytes(4 << 20);
  request.set_data(std::string((2 << 20) + 1, 'x'));
  EXPECT_EQ(Upload(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServiceTest, FetchingADamagedBlobLeavesNothing) {
  const auto version =
      client_->Publish("models/org/tiny", {SourceFile::InMemory("x", "abc")}, v1::Lineage(), {});
  ASSERT_TRUE(version.ok()) << version.status();
  const std::string digest = Sha256Hex("abc");
  const std::string blob = "blobs/sha256/" + digest.substr(0, 2) + "/" + digest;
  ASSERT_TRUE(WriteFileAtomically(folder_.path(blob), "abd").ok());
  const absl::Status status = client_->FetchVersion(*version, folder_.path("out/copy"));
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(*ListFilesBelow(folder_.path("out")), IsEmpty());
}

TEST_F(ServiceTest, ServesTheWholeCatalogue) {
  const auto version =
      client_->Publish("models/org/tiny", {SourceFile::InMemory("x", "abc")}, v1::Lineage(), {});
  ASSERT_TRUE(version.ok()) << version.status();
  v1::SetTagRequest tag;
  tag.set_name("models/org/tiny/tags/stable");
  tag.set_version(version->name());
  EXPECT_TRUE(client_->SetTag(tag).ok());
  v1::ListVersionsRequest versions;
  versions.set_parent("models");
  EXPECT_EQ(client_->ListVersions(versions)->versions_size(), 1);
  EXPECT_EQ(client_->ListRepositories(v1::ListRepositoriesRequest())->repositories_size(), 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(
      client_->GetVersion("models/org/tiny", std::string(64, 'a')).status()));
  EXPECT_TRUE(client_->DeleteTag("models/org/tiny/tags/stable").ok());
  EXPECT_TRUE(client_->DeleteVersion(version->name()).ok());
  EXPECT_TRUE(absl::IsNotFound(client_->DeleteVersion(version->name())));
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(client_->CollectGarbage(/*dry_run=*/false)->deleted_blobs(), 1);
}

// A registry that asks for tokens, with clients of an admin and of alice.
class TokensTest : public ServiceTest {
 protected:
  TokensTest() : ServiceTest(AccessOptions{.tokens = true}) {
    admin_ = Client(access_.MakeFirstToken().value_or(""));
    alice_ = Client(TokenOf("alice", v1::TOKEN_ROLE_WRITE));
  }

  std::unique_ptr<RegistryClient> Client(const std::string& token) {
    return RegistryClient::Connect(address_, absl::Seconds(30), token);
  }

  std::string TokenOf(const std::string& user, v1::TokenRole role) {
    v1::CreateTokenRequest request;
    request.set_user(user);
    request.set_role(role);
    const auto made = admin_->CreateToken(request);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->text() : "";
  }

  static absl::Status Publish(RegistryClient* client, const std::string& repository) {
    return client->Publish(repository, {SourceFile::InMemory("f", "bytes")}, v1::Lineage(), {})
        .status();
  }

  static size_t Listed(RegistryClient* client) {
    const auto list = client->ListRepositories(v1::ListRepositoriesRequest());
    EXPECT_TRUE(list.ok()) << list.status();
    return list.ok() ? list->repositories_size() : -1;
  }

  std::unique_ptr<RegistryClient> admin_;
  std::unique_ptr<RegistryClient> alice_;
};

TEST_F(TokensTest, KeepStrangersOut) {
  const auto nobody = Client("");
  EXPECT_TRUE(absl::IsUnauthenticated(Publish(nobody.get(), "models/alice/m")));
  EXPECT_TRUE(absl::IsUnauthenticated(nobody->GetVersion("models/alice/m").status()));
  EXPECT_TRUE(
      absl::IsUnauthenticated(nobody->ListRepositories(v1::ListRepositoriesRequest()).status()));
  const auto forger = Client("hf_0123456789012345678901234567890123");
  EXPECT_TRUE(absl::IsUnauthenticated(Publish(forger.get(), "models/alice/m")));
}

TEST_F(TokensTest, LetOwnersWriteAndNobodyElse) {
  EXPECT_TRUE(Publish(alice_.get(), "models/alice/m").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Publish(alice_.get(), "models/bob/m")));
  EXPECT_TRUE(Publish(admin_.get(), "models/bob/m").ok());
  const auto reader = Client(TokenOf("alice", v1::TOKEN_ROLE_READ));
  EXPECT_TRUE(reader->GetVersion("models/alice/m").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Publish(reader.get(), "models/alice/n")));
}

TEST_F(TokensTest, HideWhatIsPrivateAndShowWhatIsPublic) {
  ASSERT_TRUE(Publish(admin_.get(), "models/bob/m").ok());
  EXPECT_TRUE(absl::IsNotFound(alice_->GetVersion("models/bob/m").status()));
  EXPECT_EQ(Listed(alice_.get()), 0u);
  v1::ListVersionsRequest all;
  all.set_parent("models");
  EXPECT_EQ(alice_->ListVersions(all)->versions_size(), 0);
  ASSERT_TRUE(admin_->SetVisibility("models/bob/m", v1::VISIBILITY_PUBLIC).ok());
  EXPECT_TRUE(alice_->GetVersion("models/bob/m").ok());
  EXPECT_EQ(Listed(alice_.get()), 1u);
  EXPECT_EQ(alice_->ListVersions(all)->versions_size(), 1);
  EXPECT_TRUE(absl::IsPermissionDenied(
      alice_->SetVisibility("models/bob/m", v1::VISIBILITY_PRIVATE).status()));
}

TEST_F(TokensTest, EndWhenTheyAreRevoked) {
  const auto tokens = admin_->ListTokens();
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  ASSERT_EQ(tokens->tokens_size(), 2);
  EXPECT_EQ(tokens->tokens(1).user(), "alice");
  EXPECT_TRUE(admin_->DeleteToken(tokens->tokens(1).name()).ok());
  EXPECT_TRUE(absl::IsUnauthenticated(Publish(alice_.get(), "models/alice/m")));
  EXPECT_TRUE(absl::IsNotFound(admin_->DeleteToken(tokens->tokens(1).name())));
}

TEST_F(TokensTest, AreMadeByAdminsOnly) {
  v1::CreateTokenRequest request;
  request.set_user("mallory");
  request.set_role(v1::TOKEN_ROLE_ADMIN);
  EXPECT_TRUE(absl::IsPermissionDenied(alice_->CreateToken(request).status()));
  EXPECT_TRUE(absl::IsPermissionDenied(alice_->ListTokens().status()));
  EXPECT_TRUE(absl::IsPermissionDenied(alice_->CollectGarbage(true).status()));
}

}  // namespace
}  // namespace ropewalk
