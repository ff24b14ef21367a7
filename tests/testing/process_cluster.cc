#include "tests/testing/process_cluster.h"

#include <signal.h>
#include <unistd.h>

#include <climits>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "tests/testing/until.h"

namespace ropewalk {

std::string ProgramFolder() {
  char path[PATH_MAX] = {};
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
  const std::string self(path, length > 0 ? length : 0);
  return self.substr(0, self.rfind('/'));
}

ProcessCluster::ProcessCluster(std::string folder) : folder_(std::move(folder)) {}

absl::StatusOr<std::unique_ptr<ProcessCluster>> ProcessCluster::Start(const std::string& folder) {
  std::filesystem::create_directories(absl::StrCat(folder, "/coordinator"));
  std::unique_ptr<ProcessCluster> cluster(new ProcessCluster(folder));
  RETURN_IF_ERROR(cluster->StartRegistry());
  RETURN_IF_ERROR(cluster->StartCoordinator());
  RETURN_IF_ERROR(cluster->AwaitRegistry());
  RETURN_IF_ERROR(cluster->AwaitWorkers(0));
  return cluster;
}

absl::Status ProcessCluster::StartProgram(const std::string& name, std::vector<std::string> argv) {
  argv[0] = absl::StrCat(ProgramFolder(), "/", argv[0]);
  ASSIGN_OR_RETURN(Process process, Process::Start(argv, absl::StrCat(folder_, "/", name, ".log")));
  processes_.erase(name);
  processes_.emplace(name, std::move(process));
  return absl::OkStatus();
}

absl::Status ProcessCluster::StartCoordinator() {
  return StartProgram("coordinator", {"ropewalk-coordinator", "--listen", coordinator(),
                                      "--http-listen", "127.0.0.1:0", "--database",
                                      absl::StrCat(folder_, "/coordinator/journal.db")});
}

absl::Status ProcessCluster::StartRegistry() {
  return StartProgram("registry",
                      {"ropewalk-registry", "--listen", registry_.text(), "--http-listen",
                       "127.0.0.1:0", "--data", absl::StrCat(folder_, "/registry")});
}

absl::Status ProcessCluster::StartWorker(const std::string& name,
                                         const std::vector<std::string>& flags) {
  std::vector<std::string> argv = {"ropewalk-worker",
                                   "--name",
                                   name,
                                   "--http-listen",
                                   "127.0.0.1:0",
                                   "--threads",
                                   "1",
                                   "--cache",
                                   absl::StrCat(folder_, "/cache-", name)};
  argv.insert(argv.end(), flags.begin(), flags.end());
  return StartProgram(name, WithAddresses(std::move(argv)));
}

void ProcessCluster::Kill(const std::string& name) { processes_.erase(name); }

void ProcessCluster::Signal(const std::string& name, int signal) {
  processes_.at(name).Signal(signal);
}

std::vector<std::string> ProcessCluster::WithAddresses(std::vector<std::string> argv) const {
  argv.insert(argv.end(), {"--coordinator", coordinator(), "--registry", registry_.text()});
  return argv;
}

absl::StatusOr<std::string> ProcessCluster::Command(const std::vector<std::string>& arguments,
                                                    absl::Duration timeout) const {
  std::vector<std::string> argv = {absl::StrCat(ProgramFolder(), "/ropewalk")};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return Process::Run(WithAddresses(argv), timeout);
}

absl::Status ProcessCluster::AwaitRegistry() const {
  return Until(absl::Seconds(30), [&] { return Command({"adapters", "list"}).ok(); });
}

absl::Status ProcessCluster::AwaitWorkers(int count) const {
  return Until(absl::Seconds(30), [&] {
    const absl::StatusOr<std::string> text = Command({"workers", "list", "-o", "json"});
    if (!text.ok()) return false;
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    int attached = 0;
    for (const auto& worker :
         json.is_array() ? json : json.value("workers", nlohmann::json::array())) {
      attached += worker.value("state", "") == "idle" || worker.value("state", "") == "busy";
    }
    return attached >= count;
  });
}

absl::StatusOr<std::string> ProcessCluster::Submit(const std::string& yaml_file,
                                                   const std::vector<std::string>& settings) const {
  std::vector<std::string> arguments = {"submit", yaml_file, "--no-wait", "-o", "name"};
  for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
  ASSIGN_OR_RETURN(const std::string name, Command(arguments));
  return std::string(absl::StripAsciiWhitespace(name));
}

absl::StatusOr<Process> ProcessCluster::StartWaiting(const std::string& job) const {
  return Process::Start(
      WithAddresses({absl::StrCat(ProgramFolder(), "/ropewalk"), "jobs", "wait", job}),
      absl::StrCat(folder_, "/wait.log"));
}

absl::StatusOr<std::string> ProcessCluster::AwaitResult(const std::string& job,
                                                        absl::Duration timeout) const {
  const absl::StatusOr<std::string> ended = Command({"jobs", "wait", job}, timeout);
  if (!ended.ok())
    return absl::InternalError(absl::StrCat(ended.status().message(), "\n", Events(job)));
  ASSIGN_OR_RETURN(const std::string text, Command({"jobs", "get", job, "-o", "json"}));
  return nlohmann::json::parse(text).value("result_version", "");
}

std::string ProcessCluster::Events(const std::string& job) const {
  const absl::StatusOr<std::string> events = Command({"jobs", "logs", job});
  return events.ok() ? *events : events.status().ToString();
}

}  // namespace ropewalk
