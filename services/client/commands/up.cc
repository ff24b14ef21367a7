#include <CLI/CLI.hpp>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/client/cluster/background.h"
#include "services/client/cluster/cluster_file.h"
#include "services/client/cluster/supervisor.h"
#include "services/client/commands/commands.h"
#include "services/client/commands/local_cluster.h"
#include "services/common/counted.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kReadyTimeout = absl::Seconds(30);
// Starting, and stopping again what was started.
constexpr absl::Duration kReportTimeout = absl::Seconds(60);

struct UpFlags {
  ClusterOptions cluster;
  bool detach = false;
};

absl::Status RefuseIfRunning(const std::string& state_folder) {
  const absl::StatusOr<ClusterFile> cluster = ReadClusterFile(state_folder);
  if (!cluster.ok() || !IsRunning(cluster->supervisor)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("a cluster runs there already; stop it with: "
                   "ropewalk down --state ",
                   state_folder));
}

absl::Status MakeStateFolders(const std::string& state_folder) {
  for (const char* name : {"/logs", "/cache", "/registry"}) {
    RETURN_IF_ERROR(MakeFolders(state_folder + name));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MemberPlan>> Plan(const ClusterOptions& options) {
  std::vector<int> ports = PortsFrom(options.port_base, options.workers);
  if (options.port_base == 0) {
    ASSIGN_OR_RETURN(ports, FreePorts(static_cast<int>(ports.size())));
  }
  return PlanCluster(options, ports, static_cast<int>(std::thread::hardware_concurrency()));
}

// Runs the cluster until it is asked to stop.
ExitCode Supervise(Session* session, const std::string& state_folder,
                   const std::vector<MemberPlan>& members, const ReportStart& report) {
  Supervisor supervisor(state_folder, members, session->console.clock,
                        [session](const std::string& line) { session->Say(line); });
  const absl::Status status =
      supervisor.Start([&] { return ProbeCluster(members); }, kReadyTimeout);
  report(status);
  if (!status.ok()) return kExitError;
  supervisor.RunUntilAskedToStop();
  return kExitOk;
}

std::string Welcome(const std::string& state_folder, const std::vector<MemberPlan>& members) {
  return absl::StrCat("The cluster is up: coordinator ", members[0].address, ", registry ",
                      members[1].address, ", ", Counted(members.size() - 2, "worker"),
                      ".\n  use it:  ropewalk submit JOB.yaml --state ", state_folder,
                      "\n  stop it: ropewalk down --state ", state_folder);
}

absl::StatusOr<ExitCode> Up(Session* session, ClusterOptions options, bool detach) {
  const std::string state = AbsolutePath(session->connection.state);
  RETURN_IF_ERROR(RefuseIfRunning(state));
  RETURN_IF_ERROR(MakeStateFolders(state));
  options.state_folder = state;
  options.program_folder = session->program_folder;
  ASSIGN_OR_RETURN(const std::vector<MemberPlan> members, Plan(options));
  const auto welcome = [&] { session->Say(Welcome(state, members)); };
  if (detach) {
    RETURN_IF_ERROR(RunInBackground(
        absl::StrCat(state, "/logs/supervisor.log"), kReportTimeout,
        [&](const ReportStart& report) { return Supervise(session, state, members, report); }));
    welcome();
    return kExitOk;
  }
  return Supervise(session, state, members, [&](const absl::Status& status) {
    status.ok() ? welcome() : session->Say(std::string(status.message()));
  });
}

}  // namespace

void AddUp(CLI::App* root, Session* session) {
  CLI::App* command = root->add_subcommand(
      "up",
      "Start a whole local cluster: coordinator, registry and workers. Stays and starts again "
      "what dies, until Ctrl-C");
  command->footer("Example:\n  ropewalk up --workers 4 --state /tmp/rope --detach");
  auto flags = std::make_shared<UpFlags>();
  ClusterOptions& cluster = flags->cluster;
  command
      ->add_option("--state", session->connection.state,
                   "Folder for databases, logs and cluster.json")
      ->type_name("DIR")
      ->envname("ROPEWALK_STATE")
      ->required();
  command->add_option("--workers", cluster.workers, "How many workers")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command
      ->add_option("--port-base", cluster.port_base,
                   "Coordinator at P, registry at P+10, workers from P+20 on, each with HTTP one "
                   "above; 0: any free ports")
      ->check(CLI::Range(0, 65000))
      ->type_name("P")
      ->capture_default_str();
  command->add_option("--threads", cluster.threads, "Of each worker; 0: its share of the cores")
      ->check(CLI::Range(0, 1024));
  command->add_flag("--detach", flags->detach, "Return when the cluster is ready; it goes on");
  SetAction(command, session,
            [session, flags] { return Up(session, flags->cluster, flags->detach); });
}

}  // namespace ropewalk
