#include "tests/testing/s3_server.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/files.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_client.h"
#include "tests/testing/until.h"

namespace ropewalk {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kBucket[] = "ropewalk-test";
constexpr char kDomain[] = "s3.localhost";
constexpr char kKeyId[] = "ropewalk-key";
constexpr char kSecret[] = "s3cret/of+tests";
// Where SeaweedFS makes sockets, whatever it is told.
constexpr char kSockets[] = "/tmp";

absl::StatusOr<std::string> FindProgram() {
  const char* const named = std::getenv("ROPEWALK_S3_SERVER");
  const std::string path = named == nullptr ? "build/s3/bin/weed" : named;
  std::error_code error;
  if (fs::exists(path, error)) return fs::absolute(path).string();
  return absl::FailedPreconditionError(
      absl::StrCat("there is no ", path, ", the S3 server of the tests; ./dev test installs it"));
}

int PortOf(const ReservedAddress& address) {
  int port = 0;
  const std::string& text = address.text();
  return absl::SimpleAtoi(text.substr(text.rfind(':') + 1), &port) ? port : 0;
}

std::string Identities() {
  return absl::StrCat(R"({"identities": [{"name": "tests", "credentials": [{"accessKey": ")",
                      kKeyId, R"(", "secretKey": ")", kSecret,
                      R"("}], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]})");
}

}  // namespace

absl::StatusOr<std::unique_ptr<S3Server>> S3Server::Make() {
  ASSIGN_OR_RETURN(std::string program, FindProgram());
  std::unique_ptr<S3Server> server(new S3Server(std::move(program)));
  RETURN_IF_ERROR(WriteFileAtomically(server->folder_.path("s3.json"), Identities()));
  for (const char* const folder : {"data", "tmp", "spool"}) {
    RETURN_IF_ERROR(MakeFolders(server->folder_.path(folder)));
  }
  RETURN_IF_ERROR(server->Start());
  return server;
}

S3Server::~S3Server() { Kill(); }

std::vector<std::string> S3Server::CommandLine() const {
  std::vector<std::string> line = {
      "env", absl::StrCat("--chdir=", folder_.path()), absl::StrCat("TMPDIR=", folder_.path("tmp")),
      "setpriv", "--pdeathsig=KILL", program_, "mini", "-dir=data", "-ip=127.0.0.1",
      "-ip.bind=127.0.0.1", "-s3.config=s3.json", absl::StrCat("-s3.domainName=", kDomain),
      absl::StrCat("-bucket=", kBucket),
      // What tests do not need; and buckets that are not there must not be made.
      "-master.telemetry=false", "-webdav=false", "-admin.ui=false", "-s3.iam=false",
      "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"};
  int next = 0;
  for (const char* const part : {"s3", "master", "volume", "filer", "admin"}) {
    line.push_back(absl::StrCat("-", part, ".port=", PortOf(addresses_[next++])));
    line.push_back(absl::StrCat("-", part, ".port.grpc=", PortOf(addresses_[next++])));
  }
  return line;
}

absl::Status S3Server::Start() {
  ASSIGN_OR_RETURN(process_, Process::Start(CommandLine(), folder_.path("log")));
  S3Options options = NewPrefix();
  options.patience.attempts = 1;
  const S3Client client(options, Clock::Real());
  absl::Status answered;
  const absl::Status in_time = Until(kPatience, [&] {
    answered = client.Put("ready", "", Sha256Hex(""));
    return answered.ok();
  });
  if (in_time.ok()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the S3 server does not answer: ", answered.message()));
}

void S3Server::Kill() {
  process_.reset();
  RemoveSockets();
}

void S3Server::RemoveSockets() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kSockets, error)) {
    const std::string name = entry.path().filename().string();
    if (!absl::StartsWith(name, "seaweedfs-")) continue;
    for (const ReservedAddress& address : addresses_) {
      const bool ours = absl::EndsWith(name, absl::StrCat("-", PortOf(address), ".sock"));
      if (ours) RemoveAll(entry.path().string()).IgnoreError();
    }
  }
}

int S3Server::port() const { return PortOf(addresses_[0]); }

std::string S3Server::domain_endpoint() const {
  return absl::StrCat("http://", kDomain, ":", port());
}

S3Options S3Server::NewPrefix() {
  S3Options options;
  options.bucket = kBucket;
  options.prefix = absl::StrCat("test-", ++prefixes_, "/");
  options.endpoint = absl::StrCat("http://127.0.0.1:", port());
  options.region = "us-east-1";
  options.path_style = true;
  options.credentials = {kKeyId, kSecret, ""};
  options.spool_folder = folder_.path("spool");
  options.patience.first_pause = absl::Milliseconds(5);
  options.patience.last_pause = absl::Milliseconds(50);
  return options;
}

}  // namespace ropewalk
