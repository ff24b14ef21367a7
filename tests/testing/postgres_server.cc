#include "tests/testing/postgres_server.h"

#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <pqxx/pqxx>
#include <sstream>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/status_macros.h"
#include "tests/testing/until.h"

namespace ropewalk {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr char kUser[] = "ropewalk";
constexpr char kPassword[] = "s3cret-of-tests";

// Debian keeps the servers of several releases side by side; the newest one's folder.
absl::StatusOr<std::string> FindPrograms() {
  int newest = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    int release = 0;
    const bool named = absl::SimpleAtoi(entry.path().filename().string(), &release);
    if (named && fs::exists(entry.path() / "bin/postgres")) newest = std::max(newest, release);
  }
  if (newest > 0) return absl::StrCat("/usr/lib/postgresql/", newest, "/bin");
  return absl::FailedPreconditionError(
      "there is no PostgreSQL server below /usr/lib/postgresql; install the Debian package "
      "postgresql");
}

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

const char* PostgresServer::password() { return kPassword; }

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Make() {
  ASSIGN_OR_RETURN(std::string programs, FindPrograms());
  std::unique_ptr<PostgresServer> server(new PostgresServer(std::move(programs)));
  RETURN_IF_ERROR(server->MakeFolder());
  RETURN_IF_ERROR(server->MakeCluster());
  RETURN_IF_ERROR(server->Start());
  return server;
}

PostgresServer::~PostgresServer() { Kill().IgnoreError(); }

// The server's user must be able to write into it.
absl::Status PostgresServer::MakeFolder() {
  if (geteuid() != 0) return absl::OkStatus();
  for (const char* const name : {"postgres", "nobody"}) {
    const passwd* const user = getpwnam(name);
    if (user == nullptr) continue;
    user_ = name;
    if (chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give ", folder_.path(), " to ", name));
  }
  return absl::FailedPreconditionError("there is neither a user postgres nor one nobody");
}

// Each of these programs becomes the next, so that signals reach the last. A server must not
// outlive a test that is killed, so it is told to quit then.
std::vector<std::string> PostgresServer::CommandLine(
    const std::string& program, const std::vector<std::string>& arguments) const {
  std::vector<std::string> line = {"env", absl::StrCat("--chdir=", folder_.path()), "setpriv",
                                   "--pdeathsig=QUIT"};
  if (!user_.empty()) {
    line.push_back(absl::StrCat("--reuid=", user_));
    line.push_back(absl::StrCat("--regid=", getpwnam(user_.c_str())->pw_gid));
    line.push_back("--clear-groups");
  }
  line.push_back(absl::StrCat(programs_, "/", program));
  line.insert(line.end(), arguments.begin(), arguments.end());
  return line;
}

absl::Status PostgresServer::MakeCluster() {
  const std::string password_file = folder_.path("password");
  std::ofstream(password_file) << kPassword << "\n";
  return Process::Run(
             CommandLine("initdb",
                         {"--pgdata=data", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
                          "--locale-provider=icu", "--icu-locale=en-US", "--auth=scram-sha-256",
                          absl::StrCat("--username=", kUser), "--pwfile=password"}),
             kPatience)
      .status();
}

absl::Status PostgresServer::Start() {
  const std::vector<std::string> host_and_port = absl::StrSplit(address_.text(), ':');
  const std::string log = folder_.path("log");
  ASSIGN_OR_RETURN(
      process_, Process::Start(CommandLine("postgres",
                                           {"-D", "data", "-k", folder_.path(), "-h",
                                            host_and_port[0], "-p", host_and_port[1], "-F", "-c",
                                            "full_page_writes=off", "-c", "shared_buffers=16MB",
                                            "-c", "max_connections=50", "-c", "max_wal_size=64MB"}),
                               log));
  absl::Status answered;
  const absl::Status in_time = Until(kPatience, [&] {
    answered = Ask(Url("postgres"), "SELECT 1").status();
    return answered.ok();
  });
  if (in_time.ok()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the PostgreSQL server does not answer: ",
                                             answered.message(), "\nIts log:\n", Contents(log)));
}

absl::Status PostgresServer::Kill() {
  if (!process_.has_value()) return absl::OkStatus();
  process_->Signal(SIGQUIT);
  const absl::Status ended = process_->Wait(kPatience).status();
  process_.reset();
  return ended;
}

std::string PostgresServer::Url(const std::string& database) const {
  return absl::StrCat("postgres://", kUser, ":", kPassword, "@", address_.text(), "/", database);
}

absl::StatusOr<std::string> PostgresServer::NewDatabase(const std::string& options) {
  const std::string name = absl::StrCat("test_", ++databases_);
  RETURN_IF_ERROR(
      Ask(Url("postgres"), absl::StrCat("CREATE DATABASE ", name, " ", options)).status());
  return Url(name);
}

absl::StatusOr<std::string> PostgresServer::Ask(const std::string& url, const std::string& sql) {
  try {
    pqxx::connection connection(absl::StrCat(url, "?connect_timeout=10"));
    pqxx::nontransaction bare(connection);
    const pqxx::result rows = bare.exec(sql);
    if (rows.empty() || rows[0].empty() || rows[0][0].is_null()) return std::string();
    return rows[0][0].as<std::string>();
  } catch (const std::exception& error) {
    return absl::InternalError(error.what());
  }
}

}  // namespace ropewalk
