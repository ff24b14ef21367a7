#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/testing/process.h"
#include "tests/testing/reserved_address.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {

// A PostgreSQL server of a test's own, in a temporary folder, on a loopback port of its own. Asks
// for a password, orders text by the rules of a language (which stores must not rely on), and does
// not wait for disks. Run by root, it runs as the user "postgres" or "nobody", as it must. It ends
// with this object, or with the process if that is killed. Not thread-safe.
class PostgresServer {
 public:
  // Makes a server and starts it.
  // FAILED_PRECONDITION: PostgreSQL is not installed; the message names the package.
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Make();

  ~PostgresServer();

  // Makes an empty database, with what stands after CREATE DATABASE and its name. Its URL.
  absl::StatusOr<std::string> NewDatabase(const std::string& options = "");

  // Runs a statement; the first column of its first row, empty if there is none.
  static absl::StatusOr<std::string> Ask(const std::string& url, const std::string& sql);

  // Takes the server away at once: it aborts what it is doing, and recovers when it starts again.
  absl::Status Kill();
  // Starts it again, on the same port with the same data.
  absl::Status Start();

  // Of the user that URLs name.
  static const char* password();

 private:
  explicit PostgresServer(std::string programs) : programs_(std::move(programs)) {}

  absl::Status MakeFolder();
  absl::Status MakeCluster();
  std::string Url(const std::string& database) const;
  // The command line of a program of the server's, as its user, in its folder.
  std::vector<std::string> CommandLine(const std::string& program,
                                       const std::vector<std::string>& arguments) const;

  const std::string programs_;  // Their folder.
  const TemporaryFolder folder_;
  const ReservedAddress address_;
  std::string user_;  // Empty: our own.
  std::optional<Process> process_;
  int databases_ = 0;
};

}  // namespace ropewalk
