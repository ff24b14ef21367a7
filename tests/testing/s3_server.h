#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/registry/s3/s3_options.h"
#include "tests/testing/process.h"
#include "tests/testing/reserved_address.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {

// An S3 store of a test's own with one bucket: SeaweedFS, in a temporary folder, on loopback ports
// of its own. It ends with this object, or with the process if that is killed. Not thread-safe.
class S3Server {
 public:
  // Makes a server and starts it. ROPEWALK_S3_SERVER names another `weed` than build/s3/bin/weed.
  // FAILED_PRECONDITION: the program is not there; the message says what installs it.
  static absl::StatusOr<std::unique_ptr<S3Server>> Make();

  ~S3Server();

  // Of the bucket below a prefix that no other options have; waits little between attempts.
  S3Options NewPrefix();

  int port() const;

  // Names buckets in the host: "http://s3.localhost:PORT" with path_style=false.
  std::string domain_endpoint() const;

  // Takes the server away at once.
  void Kill();
  // Starts it again, on the same ports with the same data.
  absl::Status Start();

 private:
  explicit S3Server(std::string program) : program_(std::move(program)) {}

  std::vector<std::string> CommandLine() const;
  void RemoveSockets() const;

  const std::string program_;
  const TemporaryFolder folder_;
  // Of S3, then of the server's other parts, each for HTTP and for gRPC.
  const ReservedAddress addresses_[10];
  std::optional<Process> process_;
  int prefixes_ = 0;
};

}  // namespace ropewalk
