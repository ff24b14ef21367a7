#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/testing/process.h"
#include "tests/testing/reserved_address.h"

namespace ropewalk {

// A cluster of real processes on loopback, each of which a test can kill, stop and start again.
// Programs are taken from the folder of the test's own executable. Not thread-safe.
class ProcessCluster {
 public:
  // Starts coordinator and registry, which keep their data in folders of these names below
  // `folder`; that one must exist. Workers are started by the test.
  static absl::StatusOr<std::unique_ptr<ProcessCluster>> Start(const std::string& folder);

  // `flags` say where it listens.
  absl::Status StartWorker(const std::string& name,
                           const std::vector<std::string>& flags = {"--listen", "127.0.0.1:0"});
  absl::Status StartCoordinator();
  absl::Status StartRegistry();
  void Kill(const std::string& name);  // SIGKILL; "coordinator", "registry" or a worker
  void Signal(const std::string& name, int signal);

  // Runs the `ropewalk` command on this cluster and returns what it prints.
  absl::StatusOr<std::string> Command(const std::vector<std::string>& arguments,
                                      absl::Duration timeout = absl::Seconds(60)) const;

  // Waits until so many workers are attached.
  absl::Status AwaitWorkers(int count) const;

  // Submits a job file; returns "jobs/...".
  absl::StatusOr<std::string> Submit(const std::string& yaml_file,
                                     const std::vector<std::string>& settings = {}) const;

  // A process that ends when the job does: lets a test wait for the end, or for a moment before it.
  absl::StatusOr<Process> StartWaiting(const std::string& job) const;

  // Waits for success and returns the result's version; INTERNAL with the job's events if it ends
  // otherwise.
  absl::StatusOr<std::string> AwaitResult(const std::string& job,
                                          absl::Duration timeout = absl::Seconds(120)) const;

  // The job's events, as `ropewalk jobs logs` prints them.
  std::string Events(const std::string& job) const;

  const std::string& coordinator() const { return coordinator_.text(); }  // its address

 private:
  explicit ProcessCluster(std::string folder);

  absl::Status AwaitRegistry() const;
  absl::Status StartProgram(const std::string& name, std::vector<std::string> argv);
  std::vector<std::string> WithAddresses(std::vector<std::string> argv) const;

  const std::string folder_;
  // Both daemons keep theirs when they start again.
  const ReservedAddress coordinator_;
  const ReservedAddress registry_;
  std::map<std::string, Process> processes_;
};

// Where the programs are.
std::string ProgramFolder();

}  // namespace ropewalk
